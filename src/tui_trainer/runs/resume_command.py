"""How a run that stopped is gone on with: the command line for it, and the sentence that tells."""

import shlex
import shutil
import sys
from pathlib import Path

from tui_trainer.reports.runs import StoppedRun
from tui_trainer.settings.model import ModelChoice

PROGRAM = "tui-trainer"


def describe_stopped(run: StoppedRun) -> str:
    """One line: the run, which checkpoint holds how much of it, and the command that goes on."""
    stopped = f"Run {run.name} stopped at step {run.step:,}"
    if run.is_saved:
        return f"{stopped}, saved; go on with: {resume_command(run)}"
    return (
        f"{stopped}; go on from its checkpoint of step {run.checkpoint_step:,} with: "
        f"{resume_command(run)}"
    )


def resume_command(run: StoppedRun) -> str:
    """What a shell is to be given; the rest that a resumed run needs is in its own folder."""
    words = ["gsm8k", "--resume", _named(Path(run.folder), "runs")]
    if run.device != ModelChoice.device:
        words += ["--device", run.device]
    if run.threads is not None:
        words += ["--threads", str(run.threads)]
    if run.remote_code:
        words.append("--trust-remote-code")
    return f"{program()} {shlex.join(words)}"


def load_command(folder: str) -> str:
    """What starts the app with a model that was saved."""
    return f"{program()} {shlex.join(['--model', _named(Path(folder), 'models')])}"


def _named(folder: Path, home: str) -> str:
    """The name of a run or a model where every shell finds it by that; elsewhere its folder."""
    # Not `runs_home`: XDG_DATA_HOME may have been set for one command alone.
    usual = Path.home() / ".local" / "share" / "tui-trainer" / home
    return folder.name if folder.parent == usual else str(folder)


def program() -> str:
    """This program as the shell finds it, where it was started from an environment of its own."""
    if shutil.which(PROGRAM):
        return PROGRAM
    if Path(sys.argv[0]).name == PROGRAM:
        return shlex.quote(sys.argv[0])
    return f"{shlex.quote(sys.executable)} -m tui_trainer"
