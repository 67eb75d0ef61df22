"""Undo and redo of updates, bit for bit, within a budget of memory; and what was done in order."""

from dataclasses import dataclass, field, replace

import torch

from tui_trainer.engine.change import Before, Change
from tui_trainer.engine.models.devices import free_memory
from tui_trainer.engine.optimizers.state import KeptState, copy_state, state_bytes
from tui_trainer.engine.random_numbers import Rng, get_rng
from tui_trainer.engine.training_setup import TrainingSetup
from tui_trainer.engine.weights import Difference, Weights
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

SHARE_OF_FREE_MEMORY = 4
HOST = torch.device("cpu")

HARMLESS = FORWARD, LOSS, BACKWARD, ZERO_GRAD
"""Phases that change no weight."""


@dataclass
class History:
    """The updates of some weights. Whatever else changes them ends what can be undone."""

    weights: Weights
    setup: TrainingSetup
    budget: int
    """In bytes; 0 keeps nothing."""
    is_usual: bool = True
    """Whether nobody asked for another budget."""
    updates: int = 0
    """How many the weights are away from the loaded ones, whoever made them."""
    pending: list[Action] = field(default_factory=list)
    """The phases that ran since the last update."""
    _changes: list[Change] = field(default_factory=list)
    _done: int = 0
    _older: list[Done] = field(default_factory=list)
    _rng: Rng | None = None
    """The random numbers before the first of the phases that are pending."""
    _prepared: Before | None = None
    _spare: KeptState | None = None
    _unkept: Difference | None = None
    _version: int = -1
    _saved_at: dict[int, SavedWeights | None] = field(default_factory=lambda: {0: None})
    """After how many updates a file has the weights, on the way that these changes go, and which;
    None where they were loaded from it."""

    def __post_init__(self) -> None:
        self.mark_current()

    @property
    def report(self) -> HistoryReport:
        self.notice_other_changes()
        held = sum(change.bytes for change in self._changes)
        redo = len(self._changes) - self._done
        return HistoryReport(self._done, redo, held, self.budget, self.is_usual)

    @property
    def actions(self) -> tuple[Done, ...]:
        """What was done since the weights were loaded, in order; what was undone is not in it."""
        self.notice_other_changes()
        return self._actions()

    @property
    def last_difference(self) -> Difference | None:
        """What the last update changed, before less now; None where that is not known."""
        if not self.is_current:
            return None
        return self._changes[self._done - 1].weights if self._done else self._unkept

    @property
    def is_current(self) -> bool:
        """Whether the weights are those that the last update, undo or redo left."""
        return self._version == self.weights.version

    def mark_current(self) -> None:
        """The weights as they are now are those that this history leads to."""
        self._version = self.weights.version

    @property
    def unsaved(self) -> int:
        """How many updates since the last weights that a file has; what was undone counts none."""
        self.notice_other_changes()
        for at in sorted(self._saved_at, reverse=True):
            saved = self._saved_at[at]
            if at <= self.updates and (saved is None or saved.are_there):
                return self.updates - at
        return self.updates + 1

    def mark_saved(self, saved: SavedWeights) -> None:
        """The weights as they are now are `saved`."""
        if self.unsaved:
            self._saved_at[self.updates] = saved

    def _forget_saved_ahead(self) -> None:
        """An update was made, and leads elsewhere than to what was undone and had been saved."""
        for at in [at for at in self._saved_at if at >= self.updates]:
            del self._saved_at[at]

    def is_left_by(self, number: int) -> bool:
        """Whether the loop of that number was the last to change the weights."""
        changes = (done for done in reversed(self.actions) if done.what not in HARMLESS)
        last = next(changes, None)
        return isinstance(last, LoopSteps) and last.number == number

    # Keeping

    def set_budget(self, budget: int | None) -> None:
        """How many bytes may be held, 0 for nothing, None for the usual; what is over it is let go
        of now."""
        self.is_usual = budget is None
        self.budget = default_budget() if budget is None else budget
        self._keep_to_budget()

    @property
    def can_keep(self) -> bool:
        """Whether the budget has room for one more update."""
        state = state_bytes(self.setup.optimizer.state)
        return self.weights.trained_bytes + state <= self.budget

    @property
    def new_bytes(self) -> int:
        """What `before_update` asks of the host beside what is held to be written again."""
        kept = self._prepared.state if self._prepared else self._spare
        held = state_bytes(kept.values) if kept else 0
        return max(0, state_bytes(self.setup.optimizer.state) - held)

    def before_update(self, *, keeping: bool = True) -> Before:
        """To be called before an update; quick where `copy_ahead` was.

        Without `keeping` the update cannot be taken back.
        """
        self.notice_other_changes()
        self._unkept = None  # the next copy of the weights is written over it
        prepared, self._prepared = self._prepared, None
        if not keeping:
            prepared = self._before(None)
        elif prepared is None or prepared.optimizer is not self.setup.optimizer:
            prepared = self._copy_before()
        prepared.rng = get_rng(self.weights.device)
        return prepared

    def add_phase(self, action: Action, rng: Rng | None = None) -> None:
        """A phase ran that changed no weight; `rng` is what the random numbers were before it.

        Undo goes back to before the first phase of an update: what was undone draws nothing.
        """
        self._rng = self._rng or rng
        self.pending.append(action)

    def add_step(self, steps: LoopSteps) -> None:
        """A loop made a step, its last: there is no way back past it."""
        self.updates += 1
        if self._changes or self.pending:
            self.forget_changes()
        self._forget_saved_ahead()
        last = self._older[-1] if self._older else None
        if isinstance(last, LoopSteps) and (last.number, last.last + 1) == (
            steps.number,
            steps.last,
        ):
            self._older[-1] = replace(steps, first=last.first)
        else:
            self._older.append(steps)
        self.mark_current()

    def copy_ahead(self) -> None:
        """Copy ahead of the next update what it will need, while nobody waits for it.

        New memory is what costs: the system has to clear every page of it.
        """
        if self.budget and self._prepared is None:
            self._prepared = self._copy_before()
            self.weights.copy_ahead()

    def _copy_before(self) -> Before:
        spare, self._spare = self._spare, None
        return self._before(copy_state(self.setup.optimizer.state, spare))

    def _before(self, state: KeptState | None) -> Before:
        setup = self.setup
        return Before(setup.optimizer, setup.optimizer_name, setup.optimizer_number, state, ())

    def add(self, change: Change) -> None:
        """An update was made: what had been undone cannot be redone any more."""
        self.updates += 1
        while len(self._changes) > self._done:
            self._reuse_memory(self._changes.pop())
        self._forget_saved_ahead()
        change.before.rng = self._rng or change.before.rng
        self.pending, self._rng = [], None
        self._prepared = None
        if change.before.state is None or change.bytes > self.budget:
            self.forget_changes()
            self._older += change.actions
            self._unkept = change.weights or None
        else:
            self.weights.give_copy_away()
            self._changes.append(change)
            self._done += 1
            self._keep_to_budget()
        self.mark_current()

    def reject(self, change: Change) -> None:
        """Take back an update that was not added: all is what it was before it."""
        change.take_back(self.weights, self.setup)
        self._reuse_memory(change)
        self.mark_current()

    def _keep_to_budget(self) -> None:
        """Let go of the oldest changes that are over the budget."""
        held = sum(change.bytes for change in self._changes)
        while held > self.budget:
            held -= self._let_go()

    def let_go_of_oldest(self) -> bool:
        """One update less that can be undone, or else redone; False where there is none."""
        return bool(self._changes) and self._let_go() > 0

    def _let_go(self) -> int:
        """Of the oldest change, where none can be undone the last; use its memory again.

        How many bytes it held.
        """
        if self._done:
            change = self._changes.pop(0)
            self._older += change.actions
            self._done -= 1
        else:
            change = self._changes.pop()
        self._reuse_memory(change)
        return change.bytes

    def _reuse_memory(self, change: Change) -> None:
        self._spare = change.before.state or self._spare
        self.weights.reuse_memory(change.weights)

    # Going back and forth

    def undo(self) -> Action:
        """Take the last update back, and tell which; InputError where there is none."""
        self.notice_other_changes()
        if not self._done:
            raise InputError(self._why_nothing())
        self._done -= 1
        change = self._changes[self._done]
        change.take_back(self.weights, self.setup)
        self.updates -= 1
        self._arrive()
        return change.actions[-1]

    def redo(self) -> Action:
        """Make an update that was taken back again, to the same bits, and tell which."""
        self.notice_other_changes()
        if self._done == len(self._changes):
            raise InputError("There is nothing to redo: an update ends what could be redone.")
        change = self._changes[self._done]
        change.make_again(self.weights, self.setup)
        self._done += 1
        self.updates += 1
        self._arrive()
        return change.actions[-1]

    def _arrive(self) -> None:
        """No gradients are left; where the last action left some, clearing them was one too."""
        self._prepared = None
        self.pending, self._rng = [], None
        self.mark_current()
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
        self._older, self.updates = [], 0
        self._saved_at = {0: None}
        self.mark_current()

    def forget_changes(self) -> None:
        """Keep what was done, but no way back."""
        self._older = list(self._actions())
        self._changes, self._done = [], 0
        self.pending, self._rng = [], None
        self._prepared = self._unkept = None

    @property
    def bytes(self) -> int:
        """What is held to go back and forth, with what is kept to be written again."""
        states = [self._prepared.state if self._prepared else None, self._spare]
        held = sum(change.bytes for change in self._changes)
        return held + sum(state_bytes(state.values) for state in states if state)

    def release_memory(self) -> None:
        """Keep what was done, but no way back, and nothing to write again."""
        self.forget_changes()
        self._spare = None

    def notice_other_changes(self) -> None:
        """Where something else has changed the weights, there is no way back past it."""
        if not self.is_current:
            self.forget_changes()
            self._forget_saved_ahead()
            if not self._older or self._older[-1].what != ELSEWHERE:
                self._older.append(Action(ELSEWHERE))
            self.mark_current()

    def _actions(self) -> tuple[Done, ...]:
        kept = [action for change in self._changes[: self._done] for action in change.actions]
        return (*self._older, *kept, *self.pending)


def default_budget() -> int:
    """A quarter of the host's memory that is free now, in bytes."""
    return free_memory(HOST) // SHARE_OF_FREE_MEMORY
