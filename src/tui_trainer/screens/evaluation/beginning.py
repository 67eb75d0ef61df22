"""Before an evaluation that takes long begins: what it will do, for how long, what stops it."""

from tui_trainer.protocol.loop_names import GSM8K
from tui_trainer.session.questions import Choice, Question
from tui_trainer.session.session import Session
from tui_trainer.words.costs import evaluation_cost, evaluation_seconds

LONG_SECONDS = 60.0
LARGE = 100_000_000
"""Parameters from which an evaluation may be long, as long as none has shown how long it takes."""
STOPS = "s stops it, and what was scored is kept."


async def is_wanted(session: Session) -> bool:
    """Whether the next one is to begin; the user is asked where it takes long, or may."""
    question = question_of_length(session)
    return question is None or await session.put(question) == "e"


def question_of_length(session: Session) -> Question | None:
    """None where it is short."""
    if (status := session.status) is None:
        return None
    evaluations = session.evaluations
    settings, last = evaluations.next.settings, evaluations.last_of(status.model.name)
    seconds = evaluation_seconds(settings, last)
    is_long = status.model.parameters >= LARGE if seconds is None else seconds >= LONG_SECONDS
    if not is_long:
        return None
    waits = " GSM8K is paused meanwhile." if session.is_running(GSM8K) else ""
    words = f"Evaluate now? {evaluation_cost(settings, last)}. {STOPS}{waits}"
    return Question(words, (Choice("e", "evaluate"), Choice("n", "not now")))
