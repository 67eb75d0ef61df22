"""What of a run is on disk, where this view has not heard of its checkpoints."""

from tui_trainer.runs.checkpoint_names import step_of
from tui_trainer.runs.checkpoints import checkpoint_folders
from tui_trainer.runs.home import runs_home
from tui_trainer.session.saved_run import SavedRun


def saved_on_disk(name: str, step: int) -> SavedRun:
    """Of a run that made so many steps, from its folder."""
    checkpoints = checkpoint_folders(runs_home() / name)
    return SavedRun(name, step, step_of(checkpoints[-1]) if checkpoints else 0)
