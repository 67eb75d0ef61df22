"""A step in a process of its own: a hang, a crash or an assert of the device is its alone."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.gpu.record import read_findings
from tests.gpu.step import Outcome, Place, Step, judge

ROOT = Path(__file__).parents[2]
ON_A_CPU = 5.0
"""There a limit is so many times that of a device: others share its cores."""
ENDING_SECONDS = 5.0
"""What a killed process may take to be gone; one that waits for a driver may take for ever."""


def run_step(step: Step, place: Place, seconds_left: float) -> Outcome:
    """Run it to its end, or to the end of its limit or of the time that is left for all steps."""
    limit = min(step.limit * (1 if place.on_device else ON_A_CPU), seconds_left)
    record, log = (place.folder / f"{step.name}.{kind}" for kind in ("record", "log"))
    record.unlink(missing_ok=True)
    began = time.monotonic()
    ended_badly = _run(step, place, record, log, limit) if limit > 0 else "no time was left for it"
    seconds = time.monotonic() - began
    findings = read_findings(record)
    record.unlink(missing_ok=True)
    shutil.rmtree(place.data, ignore_errors=True)
    passed, why = judge(findings, ended_badly)
    return Outcome(
        step=step.name,
        passed=passed,
        why=why,
        criteria=findings.criteria,
        figures=dict(findings.figures),
        seconds=round(seconds, 2),
        limit=round(limit, 2),
        log=log.name,
    )


def _run(step: Step, place: Place, record: Path, log: Path, limit: float) -> str | None:
    """None where the process came to its end by itself and all was well; else what happened."""
    size = ["--small"] if place.small else []
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.gpu.child", step.function, place.device),
                *(str(place.folder), str(record), *size),
            ],
            cwd=ROOT,
            env=environment(place),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return describe_end(process.wait(limit))
        except subprocess.TimeoutExpired:
            return f"it was ended after its limit of {limit:.3g} s"
        finally:
            _end(process)


def environment(place: Place) -> dict[str, str]:
    """Of a step: this checkout's code, none of the user's runs, and no network."""
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")))
    return {
        **os.environ,
        "PYTHONPATH": path.rstrip(os.pathsep),
        "PYTHONFAULTHANDLER": "1",
        "XDG_DATA_HOME": str(place.data),
        "HF_HUB_OFFLINE": "1",  # such machines often have none, and nothing here needs it
    }


def describe_end(status: int) -> str | None:
    """Why a process ended that could say nothing itself; None where it ended well."""
    if status == 0:
        return None
    if status < 0:
        return f"its process was ended by {signal.Signals(-status).name}"
    return f"its process ended with status {status}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and what it started in its session, also where it has ended by itself."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(ENDING_SECONDS)
