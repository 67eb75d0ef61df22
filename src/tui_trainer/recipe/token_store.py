"""The corpus as token IDs in one file, and the rows that a training step takes from it."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tui_trainer.recipe.corpus import Section, documents
from tui_trainer.recipe.tokenizer import END_OF_TEXT, save_tokenizer, train_tokenizer

# How many of a step's tokens come from each section.
SHARES: dict[Section, float] = {"code": 0.42, "english": 0.18, "generated": 0.40}
_TOKENIZER_BYTES = 6_000_000


@dataclass(frozen=True)
class TokenStore:
    """IDs of every document, each closed by the end of text; a section is a range of them."""

    ids: NDArray[np.uint16]
    ranges: dict[Section, tuple[int, int]]
    starts: dict[Section, NDArray[np.int64]]

    def rows(self, seed: int, step: int, rows: int, length: int) -> NDArray[np.int64]:
        """`rows` rows of `length` IDs, a pure function of (seed, step): [row, position].

        A row of code begins anywhere, any other row at the beginning of a document.
        """
        rng = np.random.default_rng([seed, step])
        names = rng.choice(list(SHARES), size=rows, p=list(SHARES.values()))
        return np.stack([self._row(rng, name, length) for name in names])

    def _row(self, rng: np.random.Generator, name: Section, length: int) -> NDArray[np.int64]:
        low, high = self.ranges[name]
        if name == "code":
            begin = int(rng.integers(low, high - length))
        else:
            begin = min(int(rng.choice(self.starts[name])), high - length)
        return self.ids[begin : begin + length].astype(np.int64)


def prepare(folder: Path) -> None:
    """Trains the tokenizer and writes it with the corpus's token IDs into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    texts: dict[Section, list[str]] = {name: [] for name in SHARES}
    for section, text in documents():
        texts[section].append(text)
    tokenizer = train_tokenizer(
        text for name in SHARES for text in _sample(texts[name], SHARES[name])
    )
    save_tokenizer(tokenizer, folder)
    end = tokenizer.encode(END_OF_TEXT).ids[0]
    parts: list[NDArray[np.uint16]] = []
    ranges: dict[str, tuple[int, int]] = {}
    length = 0
    for name, items in texts.items():
        part = _encode(tokenizer, items, end)
        ranges[name] = (length, length + len(part))
        length += len(part)
        parts.append(part)
    np.save(folder / "tokens.npy", np.concatenate(parts))
    sizes = {name: sum(len(text.encode()) for text in items) for name, items in texts.items()}
    facts = {"ranges": ranges, "bytes": sizes, "end_of_text": end}
    (folder / "tokens.json").write_text(json.dumps(facts, indent=1))


def open_store(folder: Path) -> TokenStore:
    ids = np.load(folder / "tokens.npy", allow_pickle=False)
    facts = json.loads((folder / "tokens.json").read_text())
    ranges: dict[Section, tuple[int, int]] = {
        name: (int(low), int(high)) for name, (low, high) in facts["ranges"].items()
    }
    ends = np.flatnonzero(ids == facts["end_of_text"])
    starts = {
        name: ends[(ends >= low) & (ends < high - 1)] + 1 for name, (low, high) in ranges.items()
    }
    return TokenStore(ids, ranges, starts)


def _sample(texts: list[str], share: float) -> list[str]:
    """Every nth text, so that the section has its share of what the tokenizer learns from."""
    total = sum(len(text) for text in texts)
    every = max(1, round(total / (share * _TOKENIZER_BYTES)))
    return texts[::every]


def _encode(tokenizer: Tokenizer, texts: list[str], end: int) -> NDArray[np.uint16]:
    ids: list[int] = []
    for first in range(0, len(texts), 1000):
        for encoding in tokenizer.encode_batch(texts[first : first + 1000]):
            ids.extend(encoding.ids)
            ids.append(end)
    return np.array(ids, dtype=np.uint16)
