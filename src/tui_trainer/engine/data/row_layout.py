"""What lies in a row of a batch: its items, and what fills the rest."""

from tui_trainer.engine.data.batching import MicroBatch
from tui_trainer.reports.steps import RowPart


def parts_of(batch: MicroBatch, row: int) -> tuple[RowPart, ...]:
    """The items of a row in their order, with the padding and the separators of it."""
    parts: list[RowPart] = []
    reached, width = 0, batch.input_ids.shape[1]
    for place in (place for place in batch.places if place.row == row):
        if place.start > reached:
            parts.append(RowPart(None, place.start - reached))
        parts.append(RowPart(place.example.problem, len(place.example.ids)))
        reached = place.start + len(place.example.ids)
    return (*parts, RowPart(None, width - reached)) if reached < width else tuple(parts)
