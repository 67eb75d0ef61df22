"""`tui-trainer gsm8k`: the loop, a line a step."""

import dataclasses
import json
import math
import re
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.headless.conftest import Program, obeyed_characters
from tests.known import the
from tui_trainer.engine.data.problems import Problem, format_problem, load_problems
from tui_trainer.engine.engine import Engine
from tui_trainer.headless.told_steps import describe_report
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.loop import LoopReport, ThreadsReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.reports.threads import ThreadShare
from tui_trainer.runs.loop_lines import loop_lines
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.presets import TUNED
from tui_trainer.settings.train import TrainSettings
from tui_trainer.words.numbers import nats

PROBLEMS = [
    Problem("How many is 2 + 3?", "2+3 = <<2+3=5>>5\n#### 5"),
    Problem("How many is 4 * 6?", "4*6 = <<4*6=24>>24\n#### 24"),
    Problem("How many is 9 - 2?", "9-2 = <<9-2=7>>7\n#### 7"),
]


@pytest.fixture
def problem_file(tmp_path: Path) -> str:
    path = tmp_path / "problems.jsonl"
    path.write_text("".join(json.dumps(dataclasses.asdict(p)) + "\n" for p in PROBLEMS))
    return str(path)


def notebook_loop(folder: str, problems: list[Problem], lr: float) -> list[float]:
    """The notebook's loop written out: the loss of each item before its update."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).train()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    losses = []
    for problem in problems:
        text = f"Question: {problem.question}\nAnswer: {problem.answer}"
        input_ids = tokenizer(text, return_tensors="pt").input_ids
        loss = F.cross_entropy(model(input_ids=input_ids).logits[0, :-1], input_ids[0, 1:])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def test_losses_equal_the_notebooks_loop(program: Program, tiny: str) -> None:
    ended = program("gsm8k", "--items", "20", "--seed", "3", "--model", tiny, "--json")
    assert (ended.status, ended.err) == (0, "")
    problems = load_problems("builtin", limit=20, seed=3)
    lines = ended.steps
    assert [line["step"] for line in lines] == list(range(1, 21))
    expected = notebook_loop(tiny, problems, 1e-5)
    assert [line["loss"] for line in lines] == pytest.approx(expected, rel=1e-5)
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    for line, problem in zip(lines, problems, strict=True):
        told = "step", "loss", "tokens", "lr", "seconds", "positions", "grad_norm", "row"
        assert tuple(line) == told
        assert line["positions"] == line["tokens"]
        assert line["row"] == [{"item": line["step"] - 1, "tokens": line["tokens"]}]
        assert line["tokens"] == len(tokenizer(format_problem(problem)).input_ids)
        assert line["lr"] == 1e-5
        assert line["seconds"] > 0


@pytest.mark.parametrize(
    "layout",
    [("--batch", "4"), ("--batch", "4", "--padding", "left"), ("--pack", "256", "--batch", "2")],
)
def test_the_rows_of_a_batch_and_their_padding_are_told(
    program: Program, tiny: str, layout: tuple[str, ...]
) -> None:
    arguments = "gsm8k", "--items", "8", "--model", tiny, *layout
    lines = program(*arguments, "--json").steps
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    lengths = [len(tokenizer(format_problem(p)).input_ids) for p in load_problems("builtin")[:8]]
    rows = int(layout[layout.index("--batch") + 1])
    for line in lines:
        tokens = [part["tokens"] for part in line["row"]]
        assert sum(tokens) * rows == line["positions"] >= line["tokens"]
        assert all(p["item"] is None or p["tokens"] == lengths[p["item"]] for p in line["row"])
    assert lines[0]["row"][-1 if "left" in layout else 0]["item"] == 0
    share = sum(line["tokens"] for line in lines) / sum(line["positions"] for line in lines)
    assert f"rows: {share:.0%} useful, {1 - share:.0%} padding or" in program(*arguments).out


def test_a_file_is_trained_on_in_its_order(program: Program, tiny: str, problem_file: str) -> None:
    arguments = "gsm8k", "--problems", problem_file, "--items", "3", "--lr", "1e-3"
    lines = program(*arguments, "--model", tiny, "--json").steps
    expected = notebook_loop(tiny, PROBLEMS, 1e-3)
    assert [line["loss"] for line in lines] == pytest.approx(expected, rel=1e-5)
    assert {line["lr"] for line in lines} == {1e-3}


def test_a_source_with_fewer_items_ends_early_and_says_so(
    program: Program, tiny: str, problem_file: str
) -> None:
    ended = program("gsm8k", "--problems", problem_file, "--model", tiny, "--json")
    assert (ended.status, len(ended.steps)) == (0, 3)
    assert ended.err == f"tui-trainer: {problem_file} has 3 items, fewer than 500.\n"


def test_a_step_of_several_items_has_their_mean_loss_however_they_are_put_together(
    program: Program, tiny: str, problem_file: str
) -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    total, counted = 0.0, 0
    for problem in PROBLEMS:
        question = f"Question: {problem.question}\nAnswer:"
        ids = tokenizer(f"{question} {problem.answer}", return_tensors="pt").input_ids
        start = len(tokenizer(question).input_ids)
        losses = F.cross_entropy(model(ids).logits[0, :-1], ids[0, 1:], reduction="none")
        total, counted = total + losses[start - 1 :].sum().item(), counted + len(losses) + 1 - start
    for how in (
        ("--batch", "3"),
        ("--batch", "2", "--accumulation", "2", "--padding", "left"),
        ("--pack", "256"),
    ):
        arguments = "gsm8k", "--problems", problem_file, "--answer-only", "--model", tiny
        (line,) = program(*arguments, *how, "--json").steps
        assert line["loss"] == pytest.approx(total / counted, rel=1e-5)


def test_every_setting_has_a_flag(program: Program, tiny: str, problem_file: str) -> None:
    arguments = (
        *("gsm8k", "--problems", problem_file, "--model", tiny, "--epochs", "2", "--shuffle"),
        *("--schedule", "cosine", "--warmup", "2", "--lr", "1e-3", "--weight-decay", "0.1"),
        *("--end-of-text", "--seed", "5"),
    )
    lines = program(*arguments, "--json").steps
    cosine = [(1 + math.cos(math.pi * n / 4)) / 2 for n in range(4)]
    rates = [1e-3 * factor for factor in (0.5, 1, *cosine)]
    assert [line["lr"] for line in lines] == pytest.approx(rates)
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    lengths = sorted(len(tokenizer(format_problem(p)).input_ids) + 1 for p in PROBLEMS)
    tokens = [line["tokens"] for line in lines]
    assert (sorted(tokens[:3]), sorted(tokens[3:])) == (lengths, lengths)
    described = program(*arguments).out.splitlines()[1]
    assert described.endswith(
        "AdamW, lr 1e-3, end of text yes, weight decay 0.1, schedule cosine, warmup 2, epochs 2, "
        "shuffle yes"
    )


def test_evaluated_before_and_after_the_run(program: Program, brief: str) -> None:
    arguments = "gsm8k", "--items", "2", "--seed", "4", "--model", brief, "--no-run"
    ended = program(*arguments, "--evaluate", "3", "--json")
    assert (ended.status, ended.err) == (0, "")
    before, *steps, after, comparison = ended.lines
    assert [line["step"] for line in steps] == [1, 2]
    for line in (before, after):
        told = [line[name] for name in ("event", "problems", "items", "seed")]
        assert told == ["evaluation", "builtin", 3, 4]
    assert (before["updates"], after["updates"]) == (0, 2)
    assert [comparison[name] for name in ("event", "items", "rise")] == ["comparison", 3, 0.0]
    plain = program(*arguments, "--json").lines
    assert [line["loss"] for line in steps] == [line["loss"] for line in plain]
    out = program(*arguments, "--evaluate", "3").out.splitlines()
    assert [line.split()[0] for line in out if line.startswith(("strict", "compared"))] == [
        *("strict", "strict"),
        *("compared", "compared", "compared"),  # the verdict, then strict and flexible
    ]


def test_of_a_file_what_is_evaluated_is_not_trained_on(
    program: Program, brief: str, problem_file: str
) -> None:
    arguments = "--problems", problem_file, "--items", "2", "--evaluate", "9", "--model", brief
    ended = program("gsm8k", *arguments, "--no-run", "--json")
    events = [line for line in ended.lines if "event" in line]
    assert [line["items"] for line in events] == [1, 1, 1]
    assert events[0]["skip"] == 2
    assert "has 1 items to test, fewer than 9" in ended.err


def test_ctrl_c_in_the_first_evaluation_keeps_its_scores(
    program: Program, brief: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate = Engine.evaluate

    def interrupted(engine: Engine, settings: EvaluationSettings) -> Iterator[EvaluationReport]:
        reports = evaluate(engine, dataclasses.replace(settings, batch=2))
        yield next(report for report in reports if report.items)
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "evaluate", interrupted)
    ended = program("gsm8k", "--items", "2", "--evaluate", "6", "--model", brief, "--json")
    assert (ended.status, ended.err) == (130, "tui-trainer: Interrupted.\n")
    assert [(line["event"], line["items"]) for line in ended.lines] == [("evaluation", 2)]


def test_a_preset_gives_the_settings_and_other_flags_change_them(
    program: Program, tiny: str, problem_file: str
) -> None:
    arguments = "gsm8k", "--problems", problem_file, "--model", tiny, "--preset", "tuned"
    (line,) = program(*arguments, "--json").steps
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    lengths = [len(tokenizer(format_problem(problem)).input_ids) + 1 for problem in PROBLEMS]
    assert line["tokens"] == sum(lengths)
    assert line["lr"] == pytest.approx(TUNED.lr / TUNED.warmup)
    changed = "--lr", "2e-3", "--warmup", "0", "--no-end-of-text", "--weight-decay", "torch"
    ended = program(*arguments, *changed)
    assert ended.out.splitlines()[1].endswith(
        "AdamW, lr 2e-3, preset tuned, end of text no, weight decay torch, warmup 0"
    )
    (line,) = program(*arguments, *changed, "--json").steps
    assert (line["tokens"], line["lr"]) == (sum(lengths) - len(PROBLEMS), 2e-3)


def test_the_seed_decides_the_dropout(
    program: Program, tiny_dropout: str, problem_file: str
) -> None:
    def losses(seed: str) -> list[float]:
        arguments = "gsm8k", "--problems", problem_file, "--items", "3", "--seed", seed
        lines = program(*arguments, "--model", tiny_dropout, "--json").steps
        return [line["loss"] for line in lines]

    assert losses("1") == losses("1")
    assert losses("1") != losses("2")


def test_table_and_summary_show_what_was_done(program: Program, tiny: str) -> None:
    arguments = "gsm8k", "--items", "4", "--model", tiny
    out = program(*arguments).out.splitlines()
    lines = program(*arguments, "--json").steps
    assert re.fullmatch(r"the run needs about \S+ of the \S+ GB that are free for it", out[2])
    rows = [line.split() for line in out[5:9]]
    assert [row[:4] for row in rows] == [
        [str(line["step"]), *map(nats, (line["loss"], line["grad_norm"])), str(line["tokens"])]
        for line in lines
    ]
    tokens = sum(line["tokens"] for line in lines)
    assert out[9].startswith("checkpoint step-000004, ")
    assert out[11].startswith(f"4 steps, {tokens} tokens in ")
    first, last = lines[0]["loss"], lines[-1]["loss"]
    assert out[12] == f"loss: {first:.4f} at the first step, {last:.4f} at the last"


def test_a_clipped_step_is_marked_and_counted(program: Program, tiny: str) -> None:
    arguments = "gsm8k", "--items", "4", "--lr", "1e-3", "--no-run", "--model", tiny
    lines = program(*arguments, "--json").steps
    assert not any("clipped" in line for line in lines)
    between = sum(sorted(line["grad_norm"] for line in lines)[1:3]) / 2
    clipping = *arguments, "--clip", str(between)
    lines = program(*clipping, "--json").steps
    clipped = [line["grad_norm"] > between for line in lines]
    assert [line.get("clipped", False) for line in lines] == clipped
    assert 0 < sum(clipped) < 4
    out = program(*clipping).out
    rows = [line for line in out.splitlines() if re.match(r" +\d+ ", line)]
    assert [row.endswith("clipped") for row in rows] == clipped
    assert f"\nclipped: {sum(clipped)} of 4 steps\n" in out


def test_no_step_is_kept_once_it_is_told(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a million steps, each with the texts of an item, there is only ever the last."""
    train = Engine.train
    told: list[weakref.ref[LoopReport]] = []
    alive = []

    def watched(
        engine: Engine, settings: TrainSettings, *, record: bool = False, job: str = ""
    ) -> Iterator[LoopReport]:
        for report in train(engine, settings, record=record, job=job):
            told.append(weakref.ref(report))
            alive.append(sum(reference() is not None for reference in told))
            yield report

    monkeypatch.setattr(Engine, "train", watched)
    out = program("gsm8k", "--items", "12", "--model", tiny).out
    assert "12 steps" in out
    assert len(alive) == 12
    assert max(alive) <= 3


