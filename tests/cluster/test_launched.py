"""A command below all that can begin it: `nohup`, no terminal, `script`, a shell that stays."""

import os
import shlex
import signal
import subprocess
import sys

import pytest

from tests.cluster.stand_in import steps_of_newest, until
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run

PROGRAM = f"{shlex.quote(sys.executable)} -m tui_trainer gsm8k --items 5000 --json"
pytestmark = pytest.mark.long

LAUNCHED = {
    "nohup": "exec nohup {}",
    "stdin closed": "exec {} <&-",
    "stdin empty": "exec {} </dev/null",
    "no controlling terminal": "exec setsid -w {}",
    "a shell that stays": "{}; exit $?",
    "a shell that is replaced": "exec {}",
    "a pseudo-terminal": "exec script -qefc {quoted} /dev/null",
}


@pytest.mark.parametrize("how", LAUNCHED)
def test_a_signal_ends_it_saved(how: str, tiny: str) -> None:
    command = f"{PROGRAM} --model {shlex.quote(tiny)}"
    line = LAUNCHED[how].format(command, quoted=shlex.quote(f"exec {command}"))
    process = subprocess.Popen(
        ["bash", "-c", line],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        until(lambda: steps_of_newest() >= 2)
        writer = (run_folders()[0] / "writer.json").read_text()
        os.kill(int(writer.split('"pid": ')[1].split(",")[0]), signal.SIGUSR1)
        process.communicate(timeout=100)
    finally:
        process.kill()
    run = open_run(run_folders()[0])
    assert process.returncode == 128 + signal.SIGUSR1
    assert (run.description.state, run.checkpoints) == ("stopped", (run.description.tally.step,))


def test_a_signal_to_the_group_of_a_shell_that_stays_ends_it_saved(tiny: str) -> None:
    """As a container ends whose PID 1 is a shell that hands the signal on."""
    line = f"trap : TERM; {PROGRAM} --model {shlex.quote(tiny)}; exit $?"
    process = subprocess.Popen(
        ["bash", "-c", line], stdout=subprocess.DEVNULL, start_new_session=True
    )
    until(lambda: steps_of_newest() >= 2)
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(100) == 143
    run = open_run(run_folders()[0])
    assert (run.description.state, run.checkpoints) == ("stopped", (run.description.tally.step,))
