"""The rows of a step, for whoever wants to see what the model got: looked at between two steps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tui_trainer.engine.data.batching import MicroBatch, model_inputs, one_by_one
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.packing import make_batch
from tui_trainer.engine.data.plan import plan_steps
from tui_trainer.engine.data.row_layout import parts_of
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.row_attention import RowAttention, choose_attention
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.engine.ways.model_checks import untouched
from tui_trainer.engine.ways.seen_attention import given_attention
from tui_trainer.errors import InputError
from tui_trainer.reports.rows import (
    IGNORED,
    MASKED,
    ONE_BY_ONE,
    WITHIN_ITEMS,
    WITHOUT_MASK,
    BatchRow,
    Sight,
    StepRows,
)
from tui_trainer.reports.steps import RowPart
from tui_trainer.settings.train import TrainSettings

MOST_POSITIONS = 2**17
"""Of the rows that are reported: a person looks at some, and each takes some 200 bytes."""
NO_STEP_LEFT = "No step is left: the loop of these settings has {steps:,}."


@dataclass(frozen=True)
class LaidOut:
    """A step's rows on the host: kept from one step to the next by reference, without a copy."""

    step: int
    batches: Sequence[MicroBatch]
    attention: RowAttention
    called: nn.Module
    """What the batches are given to: the model, with or without its output layer."""
    losses: Sequence[Tensor] = ()
    """Of each of `batches`, [row, position], as the step got them; none before the step."""
    loss: float | None = None
    """What the step reports."""


def lay_out(
    learner: Learner, examples: Sequence[Example], settings: TrainSettings, made: int
) -> LaidOut:
    """The step after so many, of the loop that these settings would begin now.

    InputError where it has no more.
    """
    steps = plan_steps(examples, settings)
    passes = next(steps.after(made), None)
    if passes is None:
        raise InputError(NO_STEP_LEFT.format(steps=len(steps)))
    batches = [make_batch(rows, settings, learner.vocabulary) for rows in passes]
    attention = choose_attention(learner, examples, settings)
    in_chunks = settings.chunked_loss and learner.checks.has_plain_head()
    called = learner.model.base_model if in_chunks else learner.model
    return LaidOut(made + 1, batches, attention, called)


def report_rows(learner: Learner, step: LaidOut) -> StepRows:
    """What there is to see of a step; its sum is over all of its rows, also those left out."""
    return StepRows(
        step=step.step,
        rows=tuple(_rows_of(learner, step)),
        all_rows=sum(len(batch.input_ids) for batch in step.batches),
        passes=len(step.batches),
        counted=sum(int(batch.counts.sum()) for batch in step.batches),
        way=way_of(step.attention),
        summed=_summed(step) if step.losses else None,
        loss=step.loss,
    )


def _summed(step: LaidOut) -> float:
    """The losses that count, in fp64, so that nothing is lost."""
    pairs = zip(step.losses, step.batches, strict=True)
    return sum(losses[batch.counts].double().sum().item() for losses, batch in pairs)


def way_of(attention: RowAttention) -> str:
    """How a row is kept to its items, in a word."""
    if attention.one_by_one:
        return ONE_BY_ONE
    if attention.within_items:
        return WITHIN_ITEMS
    return MASKED if attention.masked else WITHOUT_MASK


def _rows_of(learner: Learner, step: LaidOut) -> Iterator[BatchRow]:
    """Of the first passes, as many as are looked at."""
    left = MOST_POSITIONS
    for number, batch in enumerate(step.batches):
        losses = step.losses[number] if step.losses else None
        sent = learner.send(batch)
        parts = [parts_of(batch, row) for row in range(len(batch.input_ids))]
        sights = sights_in(learner, step.called, sent, step.attention, parts)
        for row, sight in zip(range(len(parts)), sights, strict=True):
            yield report_row(learner.vocabulary, batch, row, number, parts[row], sight, losses)
            left -= batch.input_ids.shape[1]
            if left <= 0:
                return


