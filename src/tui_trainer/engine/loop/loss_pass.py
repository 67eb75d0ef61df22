"""One forward pass of a loop, to its loss: plainly as the notebook has it, or with less work.

What has less work gives the same numbers, and whether it does is looked at with the model at hand.
Where a model is not made for it, the plain way is taken and a sentence says so.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from tui_trainer.engine.data.batching import MicroBatch, model_inputs, one_by_one
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.packing import make_batch
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.loss import step_loss
from tui_trainer.engine.loop.row_attention import RowAttention, choose_attention
from tui_trainer.engine.ways.chunked_loss import chunked_losses
from tui_trainer.engine.ways.compiled_blocks import CompiledBlocks, compile_blocks
from tui_trainer.settings.train import TrainSettings

PROBE = 7, 5, 9
"""Lengths of the items that the blocks are compiled with: no two are alike, none is 1."""
NO_CHUNKS = "This model makes its logits in a way of its own, so the loss is not taken in chunks."


@dataclass(frozen=True)
class LossPass:
    """How a loop goes from a micro-batch to its loss."""

    model: PreTrainedModel
    head: nn.Linear | None
    """The output layer, where the loss is taken in chunks."""
    attention: RowAttention
    compiled: CompiledBlocks | None
    notes: tuple[str, ...]
    """What was asked for and is not done, in a sentence each."""

    @property
    def called(self) -> nn.Module:
        """What a batch is given to: without the output layer, where the loss is taken in chunks."""
        return self.model if self.head is None else self.model.base_model

    def __call__(self, batch: MicroBatch, counted: int) -> tuple[Tensor, Tensor]:
        """The share of `batch` in the step's loss, and -log p of each label: [row, position]."""
        if self.attention.one_by_one:
            return self._item_by_item(batch, counted)
        return self._together(batch, counted)

    def _together(self, batch: MicroBatch, counted: int) -> tuple[Tensor, Tensor]:
        attention = self.attention
        inputs = model_inputs(batch, within_items=attention.within_items, masked=attention.masked)
        if self.head is None:
            logits = self.called(**inputs).logits
            # logits: [row, position, vocabulary]; the label of a position is the next token
            return step_loss(logits, batch.labels, batch.counts, counted)
        hidden = self.called(**inputs).last_hidden_state
        shares = batch.counts / counted
        return chunked_losses(hidden, self.head, batch.labels, batch.labelled, shares)

    def _item_by_item(self, batch: MicroBatch, counted: int) -> tuple[Tensor, Tensor]:
        shares = []
        losses = torch.zeros(batch.labels.shape, device=batch.labels.device)
        for place, alone in one_by_one(batch):
            share, each = self._together(alone, counted)
            losses[place.row, place.start : place.start + each.shape[1]] = each[0]
            shares.append(share)
        return torch.stack(shares).sum(), losses

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Around the forward passes of a step: for the other screens the model is as ever."""
        compiled = nullcontext() if self.compiled is None else self.compiled.in_use()
        with self.attention.in_use(self.model), compiled:
            yield

    def warm_up(self, batch: MicroBatch, weights: Sequence[Tensor]) -> Tensor:
        """A forward and a backward pass that leave nothing behind; the losses of the labels."""
        loss, losses = self(batch, batch.counted)
        torch.autograd.grad(loss, weights, allow_unused=True)
        return losses


def make_loss_pass(
    learner: Learner, examples: Sequence[Example], settings: TrainSettings
) -> LossPass:
    """The pass that `settings` ask for, as far as the model is made for it."""
    model, checks = learner.model.eval(), learner.checks
    attention = choose_attention(learner, examples, settings)
    notes = attention.notes
    head = model.get_output_embeddings() if settings.chunked_loss else None
    if settings.chunked_loss and not (isinstance(head, nn.Linear) and checks.has_plain_head()):
        head = None
        notes = (*notes, NO_CHUNKS)
    assert head is None or isinstance(head, nn.Linear)
    loss_pass = LossPass(model, head, attention, None, notes)
    return compile_pass(learner, settings, loss_pass) if settings.compiled else loss_pass


def compile_pass(learner: Learner, settings: TrainSettings, loss_pass: LossPass) -> LossPass:
    """The same pass, compiled; where that fails it is as it was, with a note that says why."""
    items = [Example(0, "", tuple(range(n)), 1, 1, False) for n in PROBE]
    row = tuple(items) if settings.pack else (items[0],)
    rows = [row] * settings.batch
    batch = learner.send(make_batch(rows, settings, learner.vocabulary))
    weights = learner.weights.trained

    def warm_up() -> Tensor:
        learner.model.train()  # as in a step
        with learner.autocast(), loss_pass.in_use():
            return loss_pass.warm_up(batch, weights)

    plain = None if learner.setup.dropout.own else warm_up()  # which draws others each time
    kind = torch.float32 if learner.report.precision == "fp32" else torch.bfloat16
    compiled = compile_blocks(learner.model, warm_up, plain, kind)
    if isinstance(compiled, str):
        return replace(loss_pass, notes=(*loss_pass.notes, compiled))
    return replace(loss_pass, compiled=compiled)
