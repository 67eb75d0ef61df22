"""What is on disk is there after the machine went down: each file is synced before it has its name,
and its folder after."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.known import present
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.export.files import write_files
from tui_trainer.runs.home import METRICS_FILE, RUN_FILE, run_folders
from tui_trainer.runs.kept_files import keep_lines
from tui_trainer.runs.whole_file import exported_file
from tui_trainer.settings.train import TrainSettings

PUT = "rename", "replace", "link"


@dataclass(frozen=True)
class Call:
    """One call that the system was given, in its order."""

    what: str
    path: Path
    """That was synced, or that was given a name."""
    name: Path | None = None
    inside: tuple[Path, ...] = ()
    """What a folder had in it when it was given its name."""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """Each sync and each naming, done as it is asked for."""
    made: list[Call] = []

    def putting(what: str) -> None:
        put: Callable[..., None] = getattr(os, what)

        def call(path: Path, name: Path, **how: int) -> None:
            if not how:  # what is deleted is renamed in an open folder
                inside = tuple(Path(path).rglob("*")) if Path(path).is_dir() else ()
                made.append(Call(what, Path(path), Path(name), inside))
            put(path, name, **how)

        monkeypatch.setattr(os, what, call)

    def sync(descriptor: int) -> None:
        made.append(Call("sync", Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", sync)
    for what in PUT:
        putting(what)
    return made


def synced(calls: list[Call]) -> set[Path]:
    return {call.path for call in calls if call.what == "sync"}


def assert_lasts(calls: list[Call], name: Path) -> None:
    """Whatever was given this name, and all in it, was synced before; the folder of it after."""
    named = [n for n, call in enumerate(calls) if call.name == name]
    assert named, f"{name} was not written"
    for number in named:
        call = calls[number]
        before, after = synced(calls[:number]), synced(calls[number:])
        assert {call.path, *call.inside} <= before
        assert name.parent in after


def test_a_run_and_its_checkpoints_last(qwen3: Engine, calls: list[Call]) -> None:
    list(qwen3.train(TrainSettings(items=2, checkpoint_every=1), record=True))
    run = run_folders()[0]
    checkpoints = [run / "checkpoints" / f"step-00000{step}" for step in (1, 2)]
    for name in (*checkpoints, run / RUN_FILE, run / "writer.json"):
        assert_lasts(calls, name)
    for checkpoint in checkpoints:
        # A checkpoint tells what the metrics came to: without them nothing goes on from it.
        number = next(n for n, call in enumerate(calls) if call.name == checkpoint)
        assert run / METRICS_FILE in synced(calls[:number])
        assert {run, run / "checkpoints"} <= synced(calls[number:])
        assert len(present(calls[number]).inside) > 5


def test_what_is_kept_and_what_is_exported_lasts(tmp_path: Path, calls: list[Call]) -> None:
    kept = keep_lines(tmp_path, "scores", [{"event": "item"}])
    write_files({tmp_path / "a.py": "pass\n", tmp_path / "b.jsonl": "{}\n"})
    with exported_file(tmp_path / "c.csv") as beside:
        beside.write_text("step,loss\n")
    for name in (kept, tmp_path / "a.py", tmp_path / "b.jsonl", tmp_path / "c.csv"):
        assert_lasts(calls, name)


def test_a_folder_that_cannot_be_synced_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a file system that writes its names at once."""
    fsync = os.fsync

    def sync(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().is_dir():
            raise OSError(22, os.strerror(22))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    assert keep_lines(tmp_path, "scores", [{"event": "item"}]).is_file()
