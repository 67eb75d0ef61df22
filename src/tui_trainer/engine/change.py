"""One update, to be taken back and made again, bit for bit.

A change of the weights is kept as the difference of their bits, taken as integers: adding it
gives the weights before, subtracting it those after, exactly, and both need no second copy. What is
kept of a model on an accelerator is on the host, whose memory is the larger one.
"""

from dataclasses import dataclass
from functools import cached_property

from torch.optim import Optimizer

from tui_trainer.engine.optimizers.state import KeptState, put_state, state_bytes, take_state
from tui_trainer.engine.random_numbers import Rng, set_rng
from tui_trainer.engine.training_setup import TrainingSetup
from tui_trainer.engine.weights import Difference, Weights
from tui_trainer.reports.actions import Action


@dataclass
class Before:
    """What an update changes beside the weights, as it was before the update."""

    optimizer: Optimizer
    optimizer_name: str
    optimizer_number: int
    state: KeptState | None
    """None where it is not kept: then there is no way back."""
    rng: Rng


@dataclass
class Change:
    """What an update changed."""

    before: Before
    weights: Difference
    """Before less after; empty where the weights before were not kept."""
    rng_after: Rng
    actions: tuple[Action, ...]

    @cached_property
    def bytes(self) -> int:
        """Counted once: each update asks for that of all before it."""
        state = self.before.state
        return sum(t.nbytes for t in self.weights) + (state_bytes(state.values) if state else 0)

    def take_back(self, weights: Weights, setup: TrainingSetup) -> None:
        """Make all what it was before the update; the gradients are dropped."""
        weights.add_difference(self.weights)
        self._swap(weights, setup, self.before.rng)

    def make_again(self, weights: Weights, setup: TrainingSetup) -> None:
        """Make all what it was after the update; the gradients are dropped."""
        weights.subtract_difference(self.weights)
        self._swap(weights, setup, self.rng_after)

    def _swap(self, weights: Weights, setup: TrainingSetup, rng: Rng) -> None:
        """The optimizer's state here takes the place of that in the optimizer, which is kept."""
        before = self.before
        assert before.state is not None
        self.__dict__.pop("bytes", None)  # the state of before the first update is none
        other = take_state(before.optimizer)
        put_state(before.optimizer, before.state)
        before.state = other
        setup.use_optimizer(before.optimizer, before.optimizer_name, before.optimizer_number)
        setup.set_as_in(self.actions[-1])
        set_rng(weights.device, rng)
        weights.zero_grad()