def report_row(
    vocabulary: Vocabulary,
    batch: MicroBatch,
    row: int,
    number: int,
    parts: tuple[RowPart, ...],
    sights: tuple[Sight, ...],
    losses: Tensor | None,
) -> BatchRow:
    """A row of pass `number`, whose `batch` and `losses` [row, position] are on the host."""
    ids = batch.input_ids[row].tolist()
    labels = batch.labels[row]
    learned = torch.where(batch.counts[row], labels, IGNORED)
    known = (labels != IGNORED).tolist()
    each = [None] * len(ids) if losses is None else losses[row].tolist()
    return BatchRow(
        forward_pass=number,
        input_ids=tuple(ids),
        token_texts=tuple(map(vocabulary.text_of, ids)),
        attention_mask=_row_of(batch.attention_mask, row),
        position_ids=_row_of(batch.position_ids, row),
        labels=tuple(learned.tolist()),
        losses=tuple(loss if has else None for loss, has in zip(each, known, strict=True)),
        parts=parts,
        sights=sights,
    )


def _row_of(grid: Tensor | None, row: int) -> tuple[int, ...] | None:
    return None if grid is None else tuple(grid[row].tolist())


# Who sees whom


def sights_in(
    learner: Learner,
    called: nn.Module,
    batch: MicroBatch,
    attention: RowAttention,
    parts: Sequence[tuple[RowPart, ...]],
) -> list[tuple[Sight, ...]]:
    """Of each row of a batch on the device; nothing is changed by it."""
    with untouched(learner.model), attention.in_use(learner.model):
        by_kind = dict(_seen_in(learner, called, batch, attention))
    return [
        tuple(
            _sight(kind if len(by_kind) > 1 else "", rows[row], of_row)
            for kind, rows in by_kind.items()
        )
        for row, of_row in enumerate(parts)
    ]


def _seen_in(
    learner: Learner, called: nn.Module, batch: MicroBatch, attention: RowAttention
) -> Iterator[tuple[str, list[Tensor]]]:
    """For each kind of layer the positions that each sees: [position, position] for each row."""
    if attention.one_by_one:
        yield from _seen_one_by_one(learner, called, batch, attention).items()
        return
    rows, positions = batch.input_ids.shape
    inputs = model_inputs(batch, within_items=attention.within_items, masked=attention.masked)
    for given in given_attention(learner.model, called, inputs):
        seen = [given.seen_in(row, rows, positions, learner.device) for row in range(rows)]
        yield given.layers, seen


def _seen_one_by_one(
    learner: Learner, called: nn.Module, batch: MicroBatch, attention: RowAttention
) -> dict[str, list[Tensor]]:
    """Each item in a pass of its own: what lies around it is never given to the model."""
    rows, positions = batch.input_ids.shape
    by_kind: dict[str, list[Tensor]] = {}
    for place, alone in one_by_one(batch):
        inputs = model_inputs(alone, masked=attention.masked)
        for given in given_attention(learner.model, called, inputs):
            if given.layers not in by_kind:
                nobody = torch.zeros(positions, positions, dtype=torch.bool, device=learner.device)
                by_kind[given.layers] = [nobody.clone() for _ in range(rows)]
            length = len(place.example.ids)
            cells = slice(place.start, place.start + length)
            seen = given.seen_in(0, 1, length, learner.device)
            by_kind[given.layers][place.row][cells, cells] = seen
    return by_kind


def _sight(layers: str, seen: Tensor, parts: tuple[RowPart, ...]) -> Sight:
    """`seen` is [position, position], the second seen from the first."""
    count = seen.sum(dim=1)
    first = torch.where(count > 0, seen.int().argmax(dim=1), -1)
    ends = torch.tensor([part.tokens for part in parts]).cumsum(0).tolist()
    blocks = [
        [int(block.sum()) for block in line.tensor_split(ends[:-1], dim=1)]
        for line in seen.tensor_split(ends[:-1])
    ]
    return Sight(layers, tuple(first.tolist()), tuple(count.tolist()), tuple(map(tuple, blocks)))
