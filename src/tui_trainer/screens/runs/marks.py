"""Which runs are marked, each with a letter of the chart; no widget."""

from collections.abc import Collection

from tui_trainer.widgets.chart.picture import LETTERS


class Marks:
    """A run keeps its letter until its mark is taken away."""

    def __init__(self) -> None:
        self.letters: dict[str, str] = {}
        """By the name of the run."""

    def __len__(self) -> int:
        return len(self.letters)

    def names(self) -> list[str]:
        """Of the marked runs, by letter."""
        return sorted(self.letters, key=self.letters.__getitem__)

    def letter(self, name: str) -> str:
        """What marks a run; empty where nothing does."""
        return self.letters.get(name, "")

    def toggle(self, name: str) -> bool:
        """Mark a run, or take its mark away; False where no letter is free."""
        free = [letter for letter in LETTERS if letter not in self.letters.values()]
        if name in self.letters:
            del self.letters[name]
        elif free:
            self.letters[name] = free[0]
        else:
            return False
        return True

    def keep(self, names: Collection[str]) -> list[str]:
        """Forget the runs that are not among `names`: those whose marks are gone."""
        gone = [name for name in self.letters if name not in names]
        for name in gone:
            del self.letters[name]
        return gone
