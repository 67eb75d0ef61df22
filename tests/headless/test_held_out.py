"""`tui-trainer gsm8k` with held-out items: the events among the steps, in JSON and for people."""

import json
from pathlib import Path

import pytest

from tests.architectures import save_tiny
from tests.headless.conftest import Program, obeyed_characters, of_few_words
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.generation.batch_generation import NO_BATCHES

ASKED = (
    *("--items", "4", "--validation-items", "3", "--validate-every", "2"),
    *("--sample-every", "4", "--no-run"),
)


def test_events_stand_between_the_steps(program: Program, brief: str) -> None:
    ended = program("gsm8k", *ASKED, "--model", brief, "--json")
    assert (ended.status, ended.err) == (0, "")
    seen = [(line.get("event", "step"), line["step"]) for line in ended.lines]
    two = ("sample", 0), ("sample", 0), ("step", 1), ("step", 2), ("validation", 2), ("step", 3)
    assert seen == [("validation", 0), *two, ("step", 4), ("validation", 4), *[("sample", 4)] * 2]
    validations = [line for line in ended.lines if line.get("event") == "validation"]
    for line in validations:
        assert list(line)[2:] == [
            "items",
            "loss",
            "question_loss",
            "answer_loss",
            "question_tokens",
            "answer_tokens",
            "seconds",
        ]
        both = line["question_tokens"], line["answer_tokens"]
        total = both[0] * line["question_loss"] + both[1] * line["answer_loss"]
        assert line["loss"] == pytest.approx(total / sum(both))
        assert line["items"] == 3
    assert validations[-1]["loss"] < validations[0]["loss"]
    samples = [line for line in ended.lines if line.get("event") == "sample"]
    asked = load_problems("builtin", split="test", limit=2)
    for line, problem in zip(samples, asked * 2, strict=True):
        assert (line["question"], line["expected"]) == (problem.question, problem.answer)
        assert line["ended_by"] in ("end_of_text", "stop_string", "budget", "context")
        assert (line["tokens"] > 0, line["strict_right"]) == (True, False)


def test_losses_of_the_steps_are_those_without_events(program: Program, brief_dropout: str) -> None:
    arguments = "gsm8k", "--items", "4", "--model", brief_dropout, "--json", "--no-run"
    plain = [line["loss"] for line in program(*arguments).lines]
    lines = program(*arguments, *ASKED).lines
    assert [line["loss"] for line in lines if "event" not in line] == plain


def test_a_table_has_the_measurements_among_its_rows(program: Program, brief: str) -> None:
    out = program("gsm8k", *ASKED, "--model", brief).out
    lines = out.splitlines()
    heading = next(n for n, line in enumerate(lines) if line.startswith("  step "))
    measured, *sample = lines[heading + 1 : heading + 6]
    assert measured.startswith("     0  validation ")
    assert "(question " in measured
    assert "nats), 3 items in " in measured
    assert sample[0].startswith("     0  sample, item 0: ")
    assert sample[1].startswith("        question  ")
    assert sample[2].startswith("        expected  ")
    assert sample[3].startswith("        answer    ")
    assert lines[-1].startswith("validation: ")
    assert "at step 0, " in lines[-1]


def test_hostile_items_reach_no_terminal_and_too_few_are_told(
    program: Program, brief: str, tmp_path: Path
) -> None:
    path = tmp_path / "problems.jsonl"
    row = {"question": "a\x1b[31mb\u202ec [/foo]", "answer": "\x1b]52;c;x\x07"}
    rows = [row | {"question": f"{row['question']}{n}"} for n in range(6)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = "--items", "4", "--validation-items", "9", "--sample-every", "1"
    ended = program("gsm8k", "--problems", str(path), *arguments, "--model", brief)
    assert obeyed_characters(ended.out) == set()
    assert "a␛[31mb⟨202E⟩c [/foo]4" in ended.out
    assert ended.err.count("has 2 held-out items, fewer than 9.") == 1
    asked = "--items", "6", "--validation-items", "1"
    ended = program("gsm8k", "--problems", str(path), *asked, "--model", brief)
    assert (ended.status, ended.out) == (2, "")
    assert "no item beside the 6 that are trained on: lower items" in ended.err


def test_samples_that_cannot_be_answered_in_batches_are_said_to_come_one_at_a_time(
    program: Program, tmp_path: Path
) -> None:
    folder = of_few_words(str(save_tiny("roberta", tmp_path / "roberta")), tmp_path / "brief")
    asked = program("gsm8k", "--model", folder, "--items", "1", "--sample-every", "1", "--no-run")
    assert asked.status == 0
    assert asked.err.count(NO_BATCHES) == 1
