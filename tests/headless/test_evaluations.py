"""`tui-trainer evaluations`: list, show, delete."""

import pytest

from tests.fake_engine import evaluated_item
from tests.headless.conftest import Program, obeyed_characters
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.runs import RunStep
from tui_trainer.runs.evaluations import evaluations_home, keep_evaluation
from tui_trainer.settings.evaluation import EvaluationSettings


def keep(
    updates: int, *answers: str, model: str = "builtin", left_by: RunStep | None = None
) -> str:
    """The name of one with these answers, of which the n-th is to be n."""
    settings = EvaluationSettings(items=len(answers))
    items = tuple(evaluated_item(n, answer, settings) for n, answer in enumerate(answers))
    made = EvaluationReport(
        settings, model, updates, len(items), items, 0.0, 14, 1.5, left_by=left_by
    )
    return keep_evaluation(made).stem


def test_no_evaluation_yet_is_a_sentence_and_no_json(program: Program) -> None:
    ended = program("evaluations")
    assert (ended.status, ended.err, ended.out.count("\n")) == (0, "", 1)
    assert "5, then e, in the app makes one" in ended.out
    assert program("evaluations", "--json").out == ""


def test_each_is_a_line_and_what_cannot_be_read_is_told(program: Program) -> None:
    name = keep(4, "#### 1", "It is 2.")
    evil = keep(0, "#### 1", model="e\x1b[31mvil")
    (evaluations_home() / "9-cut.jsonl").write_text("{")
    ended = program("evaluations")
    assert ended.status == 0
    assert "9-cut.jsonl is no evaluation of this program" in ended.err
    assert obeyed_characters(ended.out) == set()
    heading, *rows = ended.out.splitlines()
    assert heading.split()[:4] == ["evaluation", "ended", "model", "updates"]
    of = {row.split()[0]: row for row in rows}
    assert set(of) == {name, evil}
    assert of[name].split()[-10:] == [*("4", "-", "builtin", "2", "50.0%"), *of[name].split()[-5:]]
    assert of[name].split()[-2:] == ["100.0%", "0"]
    *kept, damaged = program("evaluations", "--json").lines
    (line,) = (one for one in kept if one["evaluation"] == name)
    assert (line["event"], line["strict"], line["updates"]) == ("evaluation", 0.5, 4)
    assert line["file"] == str(evaluations_home() / f"{name}.jsonl")
    assert damaged["event"] == "damaged"


def test_one_of_the_weights_of_a_run_names_it_in_the_list_by_itself_and_in_json(
    program: Program,
) -> None:
    name = keep(4, "#### 1", left_by=RunStep("2026-11-30-builtin-5", 4))
    assert " 4  step 4 of 2026-11-30-builtin-5  builtin" in program("evaluations").out
    shown = program("evaluations", "show", name).out
    assert "builtin after 4 updates, step 4 of 2026-11-30-builtin-5; builtin: " in shown
    (line,) = program("evaluations", "--json").lines
    assert (line["run"], line["step"]) == ("2026-11-30-builtin-5", 4)


def test_one_is_shown_with_its_items_and_json_is_what_eval_wrote(program: Program) -> None:
    name = keep(4, "#### 1", "It is 2.")
    out = program("evaluations", "show", name).out
    assert "builtin after 4 updates; builtin: Question: " in out
    assert "strict    50.0% (1 of 2; 95%: 9.5% to 90.5%)" in out
    first, second, scores = program("evaluations", "show", name, "--json").lines
    assert (first["event"], second["outcome"], scores["event"]) == (
        *("item", "no_format"),
        "evaluation",
    )


@pytest.mark.parametrize("name", ["nowhere", "../runs"])
def test_one_that_there_is_not_is_a_sentence(program: Program, name: str) -> None:
    ended = program("evaluations", "show", name)
    assert ended.status == 2
    assert f"There is no evaluation {name}: `tui-trainer evaluations` lists" in ended.err


def test_one_is_deleted_only_where_that_is_said_twice(program: Program) -> None:
    name, other = keep(4, "#### 1"), keep(5, "#### 1")
    ended = program("evaluations", "delete", name)
    assert ended.status == 2
    assert f"Deleting {name} (1 answer) cannot be undone: add --yes." in ended.err
    assert program("evaluations", "delete", name, "--yes").out.startswith(f"deleted {name}, ")
    assert [one["evaluation"] for one in program("evaluations", "--json").lines] == [other]
    deleted = program("evaluations", "delete", other, "--yes", "--json").lines[0]
    assert (deleted["evaluation"], deleted["deleted"]) == (other, True)
