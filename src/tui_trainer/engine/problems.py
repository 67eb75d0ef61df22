"""Question and answer items."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One question with its worked answer, as GSM8K has them."""

    question: str
    answer: str
