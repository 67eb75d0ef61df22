"""Evaluations on disk: read back as they were, also by the command, and no bad file hides one."""

import json
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from tests.fake_engine import evaluated_item
from tui_trainer.errors import InputError
from tui_trainer.headless.earlier_evaluation import read_items
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.runs import RunStep
from tui_trainer.runs.evaluations import (
    LISTED,
    EarlierEvaluations,
    delete_evaluation,
    earlier_evaluations,
    evaluations_home,
    find_evaluation,
    keep_evaluation,
    list_evaluations,
)
from tui_trainer.settings.evaluation import EvaluationSettings


def report(updates: int = 3, model: str = "builtin") -> EvaluationReport:
    settings = EvaluationSettings(items=9, shots=2, shots_from="a.jsonl", batch=4)
    items = tuple(evaluated_item(n, f"#### {n + 1}", settings) for n in range(2))
    return EvaluationReport(settings, model, updates, 2, items, 0.0, 14, 1.5, ("A note.",))


def reports() -> list[EvaluationReport]:
    """Those that the app lists."""
    return [kept.report for kept in earlier_evaluations().listed]


def test_what_is_kept_is_read_back_equal_and_eval_reads_it_too() -> None:
    left_by = RunStep("2026-11-30-builtin-5", 3)
    path = keep_evaluation(replace(report(), left_by=left_by))
    (kept,) = reports()
    assert kept.left_by == left_by
    assert (kept.items, kept.settings) == (report().items, report().settings)
    assert (kept.model, kept.updates, kept.total, kept.tokens) == ("builtin", 3, 2, 14)
    assert (kept.seconds, kept.notes) == (1.5, ("A note.",))
    assert kept.ended[:10] == path.name[:10]
    assert read_items(str(path)) == report().items


def test_bad_files_hide_no_evaluation_and_the_last_are_listed_oldest_first() -> None:
    for n in range(LISTED + 3):
        path = keep_evaluation(report(n))
        os.utime(path, (n, n))
        *lines, last = path.read_text().splitlines()
        ended = json.loads(last) | {"ended": f"2026-01-02T03:04:{n:02}+00:00"}
        path.write_text("\n".join([*lines, json.dumps(ended)]))
        os.utime(path, (n, n))
    assert [kept.updates for kept in reports()] == list(range(3, LISTED + 3))
    assert earlier_evaluations().older == 3
    home = evaluations_home()
    (home / "1-cut.jsonl").write_text(path.read_text()[:100])
    (home / "2-alien.jsonl").write_text('{"event": "evaluation", "model": 4}\n')
    (home / "3-empty.jsonl").write_text("")
    (home / "4-huge.jsonl").write_text(path.read_text().replace('"updates": ', '"updates": 1e999'))
    (home / "5-folder.jsonl").mkdir()
    (home / "6-settings.jsonl").write_text(path.read_text().replace('"batch": 4', '"batch": 0'))
    (home / "7-total.jsonl").write_text(path.read_text().replace('"total": 2', '"total": 0'))
    found = [kept.updates for kept in reports()]
    assert found == list(range(10, LISTED + 3))
    kept, damaged = list_evaluations()
    assert [one.report.updates for one in kept] == list(reversed(range(LISTED + 3)))
    assert sorted(one.path.name[0] for one in damaged) == list("1234567")


def test_what_eval_wrote_is_dated_as_its_file() -> None:
    path = keep_evaluation(report())
    *lines, last = path.read_text().splitlines()
    scores = {name: value for name, value in json.loads(last).items() if name != "ended"}
    path.write_text("\n".join([*lines, json.dumps(scores)]))
    os.utime(path, (1_750_000_000, 1_750_000_000))
    (kept,) = reports()
    assert datetime.fromisoformat(kept.ended).timestamp() == 1_750_000_000


def test_without_a_folder_there_is_none() -> None:
    assert earlier_evaluations() == EarlierEvaluations((), 0)
    assert list_evaluations() == ([], [])


def test_an_evaluation_is_found_by_name_and_deleted_and_nothing_else_is(tmp_path: Path) -> None:
    path, other = keep_evaluation(report()), keep_evaluation(report(4))
    assert find_evaluation(path.stem) == find_evaluation(str(path)) == path
    foreign = evaluations_home() / "notes.jsonl"
    foreign.write_text("mine\n")
    link = evaluations_home() / "link.jsonl"
    link.symlink_to(other)
    for name, why in (("notes", "no evaluation of this program"), ("link", "is a link")):
        with pytest.raises(InputError, match=why):
            delete_evaluation(find_evaluation(name))
    for name in ("nowhere", "", "a" * 300, "x\0y", str(tmp_path)):
        with pytest.raises(InputError, match="There is no evaluation"):
            find_evaluation(name)
    size = path.stat().st_size
    assert delete_evaluation(path) == size
    assert set(evaluations_home().iterdir()) == {other, foreign, link}
