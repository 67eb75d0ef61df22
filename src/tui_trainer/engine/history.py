"""Undo and redo of updates, bit for bit, within a budget of memory; and what was done in order.

A change of the weights is kept as the difference of their bits, taken as integers: adding it
gives the weights before, subtracting it those after, exactly, and both need no second copy.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import ReferenceType

import torch
from torch import Tensor
from torch.optim import Optimizer

from tui_trainer.engine.models.devices import free_memory
from tui_trainer.engine.room import lay_out
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import (
    ELSEWHERE,
    LOOP,
    Action,
    Done,
    HistoryReport,
    LoopSteps,
)
from tui_trainer.reports.phases import BACKWARD, FORWARD, LOSS, STEP, ZERO_GRAD
from tui_trainer.runs.open_folder import SavedWeights

if TYPE_CHECKING:
    from tui_trainer.engine.learner import Learner
from tui_trainer.engine.random_numbers import Rng, get_rng, set_rng

State = dict[Tensor, dict[str, object]]
"""What an optimizer keeps for each parameter: AdamW's two moments and its count of steps."""


SHARE_OF_FREE_MEMORY = 4


HARMLESS = FORWARD, LOSS, BACKWARD, ZERO_GRAD
"""Phases that change no weight."""


@dataclass
class Before:
    """What an update changes beside the weights, as it was before the update."""

    optimizer: Optimizer
    optimizer_name: str
    optimizer_number: int
    state: State
    rng: Rng


@dataclass
class Change:
    """One update, to be taken back and made again."""

    before: Before
    weights: list[Tensor]
    """For each weight the bits before less the bits after."""
    rng_after: Rng
    actions: tuple[Action, ...]

    @cached_property
    def bytes(self) -> int:
        """Counted once: each update asks for that of all before it."""
        return sum(t.nbytes for t in self.weights) + state_bytes(self.before.state)

    def take_back(self, learner: "Learner") -> None:
        """Make the Learner what it was before the update; its gradients are dropped."""
        learner.add_bits(self.weights)
        learner.updates -= 1
        self._swap(learner, self.before.rng)

    def make_again(self, learner: "Learner") -> None:
        """Make the Learner what it was after the update."""
        learner.add_bits(self.weights, sign=-1)
        learner.updates += 1
        self._swap(learner, self.rng_after)

    def _swap(self, learner: "Learner", rng: Rng) -> None:
        before, action = self.before, self.actions[-1]
        self.__dict__.pop("bytes", None)  # the state of before the first update is none
        other = dict(before.optimizer.state)
        before.optimizer.state.clear()
        before.optimizer.state.update(before.state)
        before.state = other
        learner.use_optimizer(before.optimizer, before.optimizer_name, before.optimizer_number)
        learner.set_lr(action.lr)
        learner.training = action.training
        learner.dropout.p = action.dropout
        set_rng(learner.device, rng)
        learner.model.zero_grad()


