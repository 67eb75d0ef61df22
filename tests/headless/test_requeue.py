"""`gsm8k --resume last` and `--requeue`: a command finds the run that it goes on with by itself."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.headless.conftest import Line, Program
from tui_trainer.engine.accelerator import receive
from tui_trainer.engine.loop import step_figures
from tui_trainer.runs.home import METRICS_FILE, RUN_FILE, WRITER_FILE, run_folders
from tui_trainer.runs.listing import read_run
from tui_trainer.runs.own_runs import job_of
from tui_trainer.runs.presence import RunningWriter

Breaks = Callable[..., Path]


def command(tiny: str, *more: str) -> tuple[str, ...]:
    return "gsm8k", "--items", "5", "--checkpoint-every", "1", "--model", tiny, "--json", *more


def losses(lines: list[Line]) -> list[tuple[int, float]]:
    return [(line["step"], line["loss"]) for line in lines]


@pytest.fixture
def whole(program: Program, tiny: str) -> list[tuple[int, float]]:
    """The losses of all five steps."""
    return losses(program("gsm8k", "--items", "5", "--model", tiny, "--no-run", "--json").steps)


@pytest.fixture
def broken_off(
    program: Program,
    tiny: str,
    in_step: Callable[[int, int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Breaks:
    """A command that a signal ends in its third step; its run."""

    def run(*more: str) -> Path:
        in_step(3, signal.SIGUSR1)
        assert program(*command(tiny, *more)).status == 138
        monkeypatch.setattr(step_figures, "receive", receive)
        return run_folders()[0]

    return run


def test_the_last_run_of_a_model_and_its_problems_is_gone_on_with(
    program: Program, tiny: str, tiny_dropout: str, broken_off: Breaks, whole: list[object]
) -> None:
    run = broken_off()
    program("gsm8k", "--items", "2", "--model", tiny_dropout)  # another model's is newer
    ended = program("gsm8k", "--model", tiny, "--resume", "last", "--json")
    assert losses(ended.steps) == whole[3:]
    assert f"tui-trainer: going on from step-000003 of {run.name}\n" in ended.err
    parent = read_run(run_folders()[0]).parent
    assert parent is not None
    assert (parent.run, parent.step) == (run.name, 3)


def test_where_there_is_no_last_run_or_it_has_other_settings_a_sentence_says_so(
    program: Program, tiny: str, broken_off: Breaks
) -> None:
    ended = program("gsm8k", "--model", tiny, "--resume", "last")
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"There is no run of {tiny} on builtin with a whole checkpoint" in ended.err
    broken_off()
    assert program("gsm8k", "--problems", "other.jsonl", "--resume", "last").status == 2
    ended = program("gsm8k", "--model", tiny, "--items", "6", "--resume", "last")
    assert (ended.status, "its items is 5: leave out --items" in ended.err) == (2, True)


def test_the_same_command_begins_a_run_goes_on_with_it_and_then_has_nothing_to_do(
    program: Program, tiny: str, broken_off: Breaks, whole: list[object]
) -> None:
    run = broken_off("--requeue")
    ended = program(*command(tiny, "--requeue"))
    assert (ended.status, losses(ended.steps)) == (0, whole[3:])
    metrics = (run_folders()[0] / METRICS_FILE).read_text().splitlines()
    assert losses([json.loads(line) for line in metrics]) == whole
    ended = program(*command(tiny, "--requeue"))
    assert (ended.status, ended.out) == (0, "")
    assert f"Run {run_folders()[0].name} has made all of its 5 steps: there is" in ended.err
    assert run_folders()[1:] == [run]


def test_a_run_of_other_settings_or_another_name_is_not_its_own(
    program: Program, tiny: str, broken_off: Breaks, whole: list[object]
) -> None:
    broken_off("--requeue", "a")
    assert losses(program(*command(tiny, "--requeue", "b")).steps) == whole
    assert losses(program(*command(tiny, "--requeue")).steps) == whole
    assert len(program(*command(tiny, "--requeue", "a", "--seed", "1")).steps) == 5
    more = "--no-checkpoint-at-end", "--requeue", "a"  # changes nothing that is learned
    assert losses(program(*command(tiny, *more)).steps) == whole[3:]


def test_the_job_of_a_batch_scheduler_finds_its_run_alone(
    program: Program,
    tiny: str,
    broken_off: Breaks,
    whole: list[object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "41")
    broken_off("--requeue")
    monkeypatch.setenv("SLURM_JOB_ID", "42")
    assert losses(program(*command(tiny, "--requeue")).steps) == whole
    monkeypatch.setenv("SLURM_JOB_ID", "41")
    assert losses(program(*command(tiny, "--requeue")).steps) == whole[3:]


def test_a_job_is_called_by_what_stays_when_it_is_queued_again() -> None:
    assert job_of({}) == ""
    assert job_of({"SLURM_JOB_ID": "41", "SLURM_RESTART_COUNT": "2"}) == "slurm 41"
    array = {"SLURM_JOB_ID": "44", "SLURM_ARRAY_JOB_ID": "41", "SLURM_ARRAY_TASK_ID": "3"}
    assert job_of(array | {"SLURM_CLUSTER_NAME": "far"}) == "slurm far 41_3"


def test_a_damaged_checkpoint_is_passed_over_with_a_sentence(
    program: Program, tiny: str, broken_off: Breaks, whole: list[object]
) -> None:
    run = broken_off("--requeue")
    weights = run / "checkpoints" / "step-000003" / "model.safetensors"
    damaged = bytearray(weights.read_bytes())
    damaged[-1] ^= 1
    weights.write_bytes(damaged)
    ended = program(*command(tiny, "--requeue"))
    assert (ended.status, losses(ended.steps)) == (0, whole[2:])
    assert f"step-000003 of {run.name} is damaged, and passed over." in ended.err
    assert f"going on from step-000002 of {run.name}" in ended.err


def test_a_run_without_a_whole_checkpoint_begins_anew(
    program: Program, tiny: str, broken_off: Breaks, whole: list[object]
) -> None:
    run = broken_off("--requeue")
    for checkpoint in (run / "checkpoints").iterdir():
        (checkpoint / "training.safetensors").unlink()
    ended = program(*command(tiny, "--requeue"))
    assert losses(ended.steps) == whole
    assert f"Run {run.name} has no whole checkpoint: it begins anew." in ended.err


def test_a_run_that_was_killed_with_its_last_checkpoint_written_is_finished(
    program: Program, tiny: str
) -> None:
    program(*command(tiny, "--requeue"))
    (run,) = run_folders()
    described = json.loads((run / RUN_FILE).read_text())
    (run / RUN_FILE).write_text(json.dumps(described | {"state": "going"}))
    ended = program(*command(tiny, "--requeue"))
    assert (ended.status, ended.out, "there is nothing to do" in ended.err) == (0, "", True)


@pytest.mark.parametrize("more", [("--requeue",), ("--resume", "last")])
def test_a_run_that_another_process_writes_is_left_alone(
    program: Program, tiny: str, broken_off: Breaks, more: tuple[str, ...]
) -> None:
    run = broken_off("--requeue")
    with (run / METRICS_FILE).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        asked = command(tiny, *more) if "--requeue" in more else ("gsm8k", "--model", tiny, *more)
        ended = program(*asked)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"Run {run.name} is still being written by another process" in ended.err
    assert run_folders() == [run]


def test_the_heart_of_a_machine_that_went_down_is_waited_for(
    program: Program,
    tiny: str,
    broken_off: Breaks,
    whole: list[object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = broken_off("--requeue")
    writer = RunningWriter("another machine", 1, 0.0, locked=True)
    (run / WRITER_FILE).write_text(json.dumps(vars(writer)))
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        before = time.time() - 60 * len(waited)
        os.utime(run / WRITER_FILE, (before, before))

    monkeypatch.setattr(time, "sleep", sleep)
    ended = program(*command(tiny, "--requeue"))
    assert losses(ended.steps) == whole[3:]
    assert ended.err.count("waiting up to 105 s for that to end") == 1
    assert len(waited) == 2


@pytest.mark.parametrize("other", [("--resume", "last"), ("--no-run",)])
def test_what_a_requeued_run_cannot_be_given_is_a_sentence(
    program: Program, tiny: str, other: tuple[str, ...]
) -> None:
    ended = program("gsm8k", "--model", tiny, "--requeue", *other)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"--requeue finds the run that it goes on with: leave out {other[0]}." in ended.err
