"""Whether memory has room for a loop that is not this program's own, asked before it begins."""

from tui_trainer.engine.learner import Learner
from tui_trainer.engine.memory.room import lacking, release_unused
from tui_trainer.engine.models.devices import free_memory
from tui_trainer.errors import InputError
from tui_trainer.words.numbers import gigabytes


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
        raise InputError(
            f"A step of {loop} on {tokens:,} tokens needs {gigabytes(needed)} GB more on "
            f"{learner.device}, and {gigabytes(free_memory(learner.device))} are free: leave it "
            "out with --loops, or take a smaller model."
        )
