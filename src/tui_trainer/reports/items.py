"""One item of a data set as a loop trains on it: a frozen dataclass of plain values. No torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ItemTokens:
    """The tokens of an item, and which of them the loss counts as labels."""

    problem: int
    """Its index in the data set."""
    text: str
    """As it is formatted, and tokenized."""
    ids: tuple[int, ...]
    token_texts: tuple[str, ...]
    """Each ID decoded alone."""
    answer_start: int
    """The first token of the answer; as many as there are where it was cut off."""
    first_counted: int
    """The loss counts this token and all that follow it, each as the label of the one before."""
    truncated: bool
    """Whether it was longer than the model's context or a row and was cut to it."""

    @property
    def counted(self) -> int:
        """How many of its tokens are labels that the loss counts."""
        return max(0, len(self.ids) - self.first_counted)
