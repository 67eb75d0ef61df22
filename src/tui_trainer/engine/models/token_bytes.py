"""Which bytes of a text each of its tokens stands for: none twice, and none lost without a word."""

import json
import re
import unicodedata
from collections.abc import Sequence
from itertools import accumulate

from transformers import PreTrainedTokenizerBase

from tui_trainer.reports.tokens import Token, Tokenized

# Of a tokenizer in SentencePiece's manner: one byte, and the piece for a space.
BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")
SPACE_PIECE = "\u2581"

Span = tuple[int, int]


def byte_alphabet() -> dict[str, int]:
    """The character that stands for each byte in a byte-level BPE vocabulary.

    Printable Latin-1 bytes stand for themselves; the other 68 take the characters from U+0100
    on, in order (the scheme of GPT-2, Radford et al. 2019).
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    alphabet = {chr(byte): byte for byte in printable}
    return alphabet | {chr(0x100 + n): byte for n, byte in enumerate(others)}


BYTE_OF = byte_alphabet()


class TokenBytes:
    """Tells the bytes of tokens of one tokenizer.

    A byte-level tokenizer's token is its bytes, those of the text as the tokenizer changed it
    (Qwen's composes an accent with its letter). Any other's stands for the characters of the text
    that it covers, which it may read as others: where one became several tokens it is the first
    one's, and those that are in no token are told.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._piece_of = tokenizer.convert_ids_to_tokens
        self._added = frozenset(tokenizer.added_tokens_decoder)
        self._normalizer = tokenizer.backend_tokenizer.normalizer
        decoder = json.loads(tokenizer.backend_tokenizer.to_str())["decoder"]
        self._byte_level = "ByteLevel" in json.dumps(decoder)
        self._prepends = self._normalized("x").startswith(" ")

    def tokenized(
        self, text: str, ids: Sequence[int], spans: Sequence[Span], texts: Sequence[str]
    ) -> Tokenized:
        """The tokens of `text`; `spans` has the characters that each comes from."""
        spans, dropped = self._covered(text, ids, spans), ""
        if not self._byte_level:
            spans, dropped = _stretched(text, spans)
        edges = self._edges(text, ids, spans)
        reached = [0, *accumulate((end for _, end in spans), max)]
        tokens = []
        for n, (token_id, (start, end)) in enumerate(zip(ids, spans, strict=True)):
            held = self._held(token_id)
            if held is None:
                held = text[max(start, reached[n]) : end].encode()
            elif start in edges and not self._begins_with_space(text[start:]):
                held = held.removeprefix(b" ")
            tokens.append(Token(n, token_id, texts[n], held, start, end))
        return Tokenized(text, tuple(tokens), self._read_as(text, ids, spans), dropped)

    def of_entry(self, token_id: int) -> bytes:
        """The bytes of an entry of the vocabulary, in no text."""
        held = self._held(token_id)
        if held is not None:
            return held
        piece = str(self._piece_of(token_id))
        return (piece if token_id in self._added else piece.replace(SPACE_PIECE, " ")).encode()

    def _covered(self, text: str, ids: Sequence[int], spans: Sequence[Span]) -> list[Span]:
        """The characters that each token covers; a space that was put in covers none.

        Some put one before every text, and give it the first character's span.
        """
        edges = self._edges(text, ids, spans)
        followers = [*(start for start, _ in spans), len(text)][1:]
        return [
            (start, start if self._is_put_in(token_id, start, follower, text, edges) else end)
            for token_id, (start, end), follower in zip(ids, spans, followers, strict=True)
        ]

    def _is_put_in(
        self, token_id: int, start: int, follower: int, text: str, edges: frozenset[int]
    ) -> bool:
        if not self._byte_level:
            return bool(self._piece_of(token_id) == SPACE_PIECE and start == follower)
        alone = self._held(token_id) == b" " and start in edges
        return alone and not self._begins_with_space(text[start:])

    def _edges(self, text: str, ids: Sequence[int], spans: Sequence[Span]) -> frozenset[int]:
        """Where a part of the text begins that is read by itself: at 0 and after added tokens."""
        return frozenset((0, *(end for _, end in self._added_in(text, ids, spans))))

    def _added_in(self, text: str, ids: Sequence[int], spans: Sequence[Span]) -> list[Span]:
        """Where added tokens stand in the text; one for what is unknown stands for other text."""
        return [
            (start, end)
            for token_id, (start, end) in zip(ids, spans, strict=True)
            if token_id in self._added and text[start:end].strip() == self._piece_of(token_id)
        ]

    def _begins_with_space(self, text: str) -> bool:
        return self._normalized(text[:1]).removeprefix(" " * self._prepends).startswith(" ")

    def _held(self, token_id: int) -> bytes | None:
        """The bytes that a token has of itself; None where it stands for the text it covers."""
        piece = str(self._piece_of(token_id))
        if token_id in self._added:
            return None
        if self._byte_level and all(character in BYTE_OF for character in piece):
            return bytes(BYTE_OF[character] for character in piece)
        match = BYTE_TOKEN.fullmatch(piece)
        return None if match is None else bytes([int(match[1], 16)])

    def _read_as(self, text: str, ids: Sequence[int], spans: Sequence[Span]) -> str | None:
        """The text as the tokenizer changed it first; None where it did not."""
        read, at = "", 0
        for start, end in self._added_in(text, ids, spans):
            read += self._changed(text[at:start]) + text[start:end]
            at = end
        read += self._changed(text[at:])
        return None if read == text else read

    def _changed(self, text: str) -> str:
        changed = self._normalized(text).removeprefix(" " * self._prepends)
        return text if changed == text.replace(SPACE_PIECE, " ") else changed

    def _normalized(self, text: str) -> str:
        if self._normalizer is None or not text:
            return text
        return str(self._normalizer.normalize_str(text)).replace(SPACE_PIECE, " ")


def _stretched(text: str, spans: list[Span]) -> tuple[list[Span], str]:
    """Accents that are in no span go to the letter before them; what else is in none is told."""
    stretched, dropped, reached = list(spans), "", 0
    for n, start in enumerate([*(start for start, _ in spans), len(text)]):
        while n and reached < start and unicodedata.combining(text[reached]):
            reached += 1
            stretched[n - 1] = (stretched[n - 1][0], reached)
        dropped += text[reached:start]
        reached = max(reached, start, *(end for _, end in spans[n : n + 1]))
    return stretched, dropped
