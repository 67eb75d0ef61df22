"""How many threads compute: a frozen dataclass of plain values. No torch here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ThreadShare:
    """How many threads torch computes with now, of how many."""

    threads: int
    most: int
    """As many as this process may use, or was told to."""

    @property
    def is_reduced(self) -> bool:
        """Whether others use the machine, so that fewer threads are faster."""
        return self.threads < self.most