def test_an_item_cut_to_the_context_is_marked(program: Program, tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text(json.dumps({"question": "word " * 600, "answer": "#### 1"}) + "\n")
    out = program("gsm8k", "--problems", str(path), "--items", "1", "--model", tiny).out
    assert "cut to the model's context" in out


def test_a_diverged_loss_is_null_in_json_and_nan_in_the_table(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = Engine.train

    def diverging(
        engine: Engine, settings: TrainSettings, *, record: bool = False, job: str = ""
    ) -> Iterator[LoopReport]:
        for report in train(engine, settings, record=record, job=job):
            yield dataclasses.replace(the(StepReport, report), loss=math.nan)

    monkeypatch.setattr(Engine, "train", diverging)
    arguments = "gsm8k", "--items", "2", "--model", tiny
    assert [line["loss"] for line in program(*arguments, "--json").steps] == [None, None]
    assert program(*arguments).out.splitlines()[4].split()[1] == "nan"


def test_each_line_is_written_before_the_next_step(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train = Engine.train
    seen = []

    def watched(
        engine: Engine, settings: TrainSettings, *, record: bool = False, job: str = ""
    ) -> Iterator[LoopReport]:
        for report in train(engine, settings, record=record, job=job):
            seen.append(capsys.readouterr().out.count("\n"))
            yield report

    monkeypatch.setattr(Engine, "train", watched)
    program("gsm8k", "--items", "3", "--model", tiny, "--json")
    assert seen == [0, 2, 1]  # the first step comes after the name of the run


def test_ctrl_c_ends_with_a_line_on_the_run_and_one_on_why(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = Engine.train

    def interrupted(
        engine: Engine, settings: TrainSettings, *, record: bool = False, job: str = ""
    ) -> Iterator[LoopReport]:
        yield next(iter(train(engine, settings, record=record, job=job)))
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "train", interrupted)
    ended = program("gsm8k", "--items", "3", "--model", tiny, "--json")
    assert (ended.status, len(ended.steps)) == (130, 1)
    told, why = ended.err.splitlines()
    assert " stopped at step 1, saved; go on with: " in told
    assert why == "tui-trainer: Interrupted."


def test_a_terminal_gets_a_bar_with_rate_and_eta(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True)
    ended = program("gsm8k", "--items", "3", "--model", tiny, "--json")
    assert len(ended.steps) == 3
    assert "3/3 [" in ended.err
    assert "step/s" in ended.err or "s/step" in ended.err
    assert "Loading" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--items", "0"), "at least 1 item"),
        (("--items", "many"), "--items"),
        (("--seed", "-1"), "seed"),
        (("--lr", "inf"), "takes a number such as 1e-5"),
        (("--preset", "fast"), "tuned"),
        (("--batch", "0"), "batch must be 1 or more"),
        (("--pack", "3"), "at least 16 tokens"),
        (("--padding", "both"), "--padding"),
        (("--evaluate", "0"), "items must be 1 or more"),
        (("--weight-decay", "2"), "from 0 to 1"),
        (("--problems", "nowhere.jsonl"), "nowhere.jsonl"),
        (("--problems", "no\x1b[31mwhere"), "no␛[31mwhere"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_model_is_loaded(
    program: Program, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr(Engine, "load_model", lambda *_: pytest.fail("loaded a model"))
    ended = program("gsm8k", *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert said in ended.err
    assert obeyed_characters(ended.err) == set()


def test_a_bad_line_is_named_by_its_number(program: Program, tiny: str, problem_file: str) -> None:
    with Path(problem_file).open("a") as file:
        file.write("{nonsense\n")
    ended = program("gsm8k", "--problems", problem_file, "--model", tiny, "--json")
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "Line 4" in ended.err


def test_another_number_of_threads_is_a_line_of_its_own() -> None:
    fewer = ThreadsReport(12, ThreadShare(1, 2))
    assert list(describe_report(fewer)) == [
        "    12  from here on 1 thread: others use this machine"
    ]
    assert list(describe_report(ThreadsReport(340, ThreadShare(2, 2)))) == [
        "   340  from here on 2 threads"
    ]
    assert loop_lines(fewer) == [{"event": "threads", "step": 12, "threads": 1, "of": 2}]
