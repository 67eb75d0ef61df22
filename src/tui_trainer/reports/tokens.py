"""What a tokenizer makes of texts. Text is raw: whoever shows it makes it fit for a terminal."""

from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True)
class Token:
    """One token of a text."""

    index: int
    id: int
    text: str
    """The ID decoded alone, as the notebook does; a split character shows as U+FFFD."""
    bytes: bytes
    """The bytes of the text that this token stands for."""
    start: int
    end: int
    """The characters of the text it covers, `text[start:end]`; parts of a split one share them."""


@dataclass(frozen=True)
class Tokenized:
    """One text as one tokenizer sees it: a batch of one."""

    text: str
    tokens: tuple[Token, ...]
    read_as: str | None = None
    """The text as the tokenizer changed it before it cut it; None where it did not."""
    dropped: str = ""
    """The characters that are in no token."""

    @property
    def input_ids(self) -> tuple[int, ...]:
        return tuple(token.id for token in self.tokens)

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of `input_ids`: (batch, position)."""
        return (1, len(self.tokens))


@dataclass(frozen=True)
class VocabularyEntry:
    """What an ID stands for, whether or not a text has it."""

    id: int
    text: str
    """The ID decoded alone."""
    bytes: bytes
    made_of: tuple[str, ...] = ()
    """The two earlier entries that it was joined of; empty where it is a first one, or was added
    as a whole."""


IGNORED = -100
"""A label that does not count, as torch's cross_entropy has it."""


@dataclass(frozen=True)
class Batch:
    """Several texts padded to one length; each grid is [item, position]."""

    input_ids: tuple[tuple[int, ...], ...]
    attention_mask: tuple[tuple[int, ...], ...]
    pad_id: int
    pad_text: str
    """The padding ID decoded alone."""
    padding_side: str

    @property
    def shape(self) -> tuple[int, int]:
        return (len(self.input_ids), len(self.input_ids[0]) if self.input_ids else 0)

    @property
    def position_ids(self) -> tuple[tuple[int, ...], ...]:
        """Counted from each item's first token, whichever side is padded; 0 at padding."""
        return tuple(
            tuple(seen - 1 if real else 0 for seen, real in zip(accumulate(row), row, strict=True))
            for row in self.attention_mask
        )

    @property
    def labels(self) -> tuple[tuple[int, ...], ...]:
        """At each token the one after it, which it is to predict; `IGNORED` where there is none."""
        return tuple(
            tuple(
                after if real and real_after else IGNORED
                for real, after, real_after in zip(mask, (*ids[1:], 0), (*mask[1:], 0), strict=True)
            )
            for ids, mask in zip(self.input_ids, self.attention_mask, strict=True)
        )


@dataclass(frozen=True)
class TokenizedTexts:
    """A text, and what was asked for beside it."""

    first: Tokenized
    items: tuple[Tokenized, ...] = ()
    """Each item of the batch alone."""
    batch: Batch | None = None
    second: Tokenized | None = None
    """The text by a second tokenizer."""


@dataclass(frozen=True)
class TokenizerReport:
    """A tokenizer that is ready for use."""

    name: str
    vocabulary: int
    """How many entries it has, added ones included."""
