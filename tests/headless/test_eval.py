"""`tui-trainer eval`: a line an item, then the scores; and compared with an earlier one."""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.architectures import save_tiny
from tests.headless.conftest import Program, obeyed_characters
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.generation.batch_generation import NO_BATCHES
from tui_trainer.reports.evaluated_items import Answer, Ending, EvaluatedItem
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.problem import Problem
from tui_trainer.reports.scoring import paired_interval, wilson_interval
from tui_trainer.settings.evaluation import EvaluationSettings

BRIEF = "--items", "5", "--batch", "2", "--max-tokens", "6"


Answering = Callable[..., None]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    """Make the engine's answers those given, in batches of two; an exception is raised there."""

    def script(*answers: str | BaseException) -> None:
        def evaluate(_engine: Engine, settings: EvaluationSettings) -> Iterator[EvaluationReport]:
            items: tuple[EvaluatedItem, ...] = ()
            for n, text in enumerate(answers):
                if isinstance(text, BaseException):
                    raise text
                answer = Answer(text, Ending.BUDGET if n == 2 else Ending.END_OF_TEXT, 7)
                question = f"How many is {n} + 1?"
                prompt = f"Question: {question}\nAnswer:"
                items += (EvaluatedItem(n, question, f"#### {n + 1}", prompt, answer),)
                if n % 2 or n == len(answers) - 1:
                    yield EvaluationReport(
                        settings, "tiny", 0, len(answers), items, 0.0, 7 * (n + 1), 0.5 * (n + 1)
                    )

        monkeypatch.setattr(Engine, "evaluate", evaluate)

    return script


