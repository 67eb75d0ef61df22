"""What is kept of the last updates, whatever was undone in between; no widget."""

from typing import Generic, TypeVar

Told = TypeVar("Told")
KEPT = 60  # updates: as many as the widest column of them has cells


class KeptUpdates(Generic[Told]):
    """Of the updates that lead to the weights, and of those that were undone and can be redone."""

    def __init__(self) -> None:
        self._at: dict[int, Told] = {}
        """By how many updates there are with it, oldest first."""

    def _keep(self, update: int, told: Told) -> None:
        """Of one more update; those from there on cannot be redone any more."""
        self.forget_from(update)
        self._at[update] = told
        while len(self._at) > KEPT:
            del self._at[next(iter(self._at))]

    def forget_from(self, update: int) -> None:
        for later in [made for made in self._at if made >= update]:
            del self._at[later]
