"""The item that the next run begins with, read before there is one."""

from functools import partial

from tui_trainer.engine.data.problems import is_on_hub, load_problems
from tui_trainer.errors import InputError
from tui_trainer.protocol.tokens import ReadItem
from tui_trainer.reports.items import ItemTokens
from tui_trainer.reports.problem import Problem
from tui_trainer.session.disk import in_thread
from tui_trainer.session.session import Session
from tui_trainer.settings.train import TrainSettings


async def first_item(session: Session, settings: TrainSettings) -> ItemTokens | None:
    """The first of the problems as a loop trains on it; None where nobody waits for it: it would
    have to be downloaded, or there is none, which is told when a run is to begin."""
    if session.status is None:
        return None
    try:
        found = await in_thread(partial(_first_problem, settings))
    except InputError:
        return None
    if found is None:
        return None
    ask = ReadItem(0, found, settings, session.choice.source)
    return await session.ask(ask, on_failure=lambda _: None)


def _first_problem(settings: TrainSettings) -> Problem | None:
    """None where it would have to be downloaded; InputError where there is none."""
    if is_on_hub(settings.problems):
        return None
    return load_problems(settings.problems, limit=1, seed=settings.seed)[0]
