"""The item that the next run begins with, read before there is one."""

from pathlib import Path

from tui_trainer.engine.data.problems import load_problems
from tui_trainer.errors import InputError
from tui_trainer.protocol.tokens import ReadItem
from tui_trainer.reports.items import ItemTokens
from tui_trainer.session.disk import in_thread
from tui_trainer.session.session import Session
from tui_trainer.settings.train import TrainSettings

FILES = ".jsonl", ".parquet"
"""Problems whose names end so are on this machine."""


async def first_item(session: Session, settings: TrainSettings) -> ItemTokens | None:
    """The first of the problems as a loop trains on it; None where nobody waits for it: it would
    have to be downloaded, or there is none, which is told when a run is to begin."""
    source = settings.problems
    if session.status is None or (source != "builtin" and Path(source).suffix not in FILES):
        return None
    try:
        found = await in_thread(lambda: load_problems(source, limit=1, seed=settings.seed))
    except InputError:
        return None
    ask = ReadItem(0, found[0], settings, session.choice.source)
    return await session.ask(ask, on_failure=lambda _: None)
