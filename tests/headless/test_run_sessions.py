"""`gsm8k --detach` and what is done to its run by name, with real engines."""

import json
import os
import signal
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from tests.engines_begun import engines
from tests.headless.conftest import Line, Program
from tests.link.behind_socket import soon
from tests.pilot import SECONDS_AT_MOST
from tests.terminal.terminal import hear_every_signal
from tui_trainer.link.finding import describe, names
from tui_trainer.link.messages import Description
from tui_trainer.runs.home import METRICS_FILE, run_folders
from tui_trainer.runs.listing import open_run

PROGRAM = sys.executable, "-m", "tui_trainer"
TIMES = {"seconds"}
MEASURED = "--validate-every", "3", "--validation-items", "2", "--layers-every", "2"


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """In every process, for the last bits of a loss."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def command(tiny: str, *more: str) -> tuple[str, ...]:
    return "gsm8k", "--model", tiny, "--threads", "1", *more


def begun(*arguments: str) -> Popen[str]:
    """One that is sent signals while it goes on."""
    return Popen(
        [*PROGRAM, *arguments],
        stdout=PIPE,
        stderr=PIPE,
        text=True,
        preexec_fn=hear_every_signal,  # noqa: PLW1509 - it takes no lock
    )


def timeless(lines: list[Line]) -> list[Line]:
    return [{k: value for k, value in line.items() if k not in TIMES} for line in lines]


def metrics(folder: Path) -> list[Line]:
    written = (folder / METRICS_FILE).read_text().splitlines()
    return timeless([json.loads(line) for line in written])


def described(name: str) -> Description:
    told = describe(name)
    assert isinstance(told, Description)
    return told


def has_made_steps() -> bool:
    """Whether a run has."""
    return any(open_run(folder).description.tally.step > 2 for folder in run_folders())


def test_a_detached_run_equals_the_same_one_by_command_bit_for_bit(
    program: Program, tiny: str
) -> None:
    asked = command(tiny, "--items", "6", "--checkpoint-every", "4", *MEASURED)
    whole = program(*asked, "--json")
    begun = program(*asked, "--detach")
    assert (begun.status, begun.out) == (0, "1\n")
    assert "session 1 goes on by itself; follow it with: " in begun.err
    followed = program("gsm8k", "--attach", "--json")
    assert followed.status == 0
    detached, by_command = run_folders()
    assert metrics(detached) == metrics(by_command)
    assert len(metrics(detached)) > 6
    assert open_run(detached).checkpoints == open_run(by_command).checkpoints
    assert [line["event"] for line in followed.lines if "event" in line and "run" in line] == [
        "run"
    ]

    def told(lines: list[Line]) -> list[Line]:
        return timeless([line for line in lines if line.get("event") not in ("run", "checkpoint")])

    assert told(followed.lines) == told(whole.lines)
    text = program("gsm8k", "--attach", "1").out  # once it is over too
    assert "6 steps, " in text and "the weights are in step-000006 of " in text
    assert described("1").loops == ()  # and its engine is left to the rule of idle ones


def test_a_run_is_paused_changed_saved_continued_and_stopped_by_name(
    program: Program, tiny: str
) -> None:
    begun = program(*command(tiny, "--items", "5000"), "--detach", "--json")
    assert begun.lines == [{"event": "session", "session": "1"}]
    soon(has_made_steps)
    paused = program("gsm8k", "--pause", "--json")
    assert paused.lines == [{"session": "1", "loop": "gsm8k", "state": "paused"}]
    assert program("gsm8k", "--pause", "1").out == "session 1: gsm8k paused\n"
    (folder,) = run_folders()
    step = open_run(folder).description.tally.step
    changed = program("gsm8k", "--attach", "1", "--lr", "3e-4", "--json")
    assert changed.lines == [{"session": "1", "loop": "gsm8k", "lr": 3e-4}]
    (saved,) = program("gsm8k", "--checkpoint", "--json").lines
    assert (saved["step"], saved["failure"]) == (step, None)
    assert program("gsm8k", "--checkpoint").out == "a file has every update already\n"
    assert open_run(folder).description.tally.step == step
    assert program("gsm8k", "--continue").out == "session 1: gsm8k running\n"
    soon(lambda: open_run(folder).description.tally.step > step)
    stopped = program("gsm8k", "--stop", "1", "--json")
    assert (stopped.status, stopped.lines[0]["state"]) == (0, "stopped")
    run = open_run(folder)
    assert run.checkpoints == (step, run.description.tally.step)
    assert f"gsm8k --resume {folder}" in stopped.err
    lrs = [line["lr"] for line in metrics(folder) if "lr" in line]
    assert set(lrs[:step]) == {1e-5} and set(lrs[step:]) == {3e-4}
    ended = program("gsm8k", "--pause")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("tui-trainer: No run of gsm8k goes on in session 1: ")
    assert "the run was stopped" in program("gsm8k", "--attach").err


@pytest.mark.long
def test_ctrl_c_ends_the_following_alone_and_a_killed_engine_ends_it_with_a_sentence(
    program: Program, tiny: str, place: Path
) -> None:
    assert program(*command(tiny, "--items", "5000"), "--detach").status == 0
    for number, status, said in (
        (signal.SIGINT, 130, "session 1 goes on; end its run with: "),
        (signal.SIGKILL, 1, "The engine's process has ended"),
    ):
        with begun("gsm8k", "--attach") as follows:
            assert follows.stdout is not None
            while not follows.stdout.readline().strip().startswith("3 "):
                assert follows.poll() is None
            (engine,) = engines(place)
            os.kill(follows.pid if number == signal.SIGINT else engine, number)
            _, err = follows.communicate(timeout=SECONDS_AT_MOST)
            assert (follows.returncode, said in err) == (status, True)
    assert not names()


def test_what_cannot_be_meant_begins_nothing(program: Program, tiny: str, place: Path) -> None:
    def refused(*arguments: str) -> str:
        ended = program("gsm8k", *arguments)
        assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
        return ended.err

    assert "No session goes on here" in refused("--attach")
    assert "There is no session '3'" in refused("--stop", "3")
    assert "leave out --items, --no-run" in refused("--attach", "--items", "4", "--no-run")
    assert "leave out --lr, --model" in refused("--pause", "1", "--lr", "1e-3", "--model", tiny)
    assert "not allowed with" in refused("--pause", "--stop")
    assert "leave out --evaluate" in refused("--detach", "--evaluate", "3")
    assert "no.jsonl" in refused("--detach", "--problems", "no.jsonl", "--model", tiny)
    assert not engines(place)


@pytest.mark.long
def test_a_run_is_gone_on_with_in_a_session(program: Program, tiny: str) -> None:
    asked = "--items", "4", "--checkpoint-every", "2"
    whole = program(*command(tiny, *asked, "--requeue", "mine"))
    assert whole.status == 0
    done = program(*command(tiny, *asked, "--requeue", "mine"), "--detach")
    assert (done.status, done.out, "has made all of its 4 steps" in done.err) == (0, "", True)
    (first,) = run_folders()
    early = first / "checkpoints" / "step-000002"
    assert program("gsm8k", "--resume", str(early), "--threads", "1", "--detach").out == "1\n"
    assert program("gsm8k", "--attach").status == 0
    again, _ = run_folders()
    assert metrics(again)[-2:] == metrics(first)[-2:]


@pytest.mark.long
def test_a_finished_run_lets_its_engine_end(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUI_TRAINER_IDLE_MINUTES", "0.02")
    assert program(*command(tiny, "--items", "2"), "--detach").status == 0
    soon(lambda: not names())
    (folder,) = run_folders()
    assert open_run(folder).description.tally.step == 2


@pytest.mark.long
def test_a_model_that_cannot_be_loaded_leaves_no_engine(program: Program, place: Path) -> None:
    ended = program("gsm8k", "--detach", "--model", "/nowhere")
    assert (ended.status, ended.out) == (2, "")
    assert "There is no model at /nowhere" in ended.err
    soon(lambda: not engines(place))


@pytest.mark.long
@pytest.mark.parametrize("listens", [False, True])
def test_ctrl_c_while_a_detached_run_begins_leaves_no_engine(
    tiny: str, place: Path, listens: bool
) -> None:
    with begun(*command(tiny, "--items", "5000"), "--detach") as program:
        soon(lambda: engines(place))
        if listens:
            soon(lambda: isinstance(describe("1"), Description))
        os.kill(program.pid, signal.SIGINT)
        out, err = program.communicate(timeout=SECONDS_AT_MOST)
    assert (program.returncode, out, err) == (130, "", "tui-trainer: Interrupted.\n")
    soon(lambda: not engines(place))
    assert not run_folders()
