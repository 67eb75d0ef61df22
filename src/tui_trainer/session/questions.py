"""A question with a few answers, each a key: what is asked, not how it looks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """One answer: the key that gives it, and its words."""

    key: str
    label: str


@dataclass(frozen=True)
class Question:
    """The first answer is the one under enter: it loses nothing."""

    words: str
    answers: tuple[Choice, ...]
