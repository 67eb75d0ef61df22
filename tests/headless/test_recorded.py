"""`tui-trainer gsm8k` writes a run, resumes one, or writes none."""

import importlib.util
import json
import math
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor

from tests.failing import failing_at
from tests.headless.conftest import Line, Program
from tests.known import end, present
from tui_trainer.cli import make_parser
from tui_trainer.engine.data.batching import MicroBatch
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.loop.loss_pass import LossPass
from tui_trainer.engine.models import device_faults
from tui_trainer.engine.models.determinism import CUBLAS_WORKSPACE, FIXED
from tui_trainer.engine.weights import Weights
from tui_trainer.errors import InputError
from tui_trainer.headless import halts
from tui_trainer.headless.recorded import read_order
from tui_trainer.reports.loop import LoopReport
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run
from tui_trainer.runs.writer import RunWriter
from tui_trainer.settings.presets import TUTORIAL
from tui_trainer.settings.train import TrainSettings


def without_time(lines: list[Line]) -> list[Line]:
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def test_each_loop_is_a_run_and_the_first_line_says_where(
    program: Program, tiny: str, runs_home: Path
) -> None:
    lines = program("gsm8k", "--items", "3", "--model", tiny, "--json").lines
    (folder,) = run_folders()
    assert lines[0] == {"event": "run", "run": folder.name, "folder": str(folder)}
    written = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    told = [{n: value for n, value in line.items() if n != "row"} for line in lines[1:-1]]
    assert written == told  # the file has no rows, which would be the most of it
    assert (lines[-1]["event"], lines[-1]["checkpoint"]) == ("checkpoint", "step-000003")
    assert folder.parent == runs_home
    run = open_run(folder).description
    assert (run.state, run.settings.items, run.model.source) == ("finished", 3, tiny)
    assert run.data.items == 3
    assert set(run.versions) == {"python", "tui-trainer", "torch", "transformers"}
    assert f"run {folder.name[:-1]}2" in program("gsm8k", "--items", "1", "--model", tiny).out


def test_no_run_writes_nothing(program: Program, tiny: str, runs_home: Path) -> None:
    lines = program("gsm8k", "--items", "2", "--model", tiny, "--no-run", "--json").lines
    assert [line["step"] for line in lines] == [1, 2]
    assert not runs_home.exists()


@pytest.mark.parametrize("by", ["name", "run folder", "checkpoint folder"])
def test_resume_goes_on_as_if_never_stopped(program: Program, tiny_dropout: str, by: str) -> None:
    arguments = "gsm8k", "--items", "6", "--lr", "1e-3", "--checkpoint-every", "4", "--json"
    lines = program(*arguments, "--no-checkpoint-at-end", "--model", tiny_dropout).lines
    (folder,) = run_folders()
    assert [line.get("checkpoint") for line in lines if "event" in line] == [None, "step-000004"]
    where = {
        "name": folder.name,
        "run folder": str(folder),
        "checkpoint folder": str(folder / "checkpoints" / "step-000004"),
    }[by]
    again = program("gsm8k", "--resume", where, "--json")
    assert (again.status, again.err) == (0, "")
    steps = [line for line in lines if "event" not in line]
    assert without_time(again.steps) == without_time(steps[4:])
    assert present(open_run(run_folders()[0]).description.parent).run == folder.name


def test_the_closing_line_says_where_the_weights_are(program: Program, tiny: str) -> None:
    ended = program("gsm8k", "--items", "2", "--model", tiny)
    (folder,) = run_folders()
    assert ended.out.splitlines()[-1] == f"the weights are in step-000002 of {folder.name}"
    ended = program("gsm8k", "--items", "2", "--model", tiny, "--no-checkpoint-at-end")
    assert "step-000002" not in ended.out
    assert open_run(run_folders()[0]).checkpoints == ()


