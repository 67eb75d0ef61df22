"""What stands in for Slurm: a job is a process, its signals are sent as its script asks."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tui_trainer.runs.home import METRICS_FILE, run_folders

PAGE = Path(__file__).parents[2] / "docs" / "cluster.md"
SECONDS_AT_MOST = 100.0
COMMANDS = {
    "tui-trainer": f'exec {sys.executable} -m tui_trainer "$@"',
    "srun": '"$@" & echo $! > "$JOB_FOLDER/step"\nwait $!',
    "scontrol": 'echo "$@" >> "$JOB_FOLDER/requeued"',
}
"""`srun` runs a step, whose process is signalled; `scontrol` notes what it was asked."""


def script_of(name: str) -> str:
    """A file as the page shows it, below a sentence that ends with its name."""
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(
        rf"`{re.escape(name)}`:\n\n```\w+\n(.*?)^```$", page, re.DOTALL | re.MULTILINE
    )
    assert found is not None, f"{PAGE.name} shows no {name}"
    return found[1]


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS_AT_MOST
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def steps_of_newest() -> int:
    """The lines of steps of the run that began last."""
    folders = run_folders()
    metrics = folders[0] / METRICS_FILE if folders else None
    return metrics.read_text().count('{"step"') if metrics and metrics.is_file() else 0


@dataclass(frozen=True)
class Cluster:
    """A folder with the commands of a cluster, and what every job on it is given."""

    folder: Path
    variables: dict[str, str]

    def make_commands(self) -> None:
        for name, script in COMMANDS.items():
            command = self.folder / name
            command.write_text(f"#!/bin/bash\n{script}\n")
            command.chmod(0o755)

    def begin(self, command: list[str], **more: str) -> "subprocess.Popen[str]":
        path = f"{self.folder}:{os.environ['PATH']}"
        variables = {"PATH": path, "JOB_FOLDER": str(self.folder), **self.variables, **more}
        return subprocess.Popen(
            command,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def sbatch(self, script: str, *, signals: bool, **variables: str) -> int:
        """The status of a job; after three steps it `signals` as the end of its time would."""
        file = self.folder / "script"
        file.write_text(script)
        before = len(run_folders())
        process = self.begin(["bash", str(file)], **variables)
        if signals:
            until(lambda: len(run_folders()) > before and steps_of_newest() >= 3)
            asked = re.search(r"--signal=(B:)?(\w+)@", script)
            assert asked is not None
            to = process.pid if asked[1] else int((self.folder / "step").read_text())
            os.kill(to, getattr(signal, f"SIG{asked[2]}"))
        _, said = process.communicate(timeout=SECONDS_AT_MOST)
        assert "Traceback" not in said
        return process.returncode
