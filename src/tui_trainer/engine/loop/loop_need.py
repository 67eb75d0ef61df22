"""What a loop takes of memory beside the weights, counted on shapes before its first step."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from unittest.mock import patch

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from tui_trainer.engine.data.batching import MicroBatch, model_inputs
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.packing import Row
from tui_trainer.engine.data.plan import plan_steps
from tui_trainer.engine.loop.loss import step_loss
from tui_trainer.engine.loop.loss_pass import LossPass
from tui_trainer.engine.loop.row_attention import RowAttention
from tui_trainer.engine.memory.dry_model import DryModel, Held, Pass
from tui_trainer.engine.memory.live_bytes import LiveBytes
from tui_trainer.engine.optimizers.step_memory import (
    how_it_steps,
    looked_at_bytes,
    moment_bytes,
    temporary_bytes,
)
from tui_trainer.engine.ways import chunked_loss
from tui_trainer.engine.ways.chunked_loss import chunk_positions
from tui_trainer.settings.train import TrainSettings

PASSES_LOOKED_AT = 20_000
"""All of GSM8K twice over; a million would take seconds before the first step."""


@dataclass(frozen=True)
class LoopNeed:
    """Bytes on the model's device beside the weights."""

    passes: int
    """The most at once in the forward and backward passes of a step."""
    left: int
    """After them: the gradients, and the losses."""
    moments: int
    """That the first step makes, and that stay."""
    temporaries: int
    """Of `optimizer.step`."""
    measuring: int
    """Of what is measured between two steps, without gradients."""

    @property
    def first_step(self) -> int:
        """The most in the first step, which makes the moments."""
        return max(self.passes, self.left + self.moments + self.temporaries)

    @property
    def later(self) -> int:
        """The most from then on, and before the first step."""
        return self.moments + max(self.passes, self.left + self.temporaries, self.measuring)


def loop_need(
    dry: DryModel,
    loss_pass: LossPass,
    batch: MicroBatch,
    settings: TrainSettings,
    device: torch.device,
    measuring: int = 0,
) -> LoopNeed:
    """What a loop takes on `device` whose largest micro-batch is `batch`, which is on the host.

    `loss_pass` is that of the loop, of whatever model.
    """
    held = passes_need(dry, loss_pass, batch, settings, device)
    stepping = how_it_steps(device.type, fused=settings.fused, stochastic=dry.is_stochastic)
    sizes = dry.weight_sizes
    how = settings.optimizer, stepping, sizes, dry.itemsize
    decays = bool(settings.weight_decay)
    looking = looked_at_bytes(*how, decays=decays) if settings.layers_every else 0
    return LoopNeed(
        passes=held.most,
        left=held.left,
        moments=moment_bytes(settings.optimizer, sizes),
        temporaries=max(looking, temporary_bytes(*how, decays=decays)),
        measuring=measuring,
    )


def passes_need(
    dry: DryModel,
    loss_pass: LossPass,
    batch: MicroBatch,
    settings: TrainSettings,
    device: torch.device,
) -> Held:
    """What the passes of one step hold: of several a later one, which finds gradients."""
    rows, positions = batch.input_ids.shape
    accumulating = settings.accumulation > 1
    attention = loss_pass.attention
    masked = settings.pack > 0 and not attention.within_items and not attention.one_by_one
    lengths = tuple(len(place.example.ids) for place in batch.places)
    ways = replace(attention, notes=()), loss_pass.head is None
    key = "loop", rows, positions, lengths, accumulating, device.type, *ways
    if key not in dry.counted:
        dry.model.train()
        run = pass_of(dry, loss_pass, batch)
        with chunks_as_on(device):
            dry.counted[key] = dry.backward(
                run, rows * positions, accumulating=accumulating, masked=masked
            )
    return dry.counted[key]


def pass_of(dry: DryModel, loss_pass: LossPass, batch: MicroBatch) -> Pass:
    """The forward pass of a loop, on shapes alone."""
    shapes = batch.each(dry.shape_of)
    head = dry.model.get_output_embeddings() if loss_pass.head is not None else None
    assert head is None or isinstance(head, nn.Linear)
    # A kernel takes tensors of its device alone; what it holds is what one over the row would.
    attention = RowAttention(masked=False) if loss_pass.attention.kernel else loss_pass.attention
    dry_pass = replace(loss_pass, model=dry.model, head=head, attention=attention, compiled=None)

    def run(_model: PreTrainedModel) -> tuple[Tensor, ...]:
        with dry_pass.in_use():
            return dry_pass(shapes, batch.counted)

    return run


@contextmanager
def chunks_as_on(device: torch.device) -> Iterator[None]:
    """Inside, a chunked loss takes its chunks as on `device`, whose products add in place."""
    if device.type == "cpu":
        yield
        return

    def positions(_: torch.device, vocabulary: int) -> int:
        return chunk_positions(device, vocabulary)

    with (
        patch.object(chunked_loss, "chunk_positions", positions),
        patch.object(chunked_loss, "product_adder", lambda *_: lambda *_: None),
    ):
        yield


def measured_need(dry: DryModel, batch: MicroBatch) -> int:
    """What the losses of held-out items take, in a forward pass over `batch`."""
    shapes = batch.each(dry.shape_of)

    def run(model: PreTrainedModel, _live: LiveBytes) -> None:
        logits = model(**model_inputs(shapes)).logits
        step_loss(logits, shapes.labels, shapes.counts, batch.counted)

    key = "losses", *batch.input_ids.shape, batch.attention_mask is None
    return dry.forward(key, run, batch.input_ids.numel())


def largest_rows(examples: Sequence[Example], settings: TrainSettings) -> tuple[Row, ...]:
    """The rows of the loop's largest micro-batch: as many as its longest, filled up to that."""
    passes = (rows for step in plan_steps(examples, settings) for rows in step)
    return max(islice(passes, PASSES_LOOKED_AT), key=positions_in)


def positions_in(rows: Sequence[Row]) -> int:
    """Rows times the longest of them."""
    return len(rows) * max(map(row_length, rows))


def row_length(row: Row) -> int:
    """Its tokens, those that separate two items included."""
    return sum(len(example.ids) for example in row) + len(row) - 1
