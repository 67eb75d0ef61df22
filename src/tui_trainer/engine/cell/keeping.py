"""What an update keeps of how all was before it, as far as memory has room beside the bare cell.

The notebook's cell holds the weights, their gradients and the optimizer's moments. This program
adds what takes an update back and counts what it moved. Where memory is short that goes first, one
piece after the other; an update is refused where not even the bare cell has room.
"""

from dataclasses import dataclass, replace

import torch

from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.memory.room import lacking, no_room, release_unused
from tui_trainer.engine.memory.update_need import SHORTEST, UpdateNeed
from tui_trainer.errors import InputError
from tui_trainer.settings.model import BF16_STOCHASTIC

HOST = torch.device("cpu")
FEWER_UNDONE = "Memory is short, so older updates cannot be undone any more."
NO_UNDO = "Memory is short, so this update cannot be undone."
NO_UNDO_NO_COUNT = (
    "Memory is short, so this update cannot be undone, and the weights that it moved are not "
    "counted."
)
NO_COUNT = "Memory is short, so the weights that this update moved are not counted."
NO_FORK = (
    "A fork takes back each update that it tries, and memory has no room for the copies which that "
    "needs: give undo less of it (h), or try single updates at other learning rates."
)


@dataclass(frozen=True)
class Keeping:
    """What is kept of how all was before an update."""

    state: bool
    """The optimizer's: with the weights it takes the update back."""
    weights: bool = True
    """They take an update back that failed, and tell what one moved."""
    note: str = ""
    """What was given up because memory is short, in a sentence."""

    @property
    def less(self) -> "Keeping":
        """With the next piece given up."""
        if self.state:
            return Keeping(state=False, note=NO_UNDO)
        note = NO_UNDO_NO_COUNT if self.note else NO_COUNT
        return Keeping(state=False, weights=False, note=note)


def keep_for_update(learner: Learner, tokens: int) -> Keeping:
    """What is kept for the cell on a text of so many tokens; lets go of what is in its way.

    InputError where not even the bare cell has room.
    """
    wanted = Keeping(state=learner.history.can_keep)
    if learner.has_ample_room(tokens):
        return wanted
    return make_room(learner, wanted, cell_bytes(learner, learner.update_need(tokens)), tokens)


def keep_for_step(learner: Learner) -> Keeping:
    """As `keep_for_update`, for `optimizer.step` alone."""
    wanted = Keeping(state=learner.history.can_keep)
    if learner.has_ample_room(0):
        return wanted
    need = learner.update_need(SHORTEST)
    moments = 0 if learner.setup.optimizer.state else need.moments
    return make_room(learner, wanted, moments + need.temporaries, SHORTEST)


def check_room_for_passes(learner: Learner, tokens: int) -> None:
    """Before the forward pass of a backward pass; InputError where the two have no room."""
    if not learner.has_ample_room(tokens):
        nothing = Keeping(state=False, weights=False)
        make_room(learner, nothing, learner.update_need(tokens).passes, tokens)


def check_room_for_fork(learner: Learner, tokens: int) -> Keeping:
    """All that takes an update back is kept; InputError where there is no room for that."""
    everything = Keeping(state=True)
    if learner.has_ample_room(tokens):
        return everything
    needed = cell_bytes(learner, learner.update_need(tokens))
    release_unused(learner.device)
    check_device(learner, needed, tokens)
    while lacks(learner, everything, needed):
        if not learner.loaded.give_up():
            raise InputError(NO_FORK)
    return everything


def cell_bytes(learner: Learner, need: UpdateNeed) -> int:
    """What the cell takes beside what is held now."""
    if learner.weights.have_gradients:  # the new ones are added to them
        need = replace(need, left=max(0, need.left - learner.weights.trained_bytes))
    return need.most(moments_held=bool(learner.setup.optimizer.state))


def make_room(learner: Learner, wanted: Keeping, needed: int, tokens: int) -> Keeping:
    """What of `wanted` has room beside `needed` bytes on the model's device."""
    history, keeping, undone = learner.history, wanted, learner.history.report.undo
    release_unused(learner.device)
    while lacks(learner, keeping, needed):
        if learner.loaded.give_up() or (keeping.state and history.let_go_of_oldest()):
            continue
        if not history.bytes and not learner.weights.kept_bytes and not keeping.weights:
            break
        if not keeping.state:
            learner.weights.give_copy_away()
        history.release_memory()
        keeping = keeping.less if keeping.weights else keeping
        accelerator(learner.device).empty_host_cache()
        release_unused(learner.device)
    check_device(learner, needed, tokens)
    if history.report.undo < undone and not keeping.note:
        return replace(keeping, note=FEWER_UNDONE)
    return keeping


def lacks(learner: Learner, keeping: Keeping, needed: int) -> int:
    """How many bytes the host has too few to keep that, beside the cell where it is there."""
    kept = learner.weights.new_bytes if keeping.weights else 0
    kept += learner.history.new_bytes if keeping.state else 0
    return lacking(kept + (needed if learner.device.type == "cpu" else 0), HOST)


def check_device(learner: Learner, needed: int, tokens: int) -> None:
    """InputError with a remedy where the cell has no room."""
    device = learner.device
    if lacking(needed, device):
        use = f"An update on {tokens:,} tokens"
        raise no_room(use, needed, device, find_remedy(learner, tokens))


def find_remedy(learner: Learner, tokens: int) -> str:
    """What makes an update smaller, the least first; else what makes the model so."""
    shortest = learner.update_need(SHORTEST)
    if tokens > SHORTEST and not lacking(cell_bytes(learner, shortest), learner.device):
        return "shorten the text"
    without_moments = cell_bytes(learner, replace(learner.update_need(tokens), moments=0))
    if not lacking(without_moments, learner.device):
        return "take SGD as the optimizer, or load a smaller model"
    if not learner.report.precision.startswith("bf16"):
        return f"load the model in precision {BF16_STOCHASTIC}, or a smaller one"
    return "load a smaller model"
