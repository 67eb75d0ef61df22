"""A question with a few answers, each a key: what is asked, not how it looks."""

import re
from dataclasses import dataclass

SENTENCE = re.compile(r"(?<=[.?])\s")
HEADING = 50
"""Characters."""


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

    @property
    def parts(self) -> tuple[str, str]:
        """What is asked, where that is short enough for a heading, and the rest of the words."""
        sentences = SENTENCE.split(self.words)
        asked = next((one for one in sentences if one.endswith("?")), "")
        if not 0 < len(asked) <= HEADING:
            return "", self.words
        return asked, self.words.replace(asked, "", 1).strip().replace("  ", " ")
