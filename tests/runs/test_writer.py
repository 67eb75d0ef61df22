"""A run that is written is known as such, and knows its folder whatever becomes of its name."""

import errno
import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path

import pytest

from tests.full_disk import full_disk
from tests.known import present
from tests.runs_on_disk import step_report, write_run
from tui_trainer.errors import InputError
from tui_trainer.runs import presence
from tui_trainer.runs.description import RunState, Tally
from tui_trainer.runs.home import METRICS_FILE, RUN_FILE, WRITER_FILE, runs_home
from tui_trainer.runs.json_files import write_json
from tui_trainer.runs.listing import delete_whole, list_runs, open_run, read_run
from tui_trainer.runs.metrics import tally_up_to
from tui_trainer.runs.open_folder import OpenFolder
from tui_trainer.runs.presence import RunningWriter, is_being_written
from tui_trainer.runs.unwritable import UnwritableError
from tui_trainer.runs.writer import RunWriter


@pytest.fixture
def run() -> Path:
    """A run before its first step."""
    return write_run(losses=[], state=RunState.GOING, tally=Tally())


@pytest.fixture
def writer(run: Path) -> Iterator[RunWriter]:
    writer = RunWriter(run, read_run(run))
    yield writer
    writer.end(RunState.STOPPED)


def take(writer: RunWriter, *steps: int) -> None:
    for step in steps:
        writer.write(step_report(step, loss=float(step)))


# Where its files are


def test_a_run_that_is_renamed_is_followed_and_says_so(run: Path, writer: RunWriter) -> None:
    take(writer, 1, 2)
    renamed = run.rename(run.with_name("mine"))
    take(writer, 3)
    assert writer.pop_news() == (f"The run {run.name} was renamed: it goes on in {renamed}.",)
    take(writer, 4)
    assert writer.pop_news() == ()
    assert [found.name for found in list_runs()[0]] == ["mine"]
    found = open_run(renamed)
    assert (found.state, found.description.name) == (RunState.GOING, "mine")
    assert found.description.tally.step == 4


def test_a_run_that_is_moved_to_another_folder_is_followed(
    run: Path, writer: RunWriter, tmp_path: Path
) -> None:
    take(writer, 1)
    moved = run.rename(tmp_path / "moved")
    run.mkdir()  # another one takes its place
    take(writer, 2)
    assert writer.folder == moved
    assert tally_up_to(moved / METRICS_FILE, 2).step == 2
    assert list(run.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        shutil.rmtree,
        lambda run: shutil.rmtree(runs_home()),
        lambda run: (run / METRICS_FILE).unlink(),
        lambda run: (run / METRICS_FILE).replace(run / "other"),
        lambda run: shutil.copy(run / METRICS_FILE, run / "new").replace(run / METRICS_FILE),
    ],
    ids=["folder", "home", "metrics", "metrics renamed", "metrics replaced"],
)
def test_a_run_whose_files_are_gone_is_written_anew_with_all_its_steps(
    run: Path, writer: RunWriter, damage: Callable[[Path], object]
) -> None:
    take(writer, 1, 2)
    damage(run)
    take(writer, 3)
    (said,) = writer.pop_news()
    assert f"are gone from {run}: it goes on in {writer.folder}, with the losses of all" in said
    assert writer.folder.parent == runs_home()
    assert writer.folder != run or not run.exists()
    assert tally_up_to(writer.folder / METRICS_FILE, 3).last == 3.0
    assert read_run(writer.folder).name == writer.folder.name
    assert is_being_written(writer.folder)
    writer.end(RunState.FINISHED)
    assert open_run(writer.folder).state is RunState.FINISHED


