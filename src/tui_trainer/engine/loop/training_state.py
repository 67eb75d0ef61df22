"""What a training loop keeps from step to step beside the weights."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from tui_trainer.engine.data.examples import Example, longest_item
from tui_trainer.engine.data.plan import plan_steps
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.item_losses import BestAndWorst
from tui_trainer.engine.loop.step_rows import LaidOut
from tui_trainer.engine.optimizers.optim import schedule_factor
from tui_trainer.engine.random_numbers import Rng, set_rng
from tui_trainer.reports.actions import Loop, LoopSteps, LrChange
from tui_trainer.reports.problem import Problem
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
    copies: bool = True
    """Whether the first step keeps the weights of before it, to put them back where it fails."""
    notes: tuple[str, ...] = ()
    """What the user is told with the first step."""
    last_rows: LaidOut | None = None
    """What the last step trained on; None before the first."""
    last_grad_norms: dict[nn.Parameter, Tensor] = field(default_factory=dict)
    """Of each weight in that step, on the device, for whoever wants to know where it was long."""

    def set_lr(self, lr: float) -> None:
        """The highest learning rate of the schedule, from the next step on."""
        self.peak_lr = check_lr(lr)
        made = tuple(change for change in self.lr_changes if change.step <= self.step)
        self.lr_changes = (*made, LrChange(self.step + 1, lr))

    def scheduled_lr(self, settings: TrainSettings, step: int, steps: int) -> float:
        """The learning rate of `step`, counted from 1, of `steps`."""
        return self.peak_lr * schedule_factor(settings.schedule, step, steps, settings.warmup)

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
