"""The training loop: a generator that makes one update for each `next`."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch.optim import Optimizer

from tui_trainer.engine.data.examples import Example, longest_item
from tui_trainer.engine.data.packing import make_batch
from tui_trainer.engine.data.plan import plan_steps
from tui_trainer.engine.data.row_layout import first_row
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.held_out import NOTHING, HeldOut
from tui_trainer.engine.loop.item_losses import BestAndWorst, losses_by_item, report_item
from tui_trainer.engine.loop.loss_pass import make_loss_pass
from tui_trainer.engine.loop.not_finite import why_not_applied
from tui_trainer.engine.loop.validation import measure, notes_on_samples
from tui_trainer.engine.models.devices import memory_in_use, receive
from tui_trainer.engine.optimizers.optim import schedule_factor, set_lr
from tui_trainer.engine.random_numbers import Rng, get_rng, set_rng
from tui_trainer.reports.actions import Loop, LoopSteps, LrChange
from tui_trainer.reports.loop import HaltReport, LoopReport, PartReport
from tui_trainer.reports.problem import Problem
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.train import TrainSettings, check_lr


@dataclass
class TrainingState:
    """What a loop keeps from step to step beside the weights; between two steps it may change."""

    optimizer: Optimizer
    peak_lr: float
    """What the schedule multiplies."""
    loop: Loop
    number: int
    """Tells the loop from the others of its Learner."""
    step: int = 0
    """How many steps were made, those that were left out with them."""
    lr_changes: tuple[LrChange, ...] = ()
    best_and_worst: BestAndWorst = field(default_factory=BestAndWorst)
    rng: Rng | None = None
    """The random numbers to go on with; None begins them with the settings' seed."""
    notes: tuple[str, ...] = ()
    """What the user is told with the first step."""

    def set_lr(self, lr: float) -> None:
        """The highest learning rate of the schedule, from the next step on."""
        self.peak_lr = check_lr(lr)
        made = tuple(change for change in self.lr_changes if change.step <= self.step)
        self.lr_changes = (*made, LrChange(self.step + 1, lr))

    def made(self, step: int) -> LoopSteps:
        """What the history is to know of a step that was made."""
        return LoopSteps(self.loop, self.number, step, step, self.lr_changes)


def begin_training(learner: Learner, settings: TrainSettings, loop: Loop) -> TrainingState:
    """A loop before its first step: the optimizer is its own, and fresh."""
    learner.loops += 1
    optimizer = learner.setup.make_optimizer(
        settings.optimizer, settings.lr, settings.weight_decay, fused=settings.fused
    )
    return TrainingState(optimizer, settings.lr, loop, learner.loops)


def begin_random_numbers(learner: Learner, settings: TrainSettings, state: TrainingState) -> None:
    if state.rng is None:
        torch.manual_seed(settings.seed)
    else:
        set_rng(learner.device, state.rng)


def describe_loop(
    problems: Sequence[Problem],
    examples: Sequence[Example],
    settings: TrainSettings,
    context: int | None,
) -> Loop:
    """What is to be known of a loop whose `problems` came to `examples`."""
    all_useful = len(examples) == len(problems)
    # An item that was left out may have lost to the cut what it was to be counted for.
    is_cut = not all_useful or any(example.truncated for example in examples)
    return Loop(
        settings=settings,
        steps=len(plan_steps(examples, settings)),
        longest=longest_item(settings, context) if is_cut else None,
        all_useful=all_useful,
        verbatim=all(problem.verbatim for problem in problems),
    )


def train(
    learner: Learner,
    examples: Sequence[Example],
    settings: TrainSettings,
    state: TrainingState,
    held_out: HeldOut = NOTHING,
) -> Iterator[LoopReport]:
    """The notebook's loop over question/answer items: a report a step, and what is measured.

    Nothing happens between two `next` calls, so whoever holds the generator can pause, look at
    the model or change it there. The loss is the mean over the tokens that count, before the
    step's update. A step that fails leaves the weights as they were after the last whole one, and
    so does one whose loss or gradient is not finite: that is told first, and then it is left out.
    """
    model, vocabulary, optimizer = learner.model, learner.vocabulary, state.optimizer
    steps = plan_steps(examples, settings)
    if settings.compiled:
        yield PartReport("warming up")
    loss_pass = make_loss_pass(learner, examples, settings)
    notes = (*state.notes, *loss_pass.notes, *notes_on_samples(learner, held_out.samples))
    first = state.step + 1
    begin_random_numbers(learner, settings, state)

    laid_out = (
        [make_batch(rows, settings, vocabulary) for rows in passes]
        for passes in steps.after(state.step)
    )
    next_batches = next(laid_out, [])
    for step in range(first, len(steps) + 1):
        yield from measure(learner, held_out, settings, step - 1, len(steps))

        started = time.perf_counter()
        learner.history.notice_other_changes()
        factor = schedule_factor(settings.schedule, step, len(steps), settings.warmup)
        set_lr(optimizer, state.peak_lr * factor)
        batches = [batch.to(learner.device) for batch in next_batches]
        counted = sum(batch.counted for batch in batches)
        loss_so_far = torch.zeros((), device=learner.device)
        each = []
        rng = get_rng(learner.device)

        # Memory runs out in the first step or hardly ever; copying in each takes 5% of the time.
        with learner.restored_on_failure(optimizer, copying=step == first):
            if not model.training:  # telling every module takes 2% of a step
                model.train()
            for batch in batches:
                with learner.autocast(), loss_pass.in_use():
                    loss, losses = loss_pass(batch, counted)
                loss.backward()
                loss_so_far += loss.detach()
                each.append(losses)
            arriving = receive(loss_so_far, learner.weights.grad_norm(), *each)
            # A GPU is not waited for until the next rows are laid out; then it updates the weights
            # while the losses are reported.
            next_batches = next(laid_out, [])
            step_loss, grad_norm, *each = arriving.wait()
            if is_finite := bool(step_loss.isfinite() & grad_norm.isfinite()):
                optimizer.step()
            else:  # the weights could not be had back
                set_rng(learner.device, rng)
            optimizer.zero_grad()
        items = [
            item
            for batch, losses in zip(batches, each, strict=True)
            for item in losses_by_item(batch, losses)
        ]
        seconds = time.perf_counter() - started

        if is_finite:
            learner.history.add_step(state.made(step))
        elif not settings.skip_not_finite:
            yield HaltReport(step, why_not_applied(step, step_loss.item(), items))
        state.step = step
        best, worst = state.best_and_worst.update(items, vocabulary)
        yield StepReport(
            step=step,
            steps=len(steps),
            loss=step_loss.item(),
            tokens=sum(len(example.ids) for example, _ in items),
            positions=sum(batch.input_ids.numel() for batch in batches),
            lr=state.peak_lr * factor,
            peak_lr=state.peak_lr,
            seconds=seconds,
            items=len(examples),
            item=report_item(items[0], vocabulary),
            best=best,
            worst=worst,
            truncated=sum(example.truncated for example, _ in items),
            memory_bytes=memory_in_use(learner.device),
            updates=learner.updates,
            applied=is_finite,
            notes=notes if step == first else (),
            row=first_row(batches[0]),
        )

    yield from measure(learner, held_out, settings, len(steps), len(steps))
