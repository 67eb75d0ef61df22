"""Commands and signals: the step is finished, what it made is saved, and the status tells why."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from torch import Tensor

from tests.headless.conftest import Program
from tui_trainer.cli import PIPE_CLOSED, main
from tui_trainer.engine.accelerator import Arriving, receive
from tui_trainer.engine.cell.update import update
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop import step_figures
from tui_trainer.headless import evaluation, interrupts
from tui_trainer.headless.interrupts import Interrupts, heard, whole_steps
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run
from tui_trainer.runs.writer import RunWriter
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.signals import Interrupted

SAID = {
    signal.SIGINT: "Interrupted.",
    signal.SIGTERM: "Ended by SIGTERM.",
    signal.SIGHUP: "Ended by SIGHUP.",
    signal.SIGUSR1: "Ended by SIGUSR1.",
    signal.SIGUSR2: "Ended by SIGUSR2.",
}


def resume_arguments(told: str) -> list[str]:
    """Those of the command that goes on with a run that was stopped, as the terminal shows it."""
    (command,) = re.findall(r"with: (.*? gsm8k --resume .*)", told)
    words = shlex.split(command)
    return words[words.index("gsm8k") :]


@pytest.mark.parametrize("number", SAID)
def test_a_loop_finishes_its_step_saves_it_and_says_why_it_ends(
    program: Program, tiny: str, in_step: Callable[[int, int], None], number: signal.Signals
) -> None:
    in_step(2, number)
    ended = program("gsm8k", "--items", "5", "--model", tiny, "--json")
    assert ended.status == 128 + number
    told, why = ended.err.splitlines()
    assert " stopped at step 2, saved; go on with: " in told
    assert why == f"tui-trainer: {SAID[number]}"
    assert [line["step"] for line in ended.steps] == [1, 2]
    assert (ended.lines[-1]["event"], ended.lines[-1]["checkpoint"]) == (
        "checkpoint",
        "step-000002",
    )
    run = open_run(run_folders()[0])
    assert (run.description.state, run.description.tally.step) == ("stopped", 2)
    assert run.checkpoints == (2,)


def test_a_loop_whose_output_was_closed_saves_what_it_learned(
    tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a pager that was left, or with the terminal."""
    there, here = os.pipe()
    with os.fdopen(here, "w") as output:

        def receiving(*losses: Tensor) -> Arriving:
            if open_run(run_folders()[0]).description.tally.step == 1:
                os.close(there)
            return receive(*losses)

        monkeypatch.setattr(step_figures, "receive", receiving)
        monkeypatch.setattr(sys, "stdout", output)
        status = main(("gsm8k", "--items", "5", "--model", tiny, "--json"))
    run = open_run(run_folders()[0])
    assert (status, run.description.state) == (PIPE_CLOSED, "stopped")
    assert run.checkpoints == (run.description.tally.step,) == (2,)


@pytest.fixture
def in_call(monkeypatch: pytest.MonkeyPatch) -> Callable[[object, str], None]:
    """Have this process sent SIGTERM in a method, once, before it does what it does."""

    def send(owner: object, name: str) -> None:
        method = getattr(owner, name)
        called: list[int] = []

        def signalled(*arguments: object, **named: object) -> object:
            if not called:
                called.append(1)
                signal.raise_signal(signal.SIGTERM)
            return method(*arguments, **named)

        monkeypatch.setattr(owner, name, signalled)

    return send


@pytest.mark.parametrize("moment", ["conclude", "end"])
def test_a_signal_while_the_run_writes_its_end_is_heard_after_it(
    program: Program, tiny: str, in_call: Callable[[object, str], None], moment: str
) -> None:
    in_call(RunWriter, moment)
    ended = program("gsm8k", "--items", "2", "--no-checkpoint-at-end", "--model", tiny, "--json")
    assert (ended.status, ended.err.splitlines()[-1]) == (143, "tui-trainer: Ended by SIGTERM.")
    assert [line["step"] for line in ended.steps] == [1, 2]
    run = open_run(run_folders()[0])
    assert (run.description.state, run.checkpoints) == ("finished", (2,))
    assert ended.lines[-1]["checkpoint"] == "step-000002"


