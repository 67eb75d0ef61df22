"""What was asked for and is not done yet, without an app."""

from concurrent.futures import Future

import pytest

from tui_trainer.protocol.events import LoopChanged, LoopState
from tui_trainer.session.pending import Pending

RUNNING, PAUSED, STOPPED = LoopState.RUNNING, LoopState.PAUSED, LoopState.STOPPED
FINISHED, FAILED = LoopState.FINISHED, LoopState.FAILED


@pytest.mark.parametrize(
    ("asked", "heard", "left"),
    [
        (PAUSED, RUNNING, PAUSED),  # it began, and will pause
        (PAUSED, PAUSED, None),
        (RUNNING, RUNNING, None),
        (STOPPED, PAUSED, None),  # its checkpoint could not be written
        (STOPPED, STOPPED, None),
        (PAUSED, FINISHED, None),
        (RUNNING, FAILED, None),
    ],
)
def test_what_a_loop_was_asked_for_is_forgotten_once_it_is_so(
    asked: LoopState, heard: LoopState, left: LoopState | None
) -> None:
    pending = Pending()
    pending.ask_state("gsm8k", asked)
    pending.hear(LoopChanged("step", heard))
    assert pending.state_of("gsm8k") is asked
    pending.hear(LoopChanged("gsm8k", heard))
    assert pending.state_of("gsm8k") is left


def test_steps_are_counted_down_as_they_are_made() -> None:
    pending = Pending()
    for _ in range(3):
        pending.ask_step("gsm8k")
    pending.hear(LoopChanged("gsm8k", PAUSED))
    assert pending.steps_of("gsm8k") == 2
    pending.hear(LoopChanged("gsm8k", FINISHED))
    assert pending.steps_of("gsm8k") == 0


def test_what_waits_is_told_in_order_once_and_in_few_words() -> None:
    asked: list[int] = []
    pending = Pending(on_ask=lambda: asked.append(1))
    words = "Updating", "Updating", "Saving", "Undoing", "Probing", ""
    futures: list[Future[None]] = [Future() for _ in words]
    for what, future in zip(words, futures, strict=True):
        pending.add(what, future)
    assert (pending.waiting(), len(asked)) == ("Updating, Saving and 2 more", 5)
    assert (pending.count("Updating"), pending.has("Redoing")) == (2, False)
    futures[0].set_running_or_notify_cancel()  # it is being answered, and waits no more
    assert (pending.count("Updating"), pending.waiting()) == (2, "Updating, Saving and 2 more")
    futures[0].set_result(None)
    futures[1].cancel()
    assert pending.waiting() == "Saving, Undoing and 1 more"
    for future in futures[2:]:
        future.cancel()
    assert (pending.waiting(), pending.has("Saving")) == ("", False)
