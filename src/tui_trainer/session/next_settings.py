"""The settings of the next loop of a kind: typed, or those that suit what is trained."""

from typing import Generic, TypeVar

Settings = TypeVar("Settings")


class NextSettings(Generic[Settings]):
    """Settings that were typed stay; those that are suggested go on following the loop."""

    def __init__(self, suggested: Settings) -> None:
        self.suggested = suggested
        """What is taken while the user has typed nothing else."""
        self._typed: Settings | None = None

    @property
    def settings(self) -> Settings:
        return self.suggested if self._typed is None else self._typed

    def change(self, typed: Settings) -> None:
        """What the user wants, which may be what is suggested."""
        self._typed = None if typed == self.suggested else typed
