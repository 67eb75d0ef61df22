"""A run on a full disk: it halts, says how much it wants, and goes on without a gap or a double."""

import errno
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.full_disk import full_disk
from tests.known import end, the
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.loop import HaltReport, LoopReport
from tui_trainer.reports.runs import CheckpointReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run
from tui_trainer.runs.metrics import read_steps
from tui_trainer.runs.unwritable import UnwritableError, free_bytes, lacks_room, unwritable
from tui_trainer.runs.writer import RunWriter
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

METRICS = TrainSettings(items=5, lr=1e-3, checkpoint_at_end=False)


def steps_of(reports: list[LoopReport]) -> list[tuple[int, float]]:
    return [(report.step, report.loss) for report in reports if isinstance(report, StepReport)]


def written(folder: Path) -> list[tuple[int, float | None]]:
    return [(line.step, line.loss) for line, _ in read_steps(folder / "metrics.jsonl")]


def after_steps(engine: Engine, settings: TrainSettings, count: int) -> Iterator[LoopReport]:
    """A run with so many steps behind it."""
    steps = engine.train(settings, record=True)
    for _ in range(count):
        next(steps)
    return steps


def halted(steps: Iterator[LoopReport], size: int) -> HaltReport:
    """What the loop says where no file may grow beyond `size`."""
    with full_disk(size):
        halt = next(steps)
    assert isinstance(halt, HaltReport)
    return halt


def test_no_step_is_lost_and_no_line_doubled(qwen3: Engine) -> None:
    whole = steps_of(list(qwen3.train(METRICS)))
    qwen3.reload()
    steps = after_steps(qwen3, METRICS, 2)
    metrics = run_folders()[0] / "metrics.jsonl"
    before = metrics.read_bytes()
    for room in (60, 30, 0):  # the first part of a line has room, or nothing
        halt = halted(steps, len(before) + room)
        assert metrics.read_bytes() == before
    assert (halt.step, halt.may_pass) == (3, True)
    assert f"Step 3 is made, and not written to {metrics.parent} (File too large): " in halt.why
    assert "make room (about 100.0 kB, " in halt.why
    rest = list(steps)
    assert steps_of(rest) == whole[2:]
    assert written(metrics.parent) == whole
    assert open_run(metrics.parent).description.state == "finished"


def test_what_a_checkpoint_takes_is_told(qwen3: Engine) -> None:
    steps = after_steps(qwen3, TrainSettings(items=5), 2)
    size = (run_folders()[0] / "metrics.jsonl").stat().st_size
    halt = halted(steps, size)
    saved = the(CheckpointReport, qwen3.save())
    wanted = re.search(r"make room \(about ([\d.]+) kB, ", halt.why)
    assert wanted is not None
    assert saved.bytes == pytest.approx(1e3 * float(wanted[1]), rel=0.3)


def test_the_last_checkpoint_is_waited_for(qwen3: Engine) -> None:
    steps = after_steps(qwen3, TrainSettings(items=3), 2)
    folder = run_folders()[0]
    halt = halted(steps, 8_000)
    assert halt.step == 3
    assert [step for step, _ in written(folder)] == [1, 2, 3]
    assert open_run(folder).checkpoints == ()
    (last,) = list(steps)
    assert isinstance(last, StepReport)
    assert last.checkpoint is not None
    assert last.checkpoint.failure is None
    assert open_run(folder).checkpoints == (3,)
    assert [step for step, _ in written(folder)] == [1, 2, 3]


def test_a_checkpoint_on_the_way_holds_nothing_up(qwen3: Engine) -> None:
    settings = TrainSettings(items=3, checkpoint_every=2, checkpoint_at_end=False)
    steps = after_steps(qwen3, settings, 1)
    with full_disk(8_000):
        second, third = list(steps)
    assert isinstance(second, StepReport)
    assert second.checkpoint is not None
    assert "File too large" in str(second.checkpoint.failure)
    assert isinstance(third, StepReport)


def test_the_end_of_a_run_is_written_when_there_is_room(qwen3: Engine) -> None:
    steps = after_steps(qwen3, METRICS, 5)
    assert halted(steps, 100).step == 5
    folder = run_folders()[0]
    assert open_run(folder).description.state == "going"
    assert list(steps) == []
    assert open_run(folder).description.state == "finished"


def test_a_checkpoint_after_a_halt_is_of_a_step_that_the_metrics_have(qwen3: Engine) -> None:
    steps = after_steps(qwen3, METRICS, 2)
    folder = run_folders()[0]
    halted(steps, (folder / "metrics.jsonl").stat().st_size)
    saved = the(CheckpointReport, qwen3.save())
    assert (saved.step, len(written(folder))) == (3, 3)
    rest = steps_of(list(steps))
    assert [step for step, _ in written(folder)] == [1, 2, 3, 4, 5]
    checkpoint = str(folder / "checkpoints" / saved.name)
    qwen3.load_model(ModelChoice(checkpoint, "cpu", "fp32"))
    assert steps_of(list(qwen3.resume(checkpoint, METRICS))) == rest[1:]


def test_a_run_that_is_stopped_where_it_halted_keeps_the_step_if_it_can(qwen3: Engine) -> None:
    steps = after_steps(qwen3, METRICS, 2)
    folder = run_folders()[0]
    halt = halted(steps, (folder / "metrics.jsonl").stat().st_size)
    end(steps)
    assert [step for step, _ in written(folder)] == [1, 2, 3]
    description = open_run(folder).description
    assert (description.state, description.failure) == ("failed", halt.why)


def test_the_end_on_a_full_disk_is_told_and_not_dropped(qwen3: Engine) -> None:
    steps = after_steps(qwen3, METRICS, 2)
    halted(steps, (run_folders()[0] / "metrics.jsonl").stat().st_size)
    with full_disk(10), pytest.raises(UnwritableError, match="File too large"):
        end(steps)


def test_what_room_does_not_mend_halts_too(qwen3: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = after_steps(qwen3, METRICS, 2)
    write = RunWriter.write

    def broken(writer: RunWriter, report: LoopReport) -> None:
        raise unwritable(writer.folder, OSError(errno.EIO, "Input/output error"))

    monkeypatch.setattr(RunWriter, "write", broken)
    halt = next(steps)
    assert isinstance(halt, HaltReport)
    assert not halt.may_pass
    assert "(Input/output error): let it be written, then go on." in halt.why
    monkeypatch.setattr(RunWriter, "write", write)
    assert [step for step, _ in steps_of(list(steps))] == [3, 4, 5]


def test_want_of_room_is_known_in_any_language(tmp_path: Path) -> None:
    for full in (
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        OSError(errno.EFBIG, "File too large"),
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ):
        assert lacks_room(full)
    for error in (OSError(errno.EROFS, "Read-only file system"), ValueError("(os error 2)")):
        assert not lacks_room(error)
    assert free_bytes(tmp_path / "not" / "there" / "yet") == pytest.approx(
        free_bytes(tmp_path), rel=0.1
    )
