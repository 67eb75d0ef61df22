"""Whether memory has room for a forward pass, asked before it takes any."""

from tui_trainer.engine.learner import Learner
from tui_trainer.engine.memory.room import lacking, no_room, release_unused


def check_room(learner: Learner, tokens: int) -> None:
    """Make room for a pass over so many tokens: the copy for R goes where its files serve too.

    InputError where there is none even so.
    """
    device = learner.device
    if learner.has_ample_room(tokens) or not lacking(learner.pass_need(_above(tokens)), device):
        return
    needed = learner.pass_need(tokens)
    release_unused(device)
    if lacking(needed, device) and learner.loaded.give_up():
        release_unused(device)
    if lacking(needed, device):
        use = f"A forward pass over {tokens:,} tokens"
        raise no_room(use, needed, device, "shorten the text, or load a smaller model")


def _above(tokens: int) -> int:
    """A power of two: what is counted for it serves many lengths, each of which takes a while."""
    return 1 << (tokens - 1).bit_length()
