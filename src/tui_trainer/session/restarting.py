"""Another engine in the place of one that was lost, with what there is on disk of its work."""

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_trainer.protocol.keeping import EndWork
from tui_trainer.remote_worker import RemoteWorker
from tui_trainer.runs.checkpoint_names import step_of
from tui_trainer.runs.checkpoints import checkpoint_folders
from tui_trainer.runs.home import runs_home
from tui_trainer.session.disk import in_thread
from tui_trainer.settings.model import ModelChoice
from tui_trainer.terminal_text import visible

if TYPE_CHECKING:
    from tui_trainer.session.session import Session

AGAIN = "A new engine has step {step:,} of {run}: go on with it on Runs (6, r)."
PATIENCE = 1.0


async def restart(session: "Session") -> None:
    """The last checkpoint of the run that went, else the model that was loaded."""
    worker, lost = session.worker, session.device_lost
    assert isinstance(worker, RemoteWorker)
    if lost is not None and not lost.engine_ended:  # its process is there, and does nothing more
        worker.end(EndWork(saves=False))
        while not await in_thread(lambda: worker.stop(PATIENCE)):
            pass
    choice, told = await in_thread(lambda: _on_disk(session))
    session.begin_again()
    worker.restart()
    if await session.load(choice) and told:
        session.app.notify(told, markup=False, timeout=10)


def _on_disk(session: "Session") -> tuple[ModelChoice, str]:
    """What is to be loaded, and how to go on with it; no run may have a checkpoint."""
    run, choice = session.saved, session.choice
    folders = [] if run is None else checkpoint_folders(runs_home() / run.name)
    if run is None or not folders:
        return choice, ""
    told = AGAIN.format(step=step_of(folders[-1]), run=visible(run.name))
    return replace(choice, source=str(folders[-1])), told