def test_a_note_that_comes_later_is_told_once(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory may be short for a later batch alone."""
    evaluate = Engine.evaluate

    def with_notes(engine: Engine, settings: EvaluationSettings) -> Iterator[EvaluationReport]:
        for report in evaluate(engine, settings):
            notes = ("Memory was short.",) if report.items else ()
            yield dataclasses.replace(report, notes=notes)

    monkeypatch.setattr(Engine, "evaluate", with_notes)
    ended = program("eval", *BRIEF, "--model", tiny)
    assert ended.err.count("Memory was short.") == 1
    assert ended.status == 0


def test_items_and_scores_are_those_of_the_engine(program: Program, tiny: str) -> None:
    ended = program("eval", *BRIEF, "--model", tiny, "--json")
    assert (ended.status, ended.err) == (0, "")
    *items, scores = ended.lines
    problems = load_problems("builtin", split="test", limit=5)
    items.sort(key=lambda line: line["problem"])  # which are told batch by batch
    for n, (line, problem) in enumerate(zip(items, problems, strict=True)):
        assert line["event"] == "item"
        assert line["problem"] == n
        assert (line["question"], line["expected"]) == (problem.question, problem.answer)
        assert line["prompt"] == f"Question: {problem.question}\nAnswer:"
        assert (line["tokens"], line["ended_by"]) == (6, "budget")
    assert scores["event"] == "evaluation"
    assert (scores["items"], scores["strict"], scores["right"]) == (5, 0.0, 0)
    assert scores["format_failures"] == 5 == scores["cut"]
    assert scores["strict_interval"] == list(wilson_interval(0, 5))
    assert scores["prompt"] == r"Question: {question}\nAnswer: (zero-shot)"
    assert (scores["shots"], scores["max_tokens"], scores["tokens"]) == (0, 6, 30)


def test_scores_strict_and_flexible(program: Program, tiny: str, answering: Answering) -> None:
    answering("#### 1", "It is 2.", "#### 9", "2\n\n#### 4", "none")
    *items, scores = program("eval", "--model", tiny, "--json").lines
    assert [line["outcome"] for line in items] == [
        "right",
        "no_format",
        "wrong",
        "right",
        "no_format",
    ]
    assert [line["strict"] for line in items] == ["1", None, "9", "4", None]
    assert [line["flexible"] for line in items] == ["1", "2.", "9", "4", None]
    assert [line["flexible_right"] for line in items] == [True, True, False, True, False]
    assert (scores["strict"], scores["flexible"]) == (0.4, 0.6)
    assert scores["flexible_interval"] == list(wilson_interval(3, 5))
    counts = [scores[name] for name in ("right", "wrong", "format_failures", "cut")]
    assert counts == [2, 1, 2, 1]


def test_table_for_people(program: Program, tiny: str, answering: Answering) -> None:
    answering("#### 1", "It is 2.", "#### 9")
    lines = program("eval", "--items", "3", "--shots", "2", "--model", tiny).out.splitlines()
    assert lines[1] == (
        r"builtin: Question: {question}\nAnswer: (after 2 worked items), greedy, "
        "at most 256 tokens"
    )
    assert [line.split() for line in lines[2:6]] == [
        ["item", "outcome", "strict", "flexible", "expected", "tokens", "ended", "by"],
        ["0", "right", "1", "1", "1", "7", "end", "of", "text"],
        ["1", "no", "####", "-", "2.", "2", "7", "end", "of", "text"],
        ["2", "wrong", "9", "9", "3", "7", "token", "budget"],
    ]
    low, high = wilson_interval(1, 3)
    assert lines[7:] == [
        "3 items, 21 tokens in 1.5 s (14 tokens/s)",
        f"strict    33.3% (1 of 3; 95%: {low:.1%} to {high:.1%})",
        f"flexible  66.7% (2 of 3; 95%: {1 - high:.1%} to {1 - low:.1%})",
        "1 right, 1 wrong, 1 no ####; of these 1 cut before their end",
    ]


def test_compared_with_an_earlier_one_item_by_item(
    program: Program, tiny: str, answering: Answering, tmp_path: Path
) -> None:
    answering("#### 1", "It is 2.", "#### 9", "#### 4")
    file = tmp_path / "before.jsonl"
    file.write_text(program("eval", "--model", tiny, "--json").out)
    answering("#### 1", "#### 2", "#### 9", "#### 5")
    arguments = "eval", "--model", tiny, "--before", str(file)
    *items, _, comparison = program(*arguments, "--json").lines
    changes = [line["change"] for line in items]
    assert changes == ["still_right", "fixed", "still_wrong", "broken"]
    assert comparison["event"] == "comparison"
    assert [comparison[name] for name in ("items", "before", "after", "rise")] == [4, 0.5, 0.5, 0]
    assert [comparison[name] for name in ("fixed", "broken", "still_right", "still_wrong")] == [
        *(1, 1, 1, 1)
    ]
    assert comparison["rise_interval"] == list(paired_interval(1, 1, 1, 1))
    out = program(*arguments).out.splitlines()
    assert out[4].endswith("end of text, fixed")
    low, high = (100 * end for end in paired_interval(1, 1, 1, 1))
    assert out[-3].startswith("compared  No change seen. Strict counts: 50.0% → 50.0%, +0.0 (95%: ")
    assert out[-2] == (
        f"compared  strict +0.0 points (95%: {low:+.1f} to {high:+.1f}), not separate from zero: "
        "fixed 1, broken 1, still right 1, still wrong 1"
    )
    assert out[-1].startswith("compared  flexible -25.0 points")
    assert comparison["flexible_rise"] == -0.25


def test_a_rise_that_is_separate_from_zero_says_so(
    program: Program, tiny: str, answering: Answering, tmp_path: Path
) -> None:
    file = tmp_path / "before.jsonl"
    answering(*["none"] * 12)
    file.write_text(program("eval", "--model", tiny, "--json").out)
    answering(*[f"#### {n + 1}" for n in range(12)])
    out = program("eval", "--model", tiny, "--before", str(file)).out
    assert "+100.0 points (95%: " in out
    assert ", separate from zero: fixed 12, broken 0" in out
    assert "the two differ" not in out
    answering(*[f"#### {n + 1}, 977" for n in range(12)])
    file.write_text(program("eval", "--model", tiny, "--json").out)
    answering(*[f"It is {n + 1}." for n in range(12)])
    out = program("eval", "--model", tiny, "--before", str(file)).out
    assert out.splitlines()[-1] == "compared  the two differ: 12 answers have no ####"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{nonsense\n", "Line 1 of"),
        ('{"event": "item"}\n', "Line 1 of"),
        ('{"event": "evaluation"}\n[]\n', "Line 2 of"),
        ('{"event": "item", "problem": true}\n', "Line 1 of"),
        ("[" * 100_000, "Line 1 of"),
        ('{"event": "evaluation"}\n', "holds no evaluated item"),
        (None, "cannot be read"),
    ],
)
def test_an_earlier_one_that_cannot_be_used_is_refused_before_a_model_is_loaded(
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: str | None,
    said: str,
) -> None:
    monkeypatch.setattr(Engine, "load_model", lambda *_: pytest.fail("loaded a model"))
    file = tmp_path / "before\x1b[31m.jsonl"
    if content is not None:
        file.write_text(content)
    ended = program("eval", "--before", str(file))
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert said in ended.err
    assert obeyed_characters(ended.err) == set()


def test_ctrl_c_keeps_what_was_scored(program: Program, tiny: str, answering: Answering) -> None:
    answering("#### 1", "#### 2", "#### 3", KeyboardInterrupt())
    ended = program("eval", "--model", tiny, "--json")
    assert ended.status == 130
    assert ended.err == "tui-trainer: Interrupted.\n"
    assert [line["event"] for line in ended.lines] == ["item", "item", "evaluation"]
    assert ended.lines[-1]["items"] == 2
    assert "2 of 4 items" in program("eval", "--model", tiny).out


def test_a_file_with_fewer_items_says_so(program: Program, tiny: str, tmp_path: Path) -> None:
    problems = [Problem(f"How many is {n} + 1?", f"#### {n + 1}") for n in range(4)]
    file = tmp_path / "problems.jsonl"
    file.write_text("".join(json.dumps(dataclasses.asdict(p)) + "\n" for p in problems))
    arguments = "--problems", str(file), "--skip", "1", "--shots", "1", "--max-tokens", "2"
    ended = program("eval", *arguments, "--model", tiny, "--json")
    assert [line["problem"] for line in ended.lines[:-1]] == [1, 2, 3]
    assert ended.lines[0]["prompt"] == (
        "Question: How many is 0 + 1?\nAnswer: #### 1\n\nQuestion: How many is 1 + 1?\nAnswer:"
    )
    assert ended.err == f"tui-trainer: {file} has 3 items to test, fewer than 100.\n"


def test_hostile_text_is_made_visible(
    program: Program, tiny: str, answering: Answering, tmp_path: Path
) -> None:
    answering("#### 1\x1b[2J \u202e2")
    ended = program("eval", "--model", tiny)
    assert obeyed_characters(ended.out) == set()
    assert "\x1b" not in program("eval", "--model", tiny, "--json").out


def test_a_terminal_gets_a_bar(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True)
    ended = program("eval", *BRIEF, "--model", tiny, "--json")
    assert len(ended.lines) == 6
    assert "importing torch …" in ended.err
    assert "5/5 [" in ended.err
    assert "30 tokens" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--items", "0"), "items must be 1 or more"),
        (("--shots", "-2"), "shots must be 0 or more"),
        (("--batch", "0"), "batch must be 1 or more"),
        (("--max-tokens", "0"), "max tokens must be 1 or more"),
        (("--items", "many"), "--items"),
        (("--problems", "nowhere.jsonl"), "nowhere.jsonl"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_model_is_loaded(
    program: Program, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr(Engine, "load_model", lambda *_: pytest.fail("loaded a model"))
    ended = program("eval", *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert said in ended.err


def test_a_model_without_a_kv_cache_is_evaluated_one_at_a_time_and_says_so(
    program: Program, tmp_path: Path
) -> None:
    folder = str(save_tiny("mamba", tmp_path / "mamba"))
    ended = program("eval", *BRIEF, "--model", folder, "--json")
    assert (ended.status, ended.err) == (0, f"tui-trainer: {NO_BATCHES}\n")
    *items, scores = ended.lines
    assert len(items) == scores["items"] == 5
    assert scores["notes"] == [NO_BATCHES]
    assert all(item["raw"].startswith(item["answer"]) for item in items)


def test_weights_that_are_not_numbers_have_no_score(program: Program, tmp_path: Path) -> None:
    folder = save_tiny("llama", tmp_path / "nan")
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"][0] = torch.nan
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    ended = program("eval", *BRIEF, "--model", str(folder))
    assert ended.status == 2
    assert "The logits are not numbers" in ended.err
    assert "0.0%" not in ended.out


def test_a_model_that_sees_the_next_token_is_refused(program: Program, tmp_path: Path) -> None:
    folder = str(save_tiny("xlnet", tmp_path / "xlnet"))
    for command in (("eval", *BRIEF), ("gsm8k", "--items", "1", "--no-run"), ("step", "hello you")):
        ended = program(*command, "--model", folder)
        assert (ended.status, ended.out) == (2, "")
        assert ended.err.startswith("tui-trainer: xlnet is not a decoder-only language model: ")
        assert ended.err.count("\n") == 1
