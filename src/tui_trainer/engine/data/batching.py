"""Rows as tensors: what one forward pass takes, the labels, and which of them count."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tui_trainer.engine.accelerator import send
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.item_lengths import ItemLengths

IGNORED = -100
"""The label of a position that has none; `F.cross_entropy` passes over it."""


@dataclass(frozen=True)
class Place:
    """Where an item lies: its token n is at [row, start + n]."""

    example: Example
    row: int
    start: int


@dataclass(frozen=True)
class MicroBatch:
    """What one forward and backward pass takes. Its tensors are [row, position] but for one."""

    input_ids: Tensor
    attention_mask: Tensor | None
    """1 for a token, 0 for padding; None where nothing is padded, and in packed rows."""
    position_ids: Tensor | None
    """None where they are 0, 1, 2, ... in each row."""
    labels: Tensor
    """The token that comes next in the same item; IGNORED where there is none."""
    counts: Tensor
    """Whether the label at a position counts in the loss."""
    labelled: Tensor
    """Where there is a label, counted over all rows: [label]."""
    places: tuple[Place, ...]
    items: ItemLengths | None = None
    """How a packed row is cut where each item attends on its own."""

    @property
    def counted(self) -> int:
        """How many labels count."""
        return sum(place.example.counted for place in self.places)

    def to(self, device: torch.device) -> "MicroBatch":
        """The same on `device`, copied there while the host goes on."""
        return self.each(lambda tensor: send(tensor, device))

    def each(self, change: Callable[[Tensor], Tensor]) -> "MicroBatch":
        """The same, with what `change` makes of each tensor."""
        mask, positions = self.attention_mask, self.position_ids
        return MicroBatch(
            change(self.input_ids),
            None if mask is None else change(mask),
            None if positions is None else change(positions),
            change(self.labels),
            change(self.counts),
            change(self.labelled),
            self.places,
            None if self.items is None else self.items.each(change),
        )


def model_inputs(
    batch: MicroBatch, *, within_items: bool = False, masked: bool = True
) -> dict[str, object]:
    """What the model is called with: nothing that is not there, since not all models take all."""
    inputs: dict[str, object] = {"input_ids": batch.input_ids, "use_cache": False}
    if batch.attention_mask is not None and masked:
        inputs["attention_mask"] = batch.attention_mask
    if batch.position_ids is not None:
        inputs["position_ids"] = batch.position_ids
    if within_items:
        inputs["items"] = batch.items
    return inputs


def one_by_one(batch: MicroBatch) -> Iterator[tuple[Place, MicroBatch]]:
    """Each item as a batch of its own, without padding and without others in its row."""
    for place in batch.places:
        length = len(place.example.ids)
        cells = slice(place.row, place.row + 1), slice(place.start, place.start + length)
        yield (
            place,
            MicroBatch(
                input_ids=batch.input_ids[cells],
                attention_mask=None,
                position_ids=None,
                labels=batch.labels[cells],
                counts=batch.counts[cells],
                labelled=torch.arange(length - 1, device=batch.labels.device),
                places=(Place(place.example, 0, 0),),
            ),
        )


def pad(examples: Sequence[Example], side: str, pad_id: int) -> MicroBatch:
    """An item a row, filled up with `pad_id` on `side` to the longest.

    The attention mask follows from the lengths, not from `pad_id`: where a model's padding is its
    end-of-text token, a real one stays visible. Positions are counted from each item's first
    token, which GPT-2 would not do by itself where the padding is on the left.
    """
    width = max(len(example.ids) for example in examples)
    starts = [width - len(example.ids) if side == "left" else 0 for example in examples]

    def grid(rows: Iterable[Sequence[int]], filler: int) -> Tensor:
        filled = [
            [filler] * start + list(row) + [filler] * (width - start - len(row))
            for start, row in zip(starts, rows, strict=True)
        ]
        return torch.tensor(filled)

    mask = grid(([1] * len(example.ids) for example in examples), 0)
    padded = any(len(example.ids) < width for example in examples)
    labels = grid((labels_of(example) for example in examples), IGNORED)
    return MicroBatch(
        input_ids=grid((example.ids for example in examples), pad_id),
        attention_mask=mask if padded else None,
        position_ids=grid((range(len(e.ids)) for e in examples), 0) if padded else None,
        labels=labels,
        counts=grid((counts_of(example) for example in examples), 0).bool(),
        labelled=labelled_positions(labels),
        places=tuple(
            Place(example, row, start)
            for row, (example, start) in enumerate(zip(examples, starts, strict=True))
        ),
    )


def labels_of(example: Example) -> list[int]:
    """At each position of an item the token after it; the last position has none."""
    return [*example.ids[1:], IGNORED]


def labelled_positions(labels: Tensor) -> Tensor:
    """Where `labels` has one, as if it were a single row; on a CUDA device it is waited for."""
    return (labels.flatten() != IGNORED).nonzero().squeeze(1)


def counts_of(example: Example) -> list[int]:
    """1 at each position of an item whose label counts, else 0."""
    return [0] * (example.first_counted - 1) + [1] * example.counted + [0]
