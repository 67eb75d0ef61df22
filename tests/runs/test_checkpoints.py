"""A checkpoint's folder on disk: whole or not at all."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runs_on_disk import step_report, write_run
from tui_trainer.errors import InputError
from tui_trainer.runs.checkpoint_names import checkpoint_name
from tui_trainer.runs.checkpoints import find_checkpoint, whole_or_not_at_all
from tui_trainer.runs.description import RunState
from tui_trainer.runs.home import CHECKPOINTS
from tui_trainer.runs.listing import open_run, read_run
from tui_trainer.runs.training_facts import TRAINING_FILE
from tui_trainer.runs.writer import RunWriter


def test_one_that_cannot_take_its_place_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = tmp_path / "step-000001"
    with whole_or_not_at_all(checkpoint) as beside:
        (beside / "weights").write_text("before")
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name.endswith(".part"):
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(InputError, match="Permission denied"), whole_or_not_at_all(checkpoint) as b:
        (b / "weights").write_text("after")
    assert [path.name for path in tmp_path.iterdir()] == ["step-000001"]
    assert (checkpoint / "weights").read_text() == "before"


class Killed(BaseException):
    """The process dies here: nothing is tidied up after it."""


@pytest.fixture
def saved_twice(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of a checkpoint whose process died while another of its step took it."""
    run = write_run(checkpoints=[2])
    checkpoint = run / CHECKPOINTS / checkpoint_name(2)
    (checkpoint / TRAINING_FILE).write_text("before")
    rename = Path.rename

    def killed(path: Path, target: Path) -> Path:
        if path.name.endswith(".part"):
            raise Killed
        return rename(path, target)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Path, "rename", killed)
        with whole_or_not_at_all(checkpoint) as beside:
            (beside / TRAINING_FILE).write_text("after")
    assert not checkpoint.exists()
    return checkpoint


@pytest.mark.parametrize(
    "find",
    [
        lambda checkpoint: find_checkpoint(checkpoint.parent.parent.name),
        lambda checkpoint: find_checkpoint(str(checkpoint)),
        lambda checkpoint: open_run(checkpoint.parent.parent),
    ],
    ids=["its run", "itself", "a list"],
)
def test_one_that_stepped_aside_for_one_that_never_came_is_taken_back(
    saved_twice: Path, find: Callable[[Path], object]
) -> None:
    find(saved_twice)
    assert [path.name for path in saved_twice.parent.iterdir()] == ["step-000002"]
    assert (saved_twice / TRAINING_FILE).read_text() == "before"
    assert open_run(saved_twice.parent.parent).checkpoints == (2,)


def test_one_that_stepped_aside_stays_there_while_the_run_is_written(saved_twice: Path) -> None:
    run = saved_twice.parent.parent
    writer = RunWriter(run, read_run(run))
    writer.write(step_report(4, loss=1.0))
    assert open_run(run).checkpoints == ()
    writer.end(RunState.STOPPED)
    assert open_run(run).checkpoints == (2,)


def test_one_whose_place_is_taken_is_removed(saved_twice: Path) -> None:
    with whole_or_not_at_all(saved_twice) as beside:
        (beside / TRAINING_FILE).write_text("after")
    assert [path.name for path in saved_twice.parent.iterdir()] == ["step-000002"]
    old = saved_twice.with_name(".step-000002.old")
    old.mkdir()
    (old / TRAINING_FILE).write_text("before")
    assert find_checkpoint(str(saved_twice)) == saved_twice
    assert not old.exists()
    assert (saved_twice / TRAINING_FILE).read_text() == "after"
