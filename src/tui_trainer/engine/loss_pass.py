"""One forward pass of a loop, to its loss: plainly as the notebook has it, or with less work.

What has less work gives the same numbers. Where a model is not made for it, the plain way is taken
and a sentence says so.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from tui_trainer.engine.batching import MicroBatch
from tui_trainer.engine.chunked_loss import chunked_losses, is_plain_head
from tui_trainer.engine.compiled_blocks import CompiledBlocks, compile_blocks
from tui_trainer.engine.examples import Example
from tui_trainer.engine.item_attention import attention_within_items, can_attend_within_items
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loss import step_loss
from tui_trainer.engine.packing import make_batch
from tui_trainer.engine.settings import TrainSettings

PROBE = 7, 5, 9
"""Lengths of the items that the blocks are compiled with: no two are alike, none is 1."""
NO_CHUNKS = "This model makes its logits in a way of its own, so the loss is not taken in chunks."
NO_ITEMS = "This model attends in a way of its own, so packed rows keep their mask and cost more."


@dataclass(frozen=True)
class LossPass:
    """How a loop goes from a micro-batch to its loss."""

    model: PreTrainedModel
    head: nn.Linear | None
    """The output layer, where the loss is taken in chunks."""
    within_items: bool
    """Whether each item of a packed row attends on its own, without a mask."""
    compiled: CompiledBlocks | None
    notes: tuple[str, ...]
    """What was asked for and is not done, in a sentence each."""

    def __call__(self, batch: MicroBatch, counted: int) -> tuple[Tensor, Tensor]:
        """The share of `batch` in the step's loss, and -log p of each label: [row, position]."""
        inputs: dict[str, object] = {
            "input_ids": batch.input_ids,
            "attention_mask": batch.attention_mask,
            "position_ids": batch.position_ids,
            "use_cache": False,
        }
        if self.within_items:
            inputs["items"] = batch.items
        if self.head is None:
            logits = self.model(**inputs).logits
            # logits: [row, position, vocabulary]; the label of a position is the next token
            return step_loss(logits, batch.labels, batch.counts, counted)
        hidden = self.model.base_model(**inputs).last_hidden_state
        shares = batch.counts / counted
        return chunked_losses(hidden, self.head, batch.labels, batch.labelled, shares)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Around the forward passes of a step: for the other screens the model is as ever."""
        with ExitStack() as entered:
            if self.within_items:
                entered.enter_context(attention_within_items(self.model))
            if self.compiled is not None:
                entered.enter_context(self.compiled.in_use())
            yield

    def warm_up(self, batch: MicroBatch, weights: Sequence[Tensor]) -> None:
        """A forward and a backward pass that leave nothing behind."""
        loss, _ = self(batch, batch.counted)
        torch.autograd.grad(loss, weights, allow_unused=True)


def make_loss_pass(learner: Learner, settings: TrainSettings) -> LossPass:
    """The pass that `settings` ask for, as far as the model is made for it."""
    model = learner.model.eval()  # dropout would draw random numbers, and no two passes be equal
    with learner.autocast():
        chunked = settings.chunked_loss and is_plain_head(model)
        asked_within_items = settings.pack > 0 and settings.item_attention
        within_items = asked_within_items and can_attend_within_items(model)
    notes = []
    if settings.chunked_loss and not chunked:
        notes.append(NO_CHUNKS)
    if asked_within_items and not within_items:
        notes.append(NO_ITEMS)
    head = model.get_output_embeddings() if chunked else None
    assert head is None or isinstance(head, nn.Linear)  # else it is no plain head
    loss_pass = LossPass(model, head, within_items, None, tuple(notes))
    return compile_pass(learner, settings, loss_pass) if settings.compiled else loss_pass


def compile_pass(learner: Learner, settings: TrainSettings, loss_pass: LossPass) -> LossPass:
    """The same pass, compiled; where that fails it is as it was, with a note that says why."""
    items = [Example(0, "", tuple(range(n)), 1, 1, False) for n in PROBE]
    row = tuple(items) if settings.pack else (items[0],)
    rows = [row] * settings.batch
    batch = make_batch(rows, settings, learner.vocabulary).to(learner.device)
    weights = [weight for weight in learner.model.parameters() if weight.requires_grad]

    def warm_up() -> None:
        learner.model.train()  # as in a step
        with learner.autocast(), loss_pass.in_use():
            loss_pass.warm_up(batch, weights)

    compiled = compile_blocks(learner.model, warm_up)
    if isinstance(compiled, str):
        return replace(loss_pass, notes=(*loss_pass.notes, compiled))
    return replace(loss_pass, compiled=compiled)
