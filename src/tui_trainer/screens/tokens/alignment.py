"""Two tokenizations of one text, aligned on its characters."""

from collections.abc import Iterator
from dataclasses import dataclass

from tui_trainer.reports.tokens import Token, Tokenized
from tui_trainer.screens.tokens.spans import spans


@dataclass(frozen=True)
class Segment:
    """The text between two boundaries that both tokenizers have, `text[start:end]`."""

    start: int
    end: int
    first: tuple[Token, ...]
    second: tuple[Token, ...]

    @property
    def same(self) -> bool:
        """Whether both make one token of it."""
        return len(self.first) == len(self.second) == 1


def boundaries(tokenized: Tokenized) -> set[int]:
    """The places between two characters at which a token ends and no token goes on."""
    found: set[int] = set()
    reached = 0
    for start, end in spans(tokenized):
        if start >= reached:
            found.add(start)
        reached = max(reached, end)
    return (found | {reached, len(tokenized.text)}) - {0}


def align(first: Tokenized, second: Tokenized) -> tuple[Segment, ...]:
    """Cut the text at every boundary common to both; each token belongs to one segment."""
    common = sorted(boundaries(first) & boundaries(second))
    first_parts, second_parts = _deal(first, common), _deal(second, common)
    return tuple(
        Segment(start, end, next(first_parts), next(second_parts))
        for start, end in zip([0, *common], common, strict=False)
    )


def _deal(tokenized: Tokenized, ends: list[int]) -> Iterator[tuple[Token, ...]]:
    """The tokens up to each of `ends`; those after the last one go with it."""
    tokens = iter(zip(tokenized.tokens, spans(tokenized), strict=True))
    waiting = next(tokens, None)
    for end in ends:
        dealt = []
        while waiting is not None and (waiting[1][1] <= end or end == ends[-1]):
            dealt.append(waiting[0])
            waiting = next(tokens, None)
        yield tuple(dealt)
