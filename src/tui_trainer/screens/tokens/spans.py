"""Which characters the tokens of a text cover, and which characters are split among several."""

from dataclasses import dataclass

from tui_trainer.reports.tokens import Token, Tokenized


@dataclass(frozen=True)
class Part:
    """A token that holds only some of a character's bytes."""

    number: int
    """Counted from 1."""
    parts: int
    character: str


def spans(tokenized: Tokenized) -> tuple[tuple[int, int], ...]:
    """The characters of each token, in order and without gaps.

    Some tokenizers leave a space out of a token's offsets, or give an added token none at all:
    a gap goes to the token after it, and a token without characters stands where the one before
    it ends.
    """
    covered: list[tuple[int, int]] = []
    reached = 0
    for token in tokenized.tokens:
        empty = token.start == token.end
        start = reached if empty else min(token.start, reached)
        end = reached if empty else token.end
        covered.append((start, end))
        reached = max(reached, end)
    return tuple(covered)


def part_of(tokenized: Tokenized, index: int) -> Part | None:
    """The character that token `index` shares with its neighbours, None where it shares none."""
    token = tokenized.tokens[index]
    if token.start == token.end:
        return None
    before = _covering(tokenized, index, token.start, -1)
    if before:
        after = _covering(tokenized, index, token.start, 1)
        return Part(before + 1, before + 1 + after, tokenized.text[token.start : token.start + 1])
    if after := _covering(tokenized, index, token.end - 1, 1):
        return Part(1, 1 + after, tokenized.text[token.end - 1 : token.end])
    return None


def _covering(tokenized: Tokenized, index: int, character: int, step: int) -> int:
    """How many tokens in a row before (-1) or after (1) token `index` cover `character`."""
    count = 0
    index += step
    while 0 <= index < len(tokenized.tokens) and _covers(tokenized.tokens[index], character):
        count += 1
        index += step
    return count


def _covers(token: Token, character: int) -> bool:
    return token.start <= character < token.end
