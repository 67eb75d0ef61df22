"""Deleting a run takes its own files, and nothing else through any link."""

import errno
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.runs_on_disk import write_run
from tui_trainer.errors import InputError
from tui_trainer.runs.deletion import Deletion
from tui_trainer.runs.home import RUN_FILE, runs_home
from tui_trainer.runs.listing import delete_whole
from tui_trainer.runs.training_facts import TrainingFacts, write_facts

FACTS = TrainingFacts("builtin", 2, 2, 1e-5, "AdamW", None, None)


def fill_checkpoint(run: Path, *names: str) -> Path:
    """The checkpoint of step 2 with these files, which it names in its training.json."""
    checkpoint = run / "checkpoints" / "step-000002"
    for name in names:
        (checkpoint / name).parent.mkdir(exist_ok=True)
        (checkpoint / name).write_text(name)
    write_facts(checkpoint, FACTS)
    return checkpoint


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_run_goes_whole_and_says_what_it_had() -> None:
    run = write_run(checkpoints=[2])
    fill_checkpoint(run, "model.safetensors", "code.py", "templates/chat.jinja")
    (run / "checkpoints" / ".step-000004.part").mkdir()
    (run / "checkpoints" / ".step-000004.part" / "model.safetensors").write_text("half")
    (run / "tensorboard").mkdir()
    (run / "tensorboard" / "events.out.tfevents.1.host").write_text("")
    size = sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
    assert delete_whole(run) == Deletion(size, [])
    assert not run.exists()


def test_what_is_not_the_runs_own_is_left_and_told() -> None:
    run = write_run(checkpoints=[2])
    checkpoint = fill_checkpoint(run, "model.safetensors")
    (checkpoint / "thesis.json").write_text("{}")
    (run / "notes.txt").write_text("mine")
    (run / "plots").mkdir()
    (run / "plots" / "metrics.jsonl").write_text("mine")
    deletion = delete_whole(run)
    assert sorted(deletion.left) == ["checkpoints/step-000002/thesis.json", "notes.txt", "plots"]
    assert files_in(run) == [
        "checkpoints",
        "checkpoints/step-000002",
        "checkpoints/step-000002/thesis.json",
        "notes.txt",
        "plots",
        "plots/metrics.jsonl",
    ]


def test_an_older_checkpoint_loses_what_such_a_one_has() -> None:
    run = write_run(checkpoints=[2])
    checkpoint = run / "checkpoints" / "step-000002"
    for name in ("model.safetensors", "training.json", "merges.txt", "notes.md"):
        (checkpoint / name).write_text("{}")
    assert delete_whole(run).left == ["checkpoints/step-000002/notes.md"]


@pytest.mark.parametrize(
    "what", ["metrics.jsonl", "checkpoints", "checkpoints/step-000002", "tensorboard"]
)
def test_nothing_is_deleted_through_a_link(tmp_path: Path, what: str) -> None:
    run = write_run(checkpoints=[2])
    fill_checkpoint(run, "model.safetensors")
    (run / "tensorboard").mkdir()
    (run / "tensorboard" / "events.out.tfevents.1.host").write_text("")
    target = (run / what).rename(tmp_path / "target")
    (run / what).symlink_to(target)
    before = files_in(tmp_path)
    assert delete_whole(run).left == [what]
    assert files_in(tmp_path) == before
    assert (run / what).is_symlink()


def test_a_link_to_a_run_is_not_the_run(tmp_path: Path) -> None:
    run = write_run()
    elsewhere = run.rename(tmp_path / "elsewhere")
    run.symlink_to(elsewhere)
    with pytest.raises(InputError, match="is a link, or its"):
        delete_whole(run)
    assert files_in(elsewhere) == ["metrics.jsonl", "run.json"]


@pytest.mark.parametrize(
    ("content", "words"),
    [("{}", "cannot be read as a run"), ("not JSON", "cannot be read as a run")],
)
def test_a_folder_with_somebody_elses_run_json_is_left(
    tmp_path: Path, content: str, words: str
) -> None:
    (tmp_path / RUN_FILE).write_text(content)
    (tmp_path / "metrics.jsonl").write_text("mine")
    with pytest.raises(InputError, match=words):
        delete_whole(tmp_path)
    assert files_in(tmp_path) == ["metrics.jsonl", RUN_FILE]


def test_a_run_whose_deletion_breaks_off_can_be_deleted_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = write_run(checkpoints=[2])
    fill_checkpoint(run, "model.safetensors")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", refuse)
        with pytest.raises(InputError, match="cannot be deleted"):
            delete_whole(run)
    assert json.loads((run / RUN_FILE).read_text())["name"] == run.name
    delete_whole(run)
    assert list(runs_home().iterdir()) == []


def delete_at_once(run: Path) -> list[Deletion | str]:
    """What two who delete a run at the same moment are told."""
    barrier = threading.Barrier(2)

    def delete(_: int) -> Deletion | str:
        barrier.wait()
        try:
            return delete_whole(run)
        except InputError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(delete, range(2)))


def test_of_two_who_delete_a_run_at_once_one_does_and_the_other_is_told() -> None:
    for number in range(20):
        run = write_run(checkpoints=[2])
        fill_checkpoint(run, *(f"{n}.py" for n in range(number)), "model.safetensors")
        told = delete_at_once(run)
        (deletion,) = [one for one in told if isinstance(one, Deletion)]
        (why,) = [one for one in told if isinstance(one, str)]
        assert deletion.left == []
        assert why == f"{run} is gone: it was deleted meanwhile."
        assert not run.exists()


def test_a_checkpoint_whose_deletion_broke_off_still_says_which_files_are_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = write_run(checkpoints=[2])
    checkpoint = fill_checkpoint(run, "model.safetensors", "code.py", "vocabulary.bin")
    unlink = os.unlink

    def broken(name: str, *, dir_fd: int | None = None) -> None:
        if name.endswith(".bin"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        unlink(name, dir_fd=dir_fd)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", broken)
        with pytest.raises(InputError, match="Input/output error"):
            delete_whole(run)
    assert files_in(checkpoint)
    assert delete_whole(run).left == []
    assert not run.exists()
