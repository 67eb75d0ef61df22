"""The list of runs: what is bad among them is told in a sentence and hides no other."""

import json
from pathlib import Path

import pytest

from tests.runs_on_disk import step_line, write_run
from tui_trainer.errors import InputError
from tui_trainer.runs.description import RunState, Tally
from tui_trainer.runs.home import RUN_FILE, find_run, runs_home
from tui_trainer.runs.listing import delete_whole, list_runs, open_run, read_run
from tui_trainer.runs.writer import RunWriter


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / RUN_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 2}, "its format is 2, and this version reads 1"),
        ({"from_the_future": True}, "from_the_future is not known"),
        ({"steps": 10**400}, "steps is out of range"),
        ({"state": "asleep"}, "in a state that is not known"),
        ({"tally": {"seconds": float("inf")}}, "has a time that is none"),
        ({"settings": {"items": 0}}, "needs at least 1 item"),
        ({"settings": {"lr": "fast"}}, "settings.lr: a number was expected, not text"),
        ({"model": None}, "model: an object was expected, not null"),
    ],
)
def test_a_bad_run_is_a_sentence_and_hides_no_other(changes: dict[str, object], words: str) -> None:
    good, bad = write_run("2026-01-02-builtin-1"), write_run("2026-01-02-builtin-2")
    rewrite(bad, **changes)
    runs, damaged = list_runs()
    assert [run.folder for run in runs] == [good]
    assert [(row.folder, words in row.why) for row in damaged] == [(bad, True)]


def test_foreign_folders_are_told_and_files_passed_over() -> None:
    write_run()
    (runs_home() / "notes.txt").write_text("not a run")
    (runs_home() / "holiday").mkdir()
    (runs_home() / "nowhere").symlink_to("/nowhere")
    (runs_home() / "cut").mkdir()
    (runs_home() / "cut" / RUN_FILE).write_text('{"name": "cu')
    runs, damaged = list_runs()
    assert len(runs) == 1
    told = {row.folder.name: row.why for row in damaged}
    assert set(told) == {"holiday", "cut"}
    assert "it has no run.json" in told["holiday"]
    assert "or it is damaged" in told["cut"]
    with pytest.raises(InputError, match="so it is no run: delete it by hand"):
        delete_whole(runs_home() / "holiday")
    with pytest.raises(InputError, match="cannot be read as a run, so it is not known which"):
        delete_whole(runs_home() / "cut")
    assert {path.name for path in runs_home().iterdir()} >= {"holiday", "cut"}


def test_half_a_metrics_line_of_a_process_that_died_is_left_out() -> None:
    folder = write_run(losses=[4.0, 3.0], state=RunState.GOING, tally=Tally())
    with (folder / "metrics.jsonl").open("a") as file:
        file.write(step_line(3, 1.0)[:20])
    run = open_run(folder)
    assert (run.state, run.description.tally.step) == (RunState.BROKEN_OFF, 2)
    assert (run.description.tally.last, run.description.tally.tokens) == (3.0, 200)


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"step": 3}',
        '{"step": 1e999, "loss": 1, "tokens": 1, "lr": 1, "seconds": 1}',
        '{"step": 3, "loss": 1, "tokens": 1, "lr": 1, "seconds": Infinity}',
        '{"step": 3, "loss": 1' + "0" * 400 + ', "tokens": 1, "lr": 1, "seconds": 1}',
        "\udcff",
        " " * 2**24,
    ],
    ids=["deep", "short", "fraction", "infinite", "huge", "no text", "long"],
)
def test_a_damaged_metrics_line_is_a_sentence(line: str) -> None:
    folder = write_run(losses=[4.0], state=RunState.GOING, tally=Tally())
    with (folder / "metrics.jsonl").open("ab") as file:
        file.write(line.encode(errors="surrogateescape") + b"\n")
    runs, damaged = list_runs()
    assert runs == []
    assert "metrics.jsonl is damaged" in damaged[0].why
    assert len(damaged[0].why) < 600


def test_a_run_that_is_written_is_going_and_is_not_deleted() -> None:
    folder = write_run(state=RunState.GOING)
    writer = RunWriter(folder, read_run(folder))
    try:
        assert open_run(folder).state is RunState.GOING
        with pytest.raises(InputError, match="is going: stop its loop"):
            delete_whole(folder)
    finally:
        writer._file.close()
    assert open_run(folder).state is RunState.BROKEN_OFF
    delete_whole(folder)
    assert not folder.exists()


@pytest.mark.parametrize("name", ["", "~nobody-here", "nul\0", "lone \ud800", "x" * 5000])
def test_a_name_that_no_run_has_is_a_sentence(name: str) -> None:
    write_run()
    with pytest.raises(InputError, match="There is no run"):
        find_run(name)


def test_runs_are_by_the_time_of_their_start_whatever_model_they_have() -> None:
    """By name a later run of a checkpoint stood under earlier ones of the built-in model."""
    for name, started in (
        ("2026-11-30-builtin-9", "2026-11-30T13:59:00+00:00"),
        ("2026-11-30-builtin-step-42-1", "2026-11-30T14:05:00+00:00"),
        ("2026-11-30-builtin-2", "2026-11-30T16:00:00+02:30"),  # 13:30 in UTC
        ("renamed", "2026-11-30T14:00:00+00:00"),
    ):
        rewrite(write_run(name), started=started)
    names = [run.name for run in list_runs()[0]]
    assert names == [
        *("2026-11-30-builtin-step-42-1", "renamed"),
        *("2026-11-30-builtin-9", "2026-11-30-builtin-2"),
    ]
