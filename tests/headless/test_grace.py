"""`--grace`: the process ends in time, with nothing damaged, however long a step takes."""

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.headless.conftest import Program
from tui_trainer.cli import main
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run

ENDLESS = """
import hashlib, os, sys
from tui_trainer.cli import main
from tui_trainer.engine.loop import checkpoint, step_figures

def hangs(function, at):
    calls = []
    def called(*arguments):
        calls.append(1)
        if len(calls) == at:
            os.write(1, b"hangs\\n")
            hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)  # Python hears no signal in it
        return function(*arguments)
    return called

where, *arguments = sys.argv[1:]
if where == "step":
    step_figures.receive = hangs(step_figures.receive, 4)
else:
    checkpoint.write_facts = hangs(checkpoint.write_facts, 2)
sys.exit(main(arguments))
"""


def ended_while_it_hangs(
    where: str, arguments: Sequence[str], number: int = signal.SIGUSR1
) -> tuple[int, str]:
    """The status of a command that was sent a signal where it hangs, and what it said."""
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, where, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while process.stdout.readline() != "hangs\n":
        assert process.poll() is None
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


@pytest.mark.parametrize("where", ["checkpoint", pytest.param("step", marks=pytest.mark.long)])
def test_where_the_grace_is_over_the_last_checkpoint_is_told_and_goes_on_exactly(
    program: Program, tiny: str, where: str
) -> None:
    arguments = "gsm8k", "--items", "6", "--checkpoint-every", "2", "--model", tiny, "--json"
    whole = program(*arguments, "--no-checkpoint-at-end").steps
    status, said = ended_while_it_hangs(where, (*arguments, "--grace", "1"))
    run = open_run(run_folders()[0])
    assert (status, run.checkpoints) == (128 + signal.SIGUSR1, (2,))
    assert "tui-trainer: not finished in the 1 s of grace. " in said
    (command,) = re.findall(r"go on from its checkpoint of step 2 with: (.*)", said)
    words = shlex.split(command)
    rest = program(*words[words.index("gsm8k") :], "--json").steps
    assert [line["loss"] for line in rest] == [line["loss"] for line in whole[2:]]
    assert program(*arguments, "--requeue").status == 0


@pytest.mark.long
def test_a_step_that_is_known_to_take_longer_is_told_at_once(tiny: str, tmp_path: Path) -> None:
    arguments = "gsm8k", "--items", "6", "--model", tiny, "--json", "--grace", "1"
    slow = ENDLESS.replace("hangs(step_figures.receive, 4)", "slowly").replace(
        "where, *arguments",
        "receive = step_figures.receive\n"
        "def slowly(*losses):\n    import time; time.sleep(2); return called(*losses)\n"
        "called = hangs(receive, 3)\nwhere, *arguments",
    )
    script = tmp_path / "slow.py"
    script.write_text(slow)
    process = subprocess.Popen(
        [sys.executable, str(script), "step", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while process.stdout.readline() != "hangs\n":
        assert process.poll() is None
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143
    assert re.search(r"a step takes \d s, and 1 s of grace are given: it may not be", said)
    name = run_folders()[0].name
    assert said.count(f"Run {name} stopped at step 2, and has no checkpoint.") == 2


def test_a_loop_that_is_finished_in_time_saves_its_step(
    program: Program, tiny: str, in_step: Callable[[int, int], None]
) -> None:
    in_step(2, signal.SIGTERM)
    ended = program("gsm8k", "--items", "5", "--grace", "60", "--model", tiny, "--json")
    assert (ended.status, open_run(run_folders()[0]).checkpoints) == (143, (2,))
    assert "grace" not in ended.err


def test_a_grace_is_a_number_of_seconds_or_none(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in ("0", "soon"):
        assert main(("gsm8k", "--grace", wrong)) == 2
    assert "--grace" in capsys.readouterr().err
