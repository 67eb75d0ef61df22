"""Whether memory has room for a loop that is not this program's own, asked before it begins."""

from tui_trainer.engine.learner import Learner
from tui_trainer.engine.memory.room import lacking, no_room, release_unused


def check_room(learner: Learner, loop: str, tokens: int) -> None:
    """Before its first step, on so many tokens at once; InputError where that has no room.

    A step holds what the notebook's cell does. The copy of the loaded weights is given up, since
    such a loop does not go back to them.
    """
    if learner.has_ample_room(tokens):
        return
    learner.loaded.give_up()
    release_unused(learner.device)
    needed = learner.update_need(tokens).most(moments_held=False)
    if lacking(needed, learner.device):
        use = f"A step of {loop} on {tokens:,} tokens"
        remedy = "leave it out with --loops, or take a smaller model"
        raise no_room(use, needed, learner.device, remedy)