@pytest.mark.parametrize(
    ("owner", "moment"), [(RunWriter, "end"), (Engine, "save")], ids=["its end", "its weights"]
)
def test_a_signal_breaks_off_nothing_that_is_written_where_the_output_was_closed(
    tiny: str,
    in_call: Callable[[object, str], None],
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    moment: str,
) -> None:
    in_call(owner, moment)
    there, here = os.pipe()
    os.close(there)
    with os.fdopen(here, "w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        assert main(("gsm8k", "--items", "5", "--model", tiny, "--json")) == 143
    run = open_run(run_folders()[0])
    assert (run.description.state, run.checkpoints) == ("stopped", (1,))


def test_a_signal_where_the_terminal_has_gone_leaves_the_step_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there, here = os.pipe()
    os.close(there)
    monkeypatch.setattr(interrupts, "STDERR", here)
    heard_so_far = Interrupts()
    with heard_so_far.between_steps():
        heard_so_far.hear(signal.SIGHUP, None)
    os.close(here)
    with pytest.raises(Interrupted):
        heard_so_far.check()


def test_a_loop_that_was_ended_goes_on_as_if_it_had_not_been(
    program: Program,
    tiny: str,
    in_step: Callable[[int, int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = program("gsm8k", "--items", "4", "--model", tiny, "--json").steps
    in_step(2, signal.SIGTERM)
    first = program("gsm8k", "--items", "4", "--model", tiny)
    assert "2 steps, " in first.out
    monkeypatch.setattr(step_figures, "receive", receive)
    rest = program(*resume_arguments(first.err), "--json").steps
    assert [line["loss"] for line in rest] == [line["loss"] for line in whole[2:]]


def test_without_a_run_nothing_is_saved(
    program: Program, tiny: str, in_step: Callable[[int, int], None]
) -> None:
    in_step(1, signal.SIGTERM)
    ended = program("gsm8k", "--items", "3", "--no-run", "--model", tiny, "--json")
    assert (ended.status, len(ended.lines)) == (143, 1)
    assert run_folders() == []


def test_an_evaluation_keeps_what_was_scored(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate = Engine.evaluate

    def ended_early(engine: Engine, settings: EvaluationSettings) -> Iterator[EvaluationReport]:
        for report in evaluate(engine, replace(settings, batch=2, max_tokens=2)):
            if report.items:
                signal.raise_signal(signal.SIGTERM)
            yield report

    monkeypatch.setattr(Engine, "evaluate", ended_early)
    ended = program("eval", "--items", "6", "--model", tiny)
    assert ended.status == 143
    assert "2 of 6 items" in ended.out


@pytest.mark.parametrize("moment", ["last", "scores"])
def test_a_signal_at_the_end_of_an_evaluation_waits_for_its_scores(
    program: Program,
    tiny: str,
    in_call: Callable[[object, str], None],
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    evaluate = Engine.evaluate

    def ended_late(engine: Engine, settings: EvaluationSettings) -> Iterator[EvaluationReport]:
        yield from evaluate(engine, replace(settings, max_tokens=2))
        if moment == "last":
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Engine, "evaluate", ended_late)
    if moment == "scores":
        in_call(evaluation, "evaluation_line")
    ended = program("eval", "--items", "2", "--model", tiny, "--json")
    assert (ended.status, ended.err) == (143, "tui-trainer: Ended by SIGTERM.\n")
    assert [line["event"] for line in ended.lines] == ["item", "item", "evaluation"]


def test_the_updates_of_step_are_exported_up_to_the_one_that_was_finished(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended_early(learner: Learner, text: str) -> UpdateReport:
        signal.raise_signal(signal.SIGTERM)
        return update(learner, text)

    monkeypatch.setattr("tui_trainer.engine.updating.update", ended_early)
    script = tmp_path / "steps.py"
    ended = program("step", "one two", "-n", "5", "--export", str(script), "--json")
    assert ended.status == 143
    assert [line["event"] for line in ended.lines if "event" in line] == ["export"]
    assert [line["update"] for line in ended.lines if "update" in line] == [1]
    assert script.is_file()


def test_before_its_first_step_a_command_ends_at_once(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Engine.load_model

    def ended_early(engine: Engine, choice: ModelChoice) -> LearnerStatus:
        signal.raise_signal(signal.SIGTERM)
        return load(engine, choice)

    monkeypatch.setattr(Engine, "load_model", ended_early)
    ended = program("gsm8k", "--items", "3", "--model", tiny)
    assert (ended.status, ended.out, ended.err) == (143, "", "tui-trainer: Ended by SIGTERM.\n")


def test_handlers_are_put_back_and_what_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does
    usual = signal.getsignal(signal.SIGTERM)
    try:
        with heard():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGTERM) != usual
        assert signal.getsignal(signal.SIGTERM) == usual
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_end_of_what_is_interrupted_is_not_left_to_the_collector() -> None:
    order: list[object] = []

    def steps() -> Iterator[int]:
        try:
            for number in range(5):
                if number == 1:
                    signal.raise_signal(signal.SIGTERM)
                yield number
        finally:
            order.append("closed")

    held = steps()
    with pytest.raises(Interrupted), heard():
        order += whole_steps(held)
    assert order == [0, 1, "closed"]
    assert not interrupts._interrupts._between_steps


ENDLESS = """
import sys, time
from tui_trainer.headless.interrupts import heard, whole_steps
def steps():
    while True:
        print("step", flush=True)
        time.sleep(60)
        yield 1
with heard():
    for _ in whole_steps(steps()):
        pass
"""


def test_a_second_signal_ends_at_once() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "step\n"
    process.send_signal(signal.SIGTERM)
    time.sleep(0.7)  # what comes sooner is the same one, told to the group too
    process.send_signal(signal.SIGHUP)  # and this is none: a terminal closes more than once
    time.sleep(0.1)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err.count("finishing the step")) == (143, 1)


@pytest.mark.long
def test_a_process_that_is_terminated_leaves_a_run_that_goes_on(tiny: str) -> None:
    command = [sys.executable, "-m", "tui_trainer", "gsm8k", "--items", "5000", "--json"]
    process = subprocess.Popen(
        [*command, "--model", tiny], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    while '"step"' not in process.stdout.readline():
        pass
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert err.splitlines()[-1] == "tui-trainer: Ended by SIGTERM."
    run = open_run(run_folders()[0])
    assert run.checkpoints == (run.description.tally.step,)
    assert out.splitlines()[-1].startswith('{"event": "checkpoint"')
