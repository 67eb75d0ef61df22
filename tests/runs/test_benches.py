"""Benches on disk: written whole, read with every value checked, none hidden by a bad one."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benches_on_disk import HEAD, RESULT, loop_result, write_bench
from tests.known import present
from tui_trainer.errors import InputError
from tui_trainer.reports.bench_result import BenchReport, BenchResult, Moment
from tui_trainer.runs.benches import (
    DamagedBench,
    KeptBench,
    benches_home,
    keep_bench,
    keeping,
    list_benches,
    read_bench,
)


def test_what_is_kept_is_read_back_equal() -> None:
    path = keep_bench(RESULT)
    assert path == benches_home() / "2026-01-02-builtin-1.jsonl"
    assert read_bench(path) == RESULT
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line.get("loop", line.get("event")) for line in lines] == [
        *("bench", "notebook", "tuned", "trainer")
    ]
    assert lines[0]["machine"]["cpu"] == "Fast CPU"
    assert (lines[0]["settings"]["seconds"], lines[0]["precision"]) == (5.0, "auto")


def test_a_loss_that_diverged_is_kept_as_none() -> None:
    lost = loop_result("notebook", 10.0, equal_time=Moment(None, 10, 1.0))
    result = BenchResult(replace(HEAD, held_out_loss_before=None), (lost,))
    assert read_bench(keep_bench(result)) == result


@pytest.mark.parametrize("has_links", [True, False])
def test_no_bench_takes_the_place_of_another_and_nothing_is_left_beside(
    monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError("no hard links here")

    if not has_links:
        monkeypatch.setattr(os, "link", no_links)
    names = [keep_bench(RESULT).name for _ in range(3)]
    assert names == [f"2026-01-02-builtin-{n}.jsonl" for n in (1, 2, 3)]
    assert sorted(path.name for path in benches_home().iterdir()) == names


def test_a_write_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"No space left on device.*make room"):
        keep_bench(RESULT)
    assert list(benches_home().iterdir()) == []


def test_a_model_name_stays_inside_the_folder() -> None:
    path = write_bench(model="../../\x1b[2J/etc")
    assert path.parent == benches_home()
    assert path.name == "2026-01-02-2J-etc-1.jsonl"


def reports(result: BenchResult) -> Iterator[BenchReport]:
    report = BenchReport(1, 1, 1, 1, "notebook", 0.1)
    yield report
    yield replace(report, result=result)


def test_the_last_report_says_where_or_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    first, last = keeping(reports(RESULT))
    assert (first.kept, last.kept, last.not_kept) == (None, "2026-01-02-builtin-1.jsonl", None)
    monkeypatch.setattr(os, "fsync", lambda _: Path("/nowhere").stat())
    *_, last = keeping(reports(RESULT))
    assert last.kept is None
    assert "cannot be kept" in present(last.not_kept)
    assert last.result == RESULT


def test_nothing_is_measured_that_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tui-trainer").write_text("a file in its place")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(InputError, match="or give --no-keep"):
        next(keeping(reports(RESULT)))


def changed(path: Path, line: int, **changes: object) -> None:
    lines = [json.loads(text) for text in path.read_text().splitlines()]
    lines[line] |= changes
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.parametrize(
    ("line", "changes", "said"),
    [
        (0, {"format": 2}, "its format is 2, and this version reads 1"),
        (0, {"machine": "fast"}, "an object was expected"),
        (0, {"settings": {"seconds": -1}}, "seconds must be above 0"),
        (0, {"parameters": 10**30}, "out of range"),
        (1, {"tokens_per_second": float("nan")}, "out of range"),
        (1, {"tokens_per_second": None}, "has not all figures"),
        (1, {"precision": "int3"}, "'int3' is not known"),
        (1, {"loop": "fast\x1b[2J"}, "there is no loop"),
        (1, {"loop": "tuned"}, "each loop has one line"),
        (1, {"more": 1}, "more is not known"),
        (1, {"ratios": {"tuned": 2.0}}, "ratios[...]: an object was expected, not a number"),
    ],
)
def test_a_bad_value_is_a_sentence(line: int, changes: dict[str, object], said: str) -> None:
    path = write_bench()
    changed(path, line, **changes)
    (bench,) = list_benches()
    assert isinstance(bench, DamagedBench)
    assert said in bench.why
    assert bench.why.endswith("delete the file.")


def test_bad_files_hide_no_bench_and_the_newest_is_first() -> None:
    for day in (3, 9, 5):
        write_bench(day)
    home = benches_home()
    (home / "empty.jsonl").write_text("")
    (home / "binary.jsonl").write_bytes(bytes(range(256)))
    (home / "cut.jsonl").write_text((home / "2026-01-03-builtin-1.jsonl").read_text()[:200])
    (home / "deep.jsonl").write_text("[" * 100_000)
    (home / "long.jsonl").write_text("x" * 1_000_001)
    (home / "folder.jsonl").mkdir()
    (home / "gone.jsonl").symlink_to(home / "nowhere")
    os.mkfifo(home / "pipe.jsonl")
    (home / ".half.part").write_text("{")
    (home / "notes.txt").write_text("mine")
    benches = list_benches()
    good = [bench.result.head.started[8:10] for bench in benches if isinstance(bench, KeptBench)]
    assert good == ["09", "05", "03"]
    bad = {bench.path.name for bench in benches if isinstance(bench, DamagedBench)}
    assert len(bad) == 8


def test_without_a_folder_there_is_none() -> None:
    assert list_benches() == []