@dataclass
class History:
    """The updates of a Learner. Whatever else changes the weights ends what can be undone."""

    _owner: "ReferenceType[Learner]"
    """Weak: with its Learner it would be a cycle, and a model that another takes the place of would
    stay until a collection."""
    budget: int
    """In bytes; 0 keeps nothing."""
    pending: list[Action] = field(default_factory=list)
    """The phases that ran since the last update."""
    _changes: list[Change] = field(default_factory=list)
    _done: int = 0
    _older: list[Done] = field(default_factory=list)
    _rng: Rng | None = None
    """The random numbers before the first of the phases that are pending."""
    _prepared: Before | None = None
    _spare: State | None = None
    _unkept: list[Tensor] | None = None
    _version: int = -1
    _saved_at: dict[int, SavedWeights | None] = field(default_factory=lambda: {0: None})
    """After how many updates a file has the weights, on the way that these changes go, and which;
    None where they were loaded from it."""

    def __post_init__(self) -> None:
        self.mark()

    @property
    def learner(self) -> "Learner":
        learner = self._owner()
        assert learner is not None  # whoever asks has it in hand
        return learner

    @property
    def report(self) -> HistoryReport:
        self.look()
        held = sum(change.bytes for change in self._changes)
        return HistoryReport(self._done, len(self._changes) - self._done, held, self.budget)

    @property
    def actions(self) -> tuple[Done, ...]:
        """What was done since the weights were loaded, in order; what was undone is not in it."""
        self.look()
        return self._actions()

    @property
    def last_bits(self) -> list[Tensor] | None:
        """The bits of the weights before the last update less those now; None where not known."""
        if not self.is_current:
            return None
        return self._changes[self._done - 1].weights if self._done else self._unkept

    @property
    def is_current(self) -> bool:
        """Whether the weights are those that the last update, undo or redo left."""
        return self._version == self.learner.weights_version

    def mark(self) -> None:
        """The weights as they are now are those that this history leads to."""
        self._version = self.learner.weights_version

    @property
    def unsaved(self) -> int:
        """How many updates since the last weights that a file has; what was undone counts none."""
        self.look()
        updates = self.learner.updates
        for at in sorted(self._saved_at, reverse=True):
            saved = self._saved_at[at]
            if at <= updates and (saved is None or saved.are_there):
                return updates - at
        return updates + 1

    def mark_saved(self, saved: SavedWeights) -> None:
        """The weights as they are now are `saved`."""
        if self.unsaved:
            self._saved_at[self.learner.updates] = saved

    def _leave_saved(self) -> None:
        """An update was made, and leads elsewhere than to what was undone and had been saved."""
        for at in [at for at in self._saved_at if at >= self.learner.updates]:
            del self._saved_at[at]

    def is_left_by(self, number: int) -> bool:
        """Whether the loop of that number was the last to change the weights."""
        changes = (done for done in reversed(self.actions) if done.what not in HARMLESS)
        last = next(changes, None)
        return isinstance(last, LoopSteps) and last.number == number

    # Keeping

    def before(self) -> Before:
        """To be called before an update; quick where `prepare` was."""
        self.look()
        self._unkept = None  # the next copy of the weights is written over it
        prepared, self._prepared = self._prepared, None
        if prepared is None or prepared.optimizer is not self.learner.optimizer:
            prepared = self._copy()
        prepared.rng = get_rng(self.learner.device)
        return prepared

    def add_phase(self, action: Action, rng: Rng | None = None) -> None:
        """A phase ran that changed no weight; `rng` is what the random numbers were before it.

        Undo goes back to before the first phase of an update: what was undone draws nothing.
        """
        self._rng = self._rng or rng
        self.pending.append(action)

    def add_step(self, steps: LoopSteps) -> None:
        """A loop made a step, its last: there is no way back past it."""
        if self._changes or self.pending:
            self.forget_changes()
        self._leave_saved()
        last = self._older[-1] if self._older else None
        if isinstance(last, LoopSteps) and (last.number, last.last + 1) == (
            steps.number,
            steps.last,
        ):
            self._older[-1] = replace(steps, first=last.first)
        else:
            self._older.append(steps)
        self.mark()

    def prepare(self) -> None:
        """Copy ahead of the next update what it will need, while nobody waits for it.

        New memory is what costs: the system has to clear every page of it.
        """
        if self.budget and self._prepared is None:
            self._prepared = self._copy()
            self.learner.make_room()

    def _copy(self) -> Before:
        learner = self.learner
        spare, self._spare = self._spare, None
        state = copy_state(learner.optimizer.state, spare or {})
        name, number = learner.optimizer_name, learner.optimizer_number
        return Before(learner.optimizer, name, number, state, ())

    def add(self, change: Change) -> None:
        """An update was made: what had been undone cannot be redone any more."""
        while len(self._changes) > self._done:
            self._use_again(self._changes.pop())
        self._leave_saved()
        change.before.rng = self._rng or change.before.rng
        self.pending, self._rng = [], None
        self._prepared = None
        if change.bytes > self.budget:
            self.forget_changes()
            self._older += change.actions
            self._unkept = change.weights
        else:
            self.learner.give_copy_away()
            self._changes.append(change)
            self._done += 1
            self.trim()
        self.mark()

    def reject(self, change: Change) -> None:
        """Take back an update that was not added: the Learner is what it was before it."""
        change.take_back(self.learner)
        self._use_again(change)
        self.mark()

    def trim(self) -> None:
        """Let go of the oldest changes that are over the budget, and use their memory again."""
        held = sum(change.bytes for change in self._changes)
        while held > self.budget:
            if self._done:
                change = self._changes.pop(0)
                self._older += change.actions
                self._done -= 1
            else:
                change = self._changes.pop()
            held -= change.bytes
            self._use_again(change)

    def _use_again(self, change: Change) -> None:
        self._spare = change.before.state
        self.learner.take_room(change.weights)

    # Going back and forth

    def undo(self) -> Action:
        """Take the last update back, and tell which; InputError where there is none."""
        self.look()
        if not self._done:
            raise InputError(self._why_nothing())
        self._done -= 1
        change = self._changes[self._done]
        change.take_back(self.learner)
        self._arrive()
        return change.actions[-1]

    def redo(self) -> Action:
        """Make an update that was taken back again, to the same bits, and tell which."""
        self.look()
        if self._done == len(self._changes):
            raise InputError("There is nothing to redo: an update ends what could be redone.")
        change = self._changes[self._done]
        change.make_again(self.learner)
        self._done += 1
        self._arrive()
        return change.actions[-1]

    def _arrive(self) -> None:
        """No gradients are left; where the last action left some, clearing them was one too."""
        self._prepared = None
        self.pending, self._rng = [], None
        self.mark()
        actions = self.actions
        if actions and actions[-1].what == STEP:
            self.pending = [Action(ZERO_GRAD)]

    def _why_nothing(self) -> str:
        if not self.budget:
            return "The memory for undo is 0: give it some (h) before the next update."
        if self._older and self._older[-1].what in (LOOP, ELSEWHERE):
            return (
                "A loop or another screen has changed the weights since the last update here, so "
                "there is nothing to undo: R gives you the loaded weights."
            )
        if self._older:
            return (
                "The memory for undo holds no earlier update: give it more (h), or press R for "
                "the loaded weights."
            )
        return "There is no update to undo: these are the loaded weights."

    # Forgetting

    def clear(self) -> None:
        """The loaded weights again: nothing was done."""
        self.forget_changes()
        self._older = []
        self._saved_at = {0: None}
        self.mark()

    def forget_changes(self) -> None:
        """Keep what was done, but no way back."""
        self._older = list(self._actions())
        self._changes, self._done = [], 0
        self.pending, self._rng = [], None
        self._prepared = self._unkept = None

    @property
    def bytes(self) -> int:
        """What is held to go back and forth, with what is kept to be written again."""
        states = [self._prepared.state] if self._prepared else []
        states += [self._spare] if self._spare else []
        return sum(change.bytes for change in self._changes) + sum(map(state_bytes, states))

    def let_go(self) -> None:
        """Keep what was done, but no way back, and nothing to write again."""
        self.forget_changes()
        self._spare = None

    def look(self) -> None:
        """Where something else has changed the weights, there is no way back past it."""
        if not self.is_current:
            self.forget_changes()
            self._leave_saved()
            if not self._older or self._older[-1].what != ELSEWHERE:
                self._older.append(Action(ELSEWHERE))
            self.mark()

    def _actions(self) -> tuple[Done, ...]:
        kept = [action for change in self._changes[: self._done] for action in change.actions]
        return (*self._older, *kept, *self.pending)


def default_budget(device: torch.device) -> int:
    """A quarter of the memory that is free now, in bytes."""
    return free_memory(device) // SHARE_OF_FREE_MEMORY


def copy_state(state: State, into: State) -> State:
    """A copy of an optimizer's state, in the memory of `into` where that fits."""
    tensors, room = _tensors(state), _tensors(into)
    if [(t.shape, t.dtype) for t in room] != [(t.shape, t.dtype) for t in tensors]:
        room = lay_out(tensors)
    copies = iter([copy.copy_(tensor) for copy, tensor in zip(room, tensors, strict=True)])
    return {
        parameter: {
            name: next(copies) if isinstance(value, Tensor) else value
            for name, value in values.items()
        }
        for parameter, values in state.items()
    }


def _tensors(state: State) -> list[Tensor]:
    values = [value for values in state.values() for value in values.values()]
    return [value for value in values if isinstance(value, Tensor)]


def state_bytes(state: State) -> int:
    """Bytes of the tensors in an optimizer's state."""
    return sum(tensor.nbytes for tensor in _tensors(state))
