"""What is told on the terminal once the app has gone: what it made is kept, and what opens it."""

import shlex
from typing import TYPE_CHECKING

from tui_trainer.runs.checkpoint_names import step_of
from tui_trainer.runs.checkpoints import checkpoint_folders
from tui_trainer.runs.home import is_run, runs_home
from tui_trainer.runs.resume_command import load_command, program
from tui_trainer.session.saved_run import SavedRun
from tui_trainer.words.numbers import are, counted

if TYPE_CHECKING:
    from tui_trainer.session.session import Session


def last_words(session: "Session") -> str:
    """In a line, of the last run that was made; else of the evaluations; empty without either."""
    of_run = "" if session.saved is None else _of_run(session.saved)
    made = session.evaluations.made if "evaluations" in vars(session) else 0
    if of_run or not made:
        return of_run
    return f"{counted(made, 'evaluation')} {are(made)} kept; see: {program()} evaluations"


def _of_run(run: SavedRun) -> str:
    """Where it is no more there is nothing to tell."""
    folder = runs_home() / run.name
    if not is_run(folder):
        return ""
    kept = f"Run {run.name} is kept"
    if checkpoints := checkpoint_folders(folder):
        last = checkpoints[-1]
        load = load_command(str(last))
        return f"{kept}, with a checkpoint of step {step_of(last):,}; load that with: {load}"
    see = f"{program()} runs show {shlex.quote(run.name)}"
    return f"{kept}, without a checkpoint; its settings and losses: {see}"