def test_what_cannot_be_written_whole_is_not_written_and_can_be_given_again(
    run: Path, writer: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        """A file on a disk that takes 10 bytes more."""

        def __init__(self, file: FileIO) -> None:
            self.file = file

        def write(self, raw: bytes) -> int:
            return self.file.write(raw[:10])

        def __getattr__(self, name: str) -> object:
            return getattr(self.file, name)

    take(writer, 1)
    with monkeypatch.context() as patch:
        patch.setattr(writer, "_file", Full(writer._file))
        with pytest.raises(InputError, match="make room"):
            take(writer, 2)
    take(writer, 2)
    assert tally_up_to(run / METRICS_FILE, 2) == writer.at_step


def refused(*_: object, **__: object) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.fixture
def torn(run: Path, writer: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """After step 1 half of step 2 is in the file: it could not be taken back."""
    take(writer, 1)
    size = (run / METRICS_FILE).stat().st_size
    with monkeypatch.context() as patch:
        patch.setattr(os, "ftruncate", refused)
        for _ in range(2):  # the second time it cannot even be begun
            with full_disk(size + 10), pytest.raises(UnwritableError):
                take(writer, 2)
            assert (run / METRICS_FILE).stat().st_size == size + 10


def test_half_a_line_that_cannot_be_taken_back_is_taken_back_before_the_next(
    run: Path, writer: RunWriter, torn: None
) -> None:
    assert open_run(run).description.tally.step == 1
    take(writer, 2, 3)
    assert tally_up_to(run / METRICS_FILE, 3) == writer.at_step


def test_half_a_line_does_not_come_along_to_another_folder(
    run: Path, writer: RunWriter, torn: None
) -> None:
    shutil.rmtree(run)
    take(writer, 2, 3)
    assert tally_up_to(writer.folder / METRICS_FILE, 3) == writer.at_step


@pytest.mark.parametrize("call", [lambda w: take(w, 2), lambda w: w.conclude(RunState.FINISHED)])
def test_a_folder_that_cannot_be_looked_at_may_be_tried_again(
    run: Path, writer: RunWriter, monkeypatch: pytest.MonkeyPatch, call: Callable[[RunWriter], None]
) -> None:
    take(writer, 1)
    with monkeypatch.context() as patch:
        patch.setattr(OpenFolder, "find", refused)
        with pytest.raises(UnwritableError):
            call(writer)
    take(writer, 2)
    assert tally_up_to(run / METRICS_FILE, 2).step == 2


def test_what_a_file_tells_as_it_is_closed_is_told(run: Path) -> None:
    """As one on a network does whose last bytes found no room."""

    class Refusing(FileIO):
        def close(self) -> None:
            super().close()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    writer = RunWriter(run, read_run(run))
    take(writer, 1)
    writer._file = Refusing(os.dup(writer._file.fileno()))
    with pytest.raises(UnwritableError):
        writer.end(RunState.FINISHED)
    assert not writer.is_open
    assert open_run(run).state is RunState.FINISHED


def test_a_new_folder_without_a_run_json_is_none(
    run: Path, writer: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(writer, 1)
    shutil.rmtree(run)
    with monkeypatch.context() as patch:
        patch.setattr("tui_trainer.runs.writer.write_json", refused)
        with pytest.raises(UnwritableError):
            take(writer, 2)
    assert list(runs_home().iterdir()) == []
    take(writer, 2)
    assert open_run(writer.folder).description.tally.step == 2


def test_a_run_json_that_cannot_be_written_does_not_lose_the_step(
    run: Path, writer: RunWriter
) -> None:
    (run / RUN_FILE).unlink()
    (run / RUN_FILE).mkdir()
    take(writer, 1)
    (run / RUN_FILE).rmdir()
    take(writer, 2)
    writer.end(RunState.FINISHED)
    assert open_run(run).description.tally.step == 2


# Whether it is written


@pytest.fixture(params=[errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK])
def no_locks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that has none, as many on a network."""

    def flock(*_: object) -> None:
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", flock)


def test_without_locks_a_run_is_written_and_known_to_be(no_locks: None, run: Path) -> None:
    writer = RunWriter(run, read_run(run))
    take(writer, 1)
    assert open_run(run).state is RunState.GOING
    with pytest.raises(InputError, match="is going: stop its loop"):
        delete_whole(run)
    writer.end(RunState.FINISHED)
    assert open_run(run).state is RunState.FINISHED
    assert not (run / WRITER_FILE).exists()


HERE = presence.machine()


@pytest.mark.parametrize(
    ("host", "pid", "started", "age", "expected"),
    [
        (HERE, "own", 0.0, 1e6, True),
        (HERE, "own", -100.0, 0.0, False),
        (HERE, "none", 0.0, 0.0, False),
        ("elsewhere", "none", 0.0, 10.0, True),
        ("elsewhere", "none", 0.0, -10.0, True),
        ("elsewhere", "own", 0.0, 1000.0, False),
    ],
    ids=["alive", "number of another", "dead", "beats", "clock behind", "beats no more"],
)
def test_without_locks_it_is_the_process_here_and_the_heartbeat_elsewhere(
    no_locks: None, run: Path, host: str, pid: str, started: float, age: float, expected: bool
) -> None:
    began = present(presence._began(os.getpid()))
    writer = RunningWriter(
        host, os.getpid() if pid == "own" else 2**22 + 1, began + started, locked=False
    )
    write_json(run / WRITER_FILE, writer)
    os.utime(run / WRITER_FILE, (time.time() - age,) * 2)
    assert is_being_written(run) is expected
    assert (open_run(run).state is RunState.GOING) is expected


def test_a_lock_that_other_machines_do_not_see_is_made_up_for_by_the_heartbeat(run: Path) -> None:
    """As on a network file system whose locks are each machine's own."""
    write_json(run / WRITER_FILE, RunningWriter("elsewhere", 1, 1.0, locked=True))
    assert is_being_written(run)
    write_json(run / WRITER_FILE, RunningWriter(HERE, os.getpid(), 1.0, locked=True))
    assert not is_being_written(run)


def test_a_paused_run_beats(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "BEAT_SECONDS", 0.01)
    writer = RunWriter(run, read_run(run))
    renamed = run.rename(run.with_name("mine"))
    os.utime(renamed / WRITER_FILE, (1.0, 1.0))
    deadline = time.monotonic() + 30
    while (renamed / WRITER_FILE).stat().st_mtime == 1.0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    writer.end(RunState.STOPPED)


@pytest.mark.parametrize("content", ["{}", "[", json.dumps({"host": 1}), "pipe"])
def test_a_damaged_writer_json_is_none(run: Path, content: str) -> None:
    if content == "pipe":
        os.mkfifo(run / WRITER_FILE)
    else:
        (run / WRITER_FILE).write_text(content)
    assert not is_being_written(run)
