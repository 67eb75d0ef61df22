"""The one guard before updates are lost: it asks, and what is under enter keeps the work."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_trainer.protocol.loop_names import BENCH, EVALUATION, GSM8K
from tui_trainer.session.going_on import Act
from tui_trainer.session.questions import Choice, Question
from tui_trainer.words.numbers import counted

if TYPE_CHECKING:
    from tui_trainer.session.session import Session


@dataclass(frozen=True)
class Leaving:
    """Something that puts other weights in the place of these, or ends the app."""

    verb: str
    """As an answer has it."""
    question: str
    act: Act | None
    """What it does while the app goes on; None for its end, which nothing forbids."""
    also: str = ""
    """What it changes that the user may not expect: then it asks though nothing would be lost."""


QUIT = Leaving("quit", "Quit?", None)
RELOAD = Leaving("reload", "Put the loaded weights back?", Act.RELOAD)
LOAD = Leaving("load", "Load other weights?", Act.LOAD)
ENDS = {
    GSM8K: "The GSM8K loop is paused, and would end.",
    BENCH: "A bench is running, and nothing would be kept of it.",
    EVALUATION: "An evaluation is running, and would end; what was scored so far is kept (5, E).",
}
"""What is said of a loop that ends with the app, by its name."""


async def leave_weights(session: "Session", leaving: Leaving) -> bool:
    """Whether to go on; where updates would be lost the user was asked, and they may be saved.

    A loop that is paused is ended then. False where the user stays, or it may not be done now.
    """
    if leaving is QUIT and session.worker.views > 1:  # all goes on at another view
        return True
    # Looked at again at the end: the user, or the worker, may have taken their time.
    return _may(session, leaving) and await _is_left(session, leaving) and _may(session, leaving)


def _may(session: "Session", leaving: Leaving) -> bool:
    return leaving.act is None or not session.refuses(leaving.act)


async def _is_left(session: "Session", leaving: Leaving) -> bool:
    unsaved = await session.saving.unsaved()
    ends_run = session.is_live(GSM8K) and leaving.act is not None
    loses = unsaved or ends_run or session.is_live(BENCH) or session.is_live(EVALUATION)
    if not loses and not leaving.also:
        return True
    answer = await session.put(_question(session, leaving, unsaved))
    if answer == "d":
        session.saving.detaches = True
        return True
    if answer == "w" and leaving is QUIT:
        return await session.saving.save_and_end()
    if answer == "w":
        return await session.saving.end_training(save=True)
    if answer == "y" and leaving.act is not None:
        return await session.saving.end_training(save=False)
    return answer == "y"


def _question(session: "Session", leaving: Leaving, unsaved: int) -> Question:
    answers = [Choice("n", "stay"), Choice("y", leaving.verb)]
    if unsaved:
        answers.insert(1, Choice("w", f"save and {leaving.verb}"))
    if leaving is QUIT and session.worker.outlives_view:
        answers.insert(1, Choice("d", "detach"))
    told = filter(None, (_what_is_lost(session, unsaved), leaving.also, leaving.question))
    words = " ".join(told)
    if leaving is RELOAD:
        from tui_trainer.words.loaded import describe_loaded  # noqa: PLC0415  # not before a frame

        words += f" The loaded ones are {describe_loaded(session.choice.source)}."
    return Question(words, tuple(answers))


def _what_is_lost(session: "Session", unsaved: int) -> str:
    """What goes on, and what no file has."""
    run = session.saved
    in_no_file = f"No file has the last {counted(unsaved, 'update')} of these weights."
    if session.is_live(GSM8K) and run is not None:
        if session.is_running(GSM8K):
            return f"The GSM8K loop is training. {run.describe(goes_on=True)}"
        # Not all of them need be steps: some are made on Step meanwhile.
        more = f" {in_no_file}" if unsaved > run.unsaved else ""
        return f"The GSM8K loop is paused. {run.describe()}{more}"
    if session.is_training:
        return "A loop is training, and no file has what it learned."
    if unsaved:
        return in_no_file
    return next((words for name, words in ENDS.items() if session.is_live(name)), "")
