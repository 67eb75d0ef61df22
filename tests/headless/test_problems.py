"""`tui-trainer problems --item`: one item, its text, its tokens, its labels."""

import json
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from tests.headless.conftest import Program
from tui_trainer.engine.data.problems import format_problem, load_problems


def test_an_item_is_told_with_its_text_its_tokens_and_its_labels(
    program: Program, tiny: str
) -> None:
    (problem,) = load_problems("builtin", limit=6)[5:]
    (line,) = program("problems", "--item", "5", "--model", tiny, "--json").lines
    ids = AutoTokenizer.from_pretrained(tiny)(format_problem(problem)).input_ids
    assert line["text"] == format_problem(problem)
    assert (line["item"], line["question"], line["answer"]) == (
        5,
        problem.question,
        problem.answer,
    )
    assert [token["id"] for token in line["tokens"]] == ids
    assert (line["first_counted"], line["counted"]) == (1, len(ids) - 1)
    answered = program("problems", "--item", "5", "--model", tiny, "--answer-only", "--json")
    assert answered.lines[0]["first_counted"] == line["answer_start"] > 1
    out = program("problems", "--item", "5", "--model", tiny).out
    assert out.startswith(format_problem(problem))
    assert f"item 5: {len(ids)} tokens" in out
    assert f"the loss counts {len(ids) - 1} labels" in out


def test_hostile_items_and_wrong_numbers(program: Program, tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps({"question": "\x1b[2J \u202e", "answer": "a\nb"}) + "\n")
    arguments = "problems", "--problems", str(path), "--model", tiny
    out = program(*arguments, "--item", "0").out
    assert out.startswith("Question: ␛[2J ⟨202E⟩\nAnswer: a\nb\n")
    for number, says in (("1", "has 1 item, counted from 0: there is no item 1"), ("-1", "from 0")):
        ended = program(*arguments, f"--item={number}")
        assert (ended.status, ended.out) == (2, "")
        assert says in ended.err


@pytest.mark.parametrize("number", ["x", "1_0", "1.5", ""])
def test_what_is_no_number_is_refused(program: Program, number: str) -> None:
    assert program("problems", f"--item={number}").status == 2
