"""Several items in one row, none of which sees another.

Attention and positions are kept inside each item by `position_ids` that begin at 0 with each of
them: where no attention mask and no cache is passed, transformers takes that as the sign of
packed items and makes the mask. With `use_cache` at its default the items would see each other.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch

from tui_trainer.engine.data.batching import (
    IGNORED,
    MicroBatch,
    Place,
    counts_of,
    labelled_positions,
    labels_of,
    pad,
)
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.item_lengths import item_lengths
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.settings.train import TrainSettings

Row = tuple[Example, ...]
"""The items that share a row, in their order."""


def make_batch(rows: Sequence[Row], settings: TrainSettings, vocabulary: Vocabulary) -> MicroBatch:
    """The tensors of one forward pass, on the host: rows of several items, or an item a row."""
    if settings.pack:
        return pack(rows, vocabulary.end_of_text, vocabulary.context)
    return pad([example for (example,) in rows], settings.padding, vocabulary.pad_id)


def fill_rows(examples: Iterable[Example], length: int) -> Iterator[Row]:
    """Rows of at most `length` tokens, filled in the order of the items.

    In order, so that a step trains on the same items as without packing. It fills 95% of a row of
    2,048 with items of GSM8K, where `fit_rows` fills 99%.
    """
    row: list[Example] = []
    used = 0
    for example in examples:
        if row and used + 1 + len(example.ids) > length:
            yield tuple(row)
            row, used = [], 0
        used += len(example.ids) + bool(row)  # the token that separates two items
        row.append(example)
    if row:
        yield tuple(row)


def fit_rows(examples: Iterable[Example], length: int) -> list[Row]:
    """Rows of at most `length` tokens: each item, longest first, in the fullest row that takes it.

    Best-fit decreasing. The rows come out with the longest items first: shuffle them.
    """
    rows: list[list[Example]] = []
    left: list[tuple[int, int]] = []  # tokens left in a row, and its number; sorted
    for example in sorted(examples, key=lambda example: -len(example.ids)):
        needed = len(example.ids) + 1  # the token that separates two items; the last needs none
        place = bisect_left(left, (needed, 0))
        if place == len(left):
            space, number = length + 1, len(rows)
            rows.append([])
        else:
            space, number = left.pop(place)
        rows[number].append(example)
        insort(left, (space - needed, number))
    return [tuple(row) for row in rows]


class Cell(NamedTuple):
    """One position of a row: what `MicroBatch` has there."""

    token: int
    position: int
    label: int = IGNORED
    counts: int = 0


def pack(rows: Sequence[Row], end_of_text: int, context: int | None) -> MicroBatch:
    """Rows of items with `end_of_text` between two of them, unless the first ends with it.

    No token of an item is a label for the one before it: the first of each has no loss, as if it
    were alone. A row that is shorter than the longest is filled up as if with one more item, of
    `end_of_text` alone, without labels. After the last position of `context` comes the first
    again, where a full item has a separator after it, and where much is to be filled up.
    """
    laid: list[list[Cell]] = []
    places: list[Place] = []
    for number, row in enumerate(rows):
        cells: list[Cell] = []
        for example in row:
            if cells and cells[-1].token != end_of_text:
                cells.append(Cell(end_of_text, _turn(cells[-1].position + 1, context)))
            places.append(Place(example, number, len(cells)))
            cells += cells_of(example)
        laid.append(cells)
    width = max(map(len, laid))
    for cells in laid:
        cells += [Cell(end_of_text, _turn(n, context)) for n in range(width - len(cells))]

    # Each in one piece: the copy of a view with gaps would be waited for by the host.
    input_ids, position_ids, labels, counts = (
        torch.tensor(laid).movedim(-1, 0).contiguous().unbind()
    )
    return MicroBatch(
        input_ids,
        None,
        position_ids,
        labels,
        counts.bool(),
        labelled_positions(labels),
        tuple(places),
        item_lengths([length for cells in laid for length in _lengths(cells)]),
    )


def _turn(position: int, context: int | None) -> int:
    return position if context is None else position % context


def _lengths(cells: list[Cell]) -> list[int]:
    """The tokens of each item of a row, with the separator after it."""
    starts = [n for n, cell in enumerate(cells) if cell.position == 0]
    return [end - start for start, end in pairwise([*starts, len(cells)])]


def cells_of(example: Example) -> Iterator[Cell]:
    """One item, alone in its row so far as the model can tell."""
    columns = example.ids, range(len(example.ids)), labels_of(example), counts_of(example)
    return (Cell(*cell) for cell in zip(*columns, strict=True))
