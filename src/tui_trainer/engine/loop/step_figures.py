"""What the passes of one step give: kept on the device until the step is over, then told."""

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from tui_trainer.engine.accelerator import receive
from tui_trainer.engine.data.batching import MicroBatch
from tui_trainer.engine.data.plan import StepPlan
from tui_trainer.engine.data.row_layout import parts_of
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.item_losses import ItemLosses, losses_by_item, report_item
from tui_trainer.engine.loop.layer_look import LayerLook
from tui_trainer.engine.loop.loss_pass import LossPass
from tui_trainer.engine.loop.step_rows import LaidOut
from tui_trainer.engine.loop.training_state import TrainingState
from tui_trainer.engine.models.devices import memory_in_use
from tui_trainer.engine.random_numbers import get_rng, set_rng
from tui_trainer.reports.steps import StepReport


class StepFigures:
    """The micro-batches of a step, on the device, and what came of each; its clock runs."""

    def __init__(self, learner: Learner, batches: Sequence[MicroBatch]) -> None:
        self._started = time.perf_counter()
        self._learner = learner
        self._on_host = batches
        self.batches = [learner.send(batch) for batch in batches]
        self.counted = sum(batch.counted for batch in batches)
        """The tokens that the step's loss is the mean over."""
        self._rng = get_rng(learner.device)
        self._loss = torch.zeros((), device=learner.device)
        self._losses: list[Tensor] = []
        """Of the labels of each micro-batch: [row, position]."""
        self.loss = self.grad_norm = self.seconds = 0.0
        """The loss in nats a token, before the update; all are known once they are received."""
        self.is_clipped = False
        """Whether torch scales the gradients by less than 1; by 1 it would, too, which is to read
        and write all of them for nothing."""
        self.items: list[ItemLosses] = []
        self.look: LayerLook | None = None
        """At what the step did to each layer, where it is looked at."""

    def add(self, loss: Tensor, losses: Tensor) -> None:
        """The share of a micro-batch in the loss, and the loss of each label."""
        self._loss += loss.detach()
        self._losses.append(losses)

    def receive(self, grad_norm: Tensor, clip: float | None, meanwhile: Callable[[], None]) -> bool:
        """Wait for the device, and do something `meanwhile`; whether loss and gradient are finite.

        `clip` is the norm that longer gradients are scaled down to.

        A GPU is not waited for until that is done; then it updates the weights while the losses
        are reported.
        """
        arriving = receive(self._loss, grad_norm, *self._losses)
        meanwhile()
        loss, norm, *self._losses = arriving.wait()
        self.loss, self.grad_norm = loss.item(), norm.item()
        is_finite = bool(loss.isfinite() & norm.isfinite())
        if is_finite and clip is not None:
            self.is_clipped = bool(clip / (norm + 1e-6) < 1)  # as torch divides
        return is_finite

    def restore_random_numbers(self) -> None:
        """As if the step had drawn none."""
        set_rng(self._learner.device, self._rng)

    def finish(self) -> None:
        """The loss of each item; here the clock stops."""
        for batch, losses in zip(self.batches, self._losses, strict=True):
            self.items += losses_by_item(batch, losses)
        self.seconds = time.perf_counter() - self._started

    def rows(self, step: int, forward: LossPass) -> LaidOut:
        """What was trained on and what came of it, for whoever asks before the next step."""
        given = self._on_host, forward.attention, forward.called
        return LaidOut(step, *given, self._losses, self.loss)

    def report(
        self,
        state: TrainingState,
        steps: StepPlan,
        *,
        applied: bool,
        notes: tuple[str, ...],
    ) -> StepReport:
        """What the user is told of the step, the last that `state` has."""
        vocabulary = self._learner.vocabulary
        best, worst = state.best_and_worst.update(self.items, vocabulary)
        return StepReport(
            step=state.step,
            steps=len(steps),
            loss=self.loss,
            grad_norm=self.grad_norm,
            tokens=sum(len(example.ids) for example, _ in self.items),
            positions=sum(batch.input_ids.numel() for batch in self.batches),
            lr=state.scheduled_lr(steps.settings, state.step, len(steps)),
            peak_lr=state.peak_lr,
            seconds=self.seconds,
            items=len(steps.examples),
            item=report_item(self.items[0], vocabulary),
            best=best,
            worst=worst,
            truncated=sum(example.truncated for example, _ in self.items),
            memory_bytes=memory_in_use(self._learner.device),
            updates=self._learner.updates,
            applied=applied,
            clipped=self.is_clipped,
            notes=notes,
            layers=None if self.look is None else self.look.report(state.step),
            row=parts_of(self.batches[0], 0),
        )