def test_weights_that_cannot_be_saved_at_the_end_are_a_failure(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise InputError("The disk is full: make room.")

    monkeypatch.setattr(Weights, "check_finite", full)
    ended = program("gsm8k", "--items", "2", "--model", tiny)
    assert ended.status == 1
    assert "The last weights are not saved: The disk is full: make room." in ended.err
    assert open_run(run_folders()[0]).description.state == "finished"


def test_what_would_change_a_resumed_run_is_refused(program: Program, tiny: str) -> None:
    program("gsm8k", "--items", "4", "--checkpoint-every", "2", "--model", tiny, "--json")
    (folder,) = run_folders()
    for arguments, said in (
        (("--lr", "0.1"), "its lr is 1e-5: leave out --lr"),
        (("--model", tiny), "leave out --model"),
        (("--precision", "bf16"), "leave out --model and --precision"),
    ):
        ended = program("gsm8k", "--resume", folder.name, *arguments)
        assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
        assert said in ended.err
    ended = program("gsm8k", "--resume", "no\x1b[31mwhere")
    assert (ended.status, "There is no run no␛[31mwhere" in ended.err) == (2, True)


def test_problems_are_found_again_from_another_folder(
    program: Program, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = '{"question": "1 + 1?", "answer": "#### 2"}\n' * 4
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    (here / "items.jsonl").write_text(items)
    monkeypatch.chdir(here)
    arguments = "--problems", "items.jsonl", "--items", "4", "--checkpoint-every", "2"
    lines = program("gsm8k", *arguments, "--model", tiny, "--json").steps
    (folder,) = run_folders()
    first = str(folder / "checkpoints" / "step-000002")
    monkeypatch.chdir(elsewhere)
    again = program("gsm8k", "--resume", first, "--problems", "items.jsonl", "--json")
    assert without_time(again.steps) == without_time(lines[2:])
    assert open_run(run_folders()[0]).description.data.path == str(here / "items.jsonl")
    second = str(run_folders()[0] / "checkpoints" / "step-000004")
    assert program("gsm8k", "--resume", second).err.count("has made all of its 4 steps") == 1
    (here / "items.jsonl").rename(elsewhere / "items.jsonl")
    assert program("gsm8k", "--resume", first, "--json").status == 0
    (elsewhere / "items.jsonl").unlink()
    ended = program("gsm8k", "--resume", first)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"were in {here / 'items.jsonl'}, and there is no such file: put it back" in ended.err


def test_what_changes_nothing_in_what_is_learned_may_differ(program: Program, tiny: str) -> None:
    program("gsm8k", "--items", "4", "--checkpoint-every", "2", "--model", tiny, "--json")
    (folder,) = run_folders()
    first = str(folder / "checkpoints" / "step-000002")
    ended = program("gsm8k", "--resume", first, "--checkpoint-every", "1", "--json")
    assert [line["checkpoint"] for line in ended.lines if line.get("event") == "checkpoint"] == [
        "step-000003",
        "step-000004",
    ]


def test_a_run_that_was_interrupted_says_so(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = Engine.train

    def interrupted(
        engine: Engine, settings: TrainSettings, *, record: bool = False, job: str = ""
    ) -> Iterator[LoopReport]:
        reports = train(engine, settings, record=record, job=job)
        yield next(reports)
        end(reports)
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "train", interrupted)
    assert program("gsm8k", "--items", "3", "--model", tiny, "--json").status == 130
    assert open_run(run_folders()[0]).description.state == "stopped"


def test_tensorboard_reads_the_losses_of_the_run(program: Program, tiny: str) -> None:
    arguments = "gsm8k", "--items", "5", "--log-to", "tensorboard", "--model", tiny, "--json"
    steps = program(*arguments).steps
    (folder,) = run_folders()
    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    for name in "loss", "grad_norm":
        told = events.tensors.Items(f"train/{name}")
        read = [(event.step, event.tensor_proto.float_val[0]) for event in told]
        assert read == [(step["step"], step[name]) for step in steps]


def test_tensorboard_that_is_not_installed_is_one_sentence(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    ended = program("gsm8k", "--items", "1", "--log-to", "tensorboard", "--model", tiny)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "pip install 'tui-trainer[tensorboard]'" in ended.err
    ended = program("gsm8k", "--log-to", "tensorboard", "--no-run")
    assert (ended.status, "leave out one" in ended.err) == (2, True)


def test_a_loss_that_is_not_finite_ends_the_command_with_what_was_learned_saved(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil_item(monkeypatch, 2)
    arguments = "gsm8k", "--items", "4", "--model", tiny, "--json"
    ended = program(*arguments)
    told, why = ended.err.splitlines()
    assert (ended.status, len(ended.steps)) == (1, 2)
    assert " stopped at step 2, saved; go on with: " in told
    assert "(by command --skip-not-finite)" in why
    assert "Step 3 is not applied: the loss is nan, at item 2." in ended.err
    (folder,) = run_folders()
    run = open_run(folder)
    assert (run.description.state, run.checkpoints) == ("failed", (2,))
    assert str(run.description.failure).startswith("Step 3 is not applied")
    rest = program("gsm8k", "--resume", str(folder), "--skip-not-finite", "--json")
    assert [(line["step"], line["loss"] is None) for line in rest.steps] == [(3, True), (4, False)]
    assert rest.steps[0]["applied"] is False
    assert "applied" not in rest.steps[1]
    assert rest.status == 0


def test_the_closing_line_says_which_losses_it_leaves_out(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil_item(monkeypatch, 2)
    ended = program("gsm8k", "--items", "4", "--skip-not-finite", "--model", tiny)
    assert ended.status == 0
    assert "not applied: not finite" in ended.out
    assert "; 1 of all are not finite, and in no mean" in ended.out


def spoil_item(monkeypatch: pytest.MonkeyPatch, problem: int) -> None:
    """Have an item of the data set lose with NaN, whatever the weights."""
    call = LossPass.__call__

    def spoiled(loss_pass: LossPass, batch: MicroBatch, counted: int) -> tuple[Tensor, Tensor]:
        loss, losses = call(loss_pass, batch, counted)
        bad = any(place.example.problem == problem for place in batch.places)
        return (loss * math.nan, losses * math.nan) if bad else (loss, losses)

    monkeypatch.setattr(LossPass, "__call__", spoiled)


def test_a_full_disk_is_waited_for_and_told_once(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = program("gsm8k", "--items", "4", "--model", tiny, "--json").steps
    asked: list[float] = []
    with filled_up(monkeypatch, step=3) as make_room:

        def sleep(seconds: float) -> None:
            asked.append(seconds)
            if len(asked) == 3:
                make_room()

        monkeypatch.setattr(time, "sleep", sleep)
        ended = program("gsm8k", "--items", "4", "--model", tiny, "--json")
    assert (ended.status, asked) == (0, [5.0] * 3)
    assert ended.err.count("\n") == 1
    assert "Step 3 is made, and not written to" in ended.err
    assert ended.err.endswith(f"{halts.WAITS}\n")
    assert without_time(ended.steps) == without_time(whole)
    written = (run_folders()[0] / "metrics.jsonl").read_text().splitlines()
    lines = [(line["step"], line.get("kind")) for line in map(json.loads, written)]
    assert lines == [(1, None), (2, None), (3, None), (3, "disk"), (4, None)]


def test_a_command_that_waits_for_room_can_be_ended(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: signal.raise_signal(signal.SIGTERM))
    with filled_up(monkeypatch, step=3):
        ended = program("gsm8k", "--items", "4", "--model", tiny, "--json")
    assert (ended.status, len(ended.steps)) == (143, 2)
    assert "nothing could be saved" in ended.err
    assert ended.err.endswith("tui-trainer: Ended by SIGTERM.\n")


@contextmanager
def filled_up(monkeypatch: pytest.MonkeyPatch, step: int) -> Iterator[Callable[[], None]]:
    """From a step on no file of this process grows; gives what makes room again."""
    write = RunWriter.write
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def write_on_a_full_disk(writer: RunWriter, report: LoopReport) -> None:
        if getattr(report, "step", 0) == step and not filled:
            filled.append(step)
            size = (writer.folder / "metrics.jsonl").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        write(writer, report)

    filled: list[int] = []
    monkeypatch.setattr(RunWriter, "write", write_on_a_full_disk)
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_where_the_device_is_lost_nothing_is_asked_of_it_and_the_checkpoint_is_told(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = torch.AcceleratorError("CUDA error: device-side assert triggered\nSearch for")

    def lost(*_: object) -> None:
        raise failed

    fourth = failing_at(4, torch.optim.AdamW.step, failed)
    monkeypatch.setattr(torch.optim.AdamW, "step", fourth)
    monkeypatch.setattr(device_faults, "make_it_compute", lost)
    monkeypatch.setattr(Engine, "save", lost)
    ended = program("gsm8k", "--items", "5", "--checkpoint-every", "2", "--model", tiny)
    (folder,) = run_folders()
    run = open_run(folder)
    assert (run.description.state, run.checkpoints) == ("failed", (2,))
    assert ended.status == 1
    *_, not_saved, stopped, why = ended.err.splitlines()
    assert not_saved.startswith("tui-trainer: nothing could be saved: After an error the device")
    assert f"{folder.name} stopped at step 3; go on from its checkpoint of step 2 with: " in stopped
    assert why == "tui-trainer: The device failed: CUDA error: device-side assert triggered"


def test_a_run_says_whether_it_was_deterministic_and_is_resumed_so(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CUBLAS_WORKSPACE, FIXED)
    try:
        ended = program("gsm8k", "--items", "2", "--deterministic", "--model", tiny)
        (folder,) = run_folders()
        assert ended.status == 0
        assert open_run(folder).description.model.deterministic
        assert "cpu, fp32, deterministic" in program("runs", "show", folder.name).out
        program("gsm8k", "--items", "1", "--model", tiny, "--no-run")
        assert not torch.are_deterministic_algorithms_enabled()
        read = read_order(make_parser().parse_args(["gsm8k", "--resume", folder.name]), TUTORIAL)
        assert read.choice.deterministic
    finally:
        torch.use_deterministic_algorithms(False)
