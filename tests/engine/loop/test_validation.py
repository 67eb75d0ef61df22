"""Held-out losses and sample answers: of which items, what they are, and that nothing changes."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.at_length import first_is_quick
from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import end, present
from tests.models import CONTEXT
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.loop import validation
from tui_trainer.engine.loop.held_out import hold_out, load_unseen
from tui_trainer.engine.loop.validation import POSITIONS_AT_ONCE, groups_of_like_length
from tui_trainer.errors import InputError
from tui_trainer.reports.loop import (
    LoopReport,
    PartReport,
    SampleReport,
    ValidationReport,
)
from tui_trainer.reports.problem import Problem
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

PROBLEMS = [
    Problem(f"How many is {n} + {n}?" * (1 + n % 3), f"{n}+{n} = {2 * n}\n#### {2 * n}")
    for n in range(12)
]
Load = Callable[[str], Engine]
Report = TypeVar("Report")


@pytest.fixture
def load(engine: Engine, model_folder: Callable[[str], Path]) -> Load:
    def load(architecture: str) -> Engine:
        engine.load_model(ModelChoice(str(model_folder(architecture)), "cpu", "fp32"))
        return engine

    return load


@pytest.fixture
def file(tmp_path: Path) -> str:
    return write(PROBLEMS, tmp_path)


def write(problems: list[Problem], folder: Path) -> str:
    path = folder / "problems.jsonl"
    path.write_text("".join(json.dumps(dataclasses.asdict(problem)) + "\n" for problem in problems))
    return str(path)


def of(kind: type[Report], reports: list[LoopReport]) -> list[Report]:
    return [report for report in reports if isinstance(report, kind)]


# Which items


@pytest.mark.parametrize("seed", [0, 7])
def test_builtin_items_that_are_measured_are_never_trained_on(seed: int) -> None:
    settings = TrainSettings(items=2000, validation_items=500, seed=seed)
    trained = load_problems("builtin", limit=settings.items, seed=seed)
    unseen = load_unseen(settings, trained, 500)
    assert not {item.problem for item in unseen} & set(trained)
    tested = load_problems("builtin", split="test", limit=500, seed=seed)
    assert all(item.problem == tested[item.index] for item in unseen)
    assert len(unseen) > 450


def test_of_a_file_the_items_after_those_trained_on_are_measured(file: str) -> None:
    settings = TrainSettings(file, items=7, validation_items=3)
    unseen = load_unseen(settings, PROBLEMS[:7], 3)
    assert [(item.index, item.problem) for item in unseen] == list(enumerate(PROBLEMS))[7:10]


def test_an_item_that_a_file_has_twice_is_not_measured_where_it_is_trained_on(
    tmp_path: Path,
) -> None:
    twice = [*PROBLEMS[:4], PROBLEMS[1], PROBLEMS[5], PROBLEMS[0], PROBLEMS[6]]
    settings = TrainSettings(write(twice, tmp_path), items=4, validation_items=4)
    unseen = load_unseen(settings, twice[:4], 4)
    assert [(item.index, item.problem) for item in unseen] == [(5, PROBLEMS[5]), (7, PROBLEMS[6])]


@pytest.mark.parametrize(
    "asked", [TrainSettings(validation_items=3), TrainSettings(sample_every=5)]
)
def test_a_file_that_is_all_trained_on_has_nothing_to_measure_and_says_so(
    qwen3: Engine, file: str, asked: TrainSettings
) -> None:
    with pytest.raises(InputError, match="no item beside the 12 that are trained on: lower items"):
        qwen3.train(dataclasses.replace(asked, problems=file, items=12))
    (first, *_) = qwen3.train(dataclasses.replace(asked, problems=file, items=11))
    assert isinstance(first, ValidationReport | SampleReport | PartReport)


def test_measured_items_are_whole_however_the_rows_are_made_up(qwen3: Engine, file: str) -> None:
    vocabulary = qwen3.learner.vocabulary
    lengths = []
    plain = TrainSettings(file, items=4, validation_items=8)
    packed = dataclasses.replace(plain, pack=16)
    together = dataclasses.replace(plain, batch=4, answer_only=True)
    for settings in (plain, packed, together):
        held_out = hold_out(vocabulary, settings, PROBLEMS[:4], CONTEXT)
        lengths.append([len(example.ids) for example in held_out.examples])
    assert lengths[0] == lengths[1] == lengths[2]
    assert len(lengths[0]) == 8


def test_forward_passes_are_bounded_and_take_items_of_like_length() -> None:
    lengths = [3, 900, 40, 500, 41, 2000, 39, 500]
    examples = [Example(n, "", tuple(range(k)), 1, 1, False) for n, k in enumerate(lengths)]
    groups = groups_of_like_length(examples)
    assert [[len(e.ids) for e in group] for group in groups] == [
        [3, 39, 40, 41],
        [500, 500],
        [900],
        [2000],
    ]
    padded = [len(group) * len(group[-1].ids) for group in groups if len(group) > 1]
    assert max(padded) <= POSITIONS_AT_ONCE


# When


def test_measured_before_the_first_step_every_few_steps_and_at_the_end(
    qwen3: Engine, file: str
) -> None:
    settings = TrainSettings(
        file, items=7, validation_items=3, validate_every=3, sample_every=4, lr=1e-3
    )
    reports = [r for r in qwen3.train(settings) if not isinstance(r, PartReport)]
    names = {StepReport: "step", ValidationReport: "validation", SampleReport: "samples"}
    assert [(names[type(report)], report.step) for report in reports] == [
        ("validation", 0),
        ("samples", 0),
        *(("step", n) for n in (1, 2, 3)),
        ("validation", 3),
        ("step", 4),
        ("samples", 4),
        *(("step", n) for n in (5, 6)),
        ("validation", 6),
        ("step", 7),
        ("validation", 7),
        ("samples", 7),
    ]


def test_the_tutorial_preset_measures_nothing(qwen3: Engine) -> None:
    assert {type(report) for report in qwen3.train(TrainSettings(items=3))} == {StepReport}


# What


def losses_by_hand(
    model: torch.nn.Module, folder: Path, problem: Problem
) -> tuple[list[float], list[float]]:
    """-log p of the tokens of the question and of the answer of one item, alone, by hand."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    question = f"Question: {problem.question}\nAnswer:"
    ids = tokenizer(f"{question} {problem.answer}", return_tensors="pt").input_ids[:, :CONTEXT]
    with torch.no_grad():
        logits = model.eval()(ids).logits
    losses = F.cross_entropy(logits[0, :-1], ids[0, 1:], reduction="none").tolist()
    start = len(tokenizer(question).input_ids)  # the tokenizer cuts before the space
    return losses[: start - 1], losses[start - 1 :]


@pytest.mark.parametrize("answer_only", [False, True])
@pytest.mark.parametrize("architecture", first_is_quick("GPT2", "Qwen3", "Llama"))
def test_figures_are_means_over_all_tokens_of_the_items_alone(
    load: Load,
    model_folder: Callable[[str], Path],
    file: str,
    monkeypatch: pytest.MonkeyPatch,
    architecture: str,
    answer_only: bool,
) -> None:
    monkeypatch.setattr(validation, "POSITIONS_AT_ONCE", 200)  # several passes, padded
    engine, folder = load(architecture), model_folder(architecture)
    settings = TrainSettings(
        file, items=4, validation_items=8, lr=0.01, batch=4, answer_only=answer_only
    )
    reports = engine.train(settings)
    before = next(report for report in reports if isinstance(report, ValidationReport))
    model: torch.nn.Module = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    for report in (before, of(ValidationReport, list(reports))[0]):
        pairs = [losses_by_hand(model, folder, problem) for problem in PROBLEMS[4:]]
        question = [loss for one, _ in pairs for loss in one]
        answer = [loss for _, other in pairs for loss in other]
        assert (report.question_tokens, report.answer_tokens) == (len(question), len(answer))
        assert report.question_loss == pytest.approx(sum(question) / len(question), rel=1e-5)
        assert report.answer_loss == pytest.approx(sum(answer) / len(answer), rel=1e-5)
        every = question + answer
        assert report.loss == pytest.approx(sum(every) / len(every), rel=1e-5)
        assert report.compared_loss == (report.answer_loss if answer_only else report.loss)
        assert (report.items, report.answer_only) == (8, answer_only)
        assert report.seconds > 0
        model = engine.learner.model  # after the step; GPT-2 has dropout, which must be off
    assert report.loss < before.loss


def test_samples_are_what_an_evaluation_answers(qwen3: Engine) -> None:
    reports = qwen3.train(TrainSettings(items=1, sample_every=1))
    sample = next(report for report in reports if isinstance(report, SampleReport))
    end(reports)
    *_, evaluation = qwen3.evaluate(EvaluationSettings(items=2))
    assert sample.items == evaluation.items
    assert len(sample.items) == 2


# That nothing else changes


@pytest.mark.parametrize("architecture", first_is_quick("GPT2", "Qwen3"))
def test_training_is_the_same_to_the_last_bit_with_measurements_and_without(
    load: Load, architecture: str
) -> None:
    """GPT-2 has dropout: a measurement must draw nothing from its generator."""
    plain = TrainSettings(items=6, batch=2, accumulation=1, seed=3, lr=1e-3)
    measured = dataclasses.replace(plain, validation_items=5, validate_every=1, sample_every=1)
    losses, weights = [], []
    for settings in (plain, measured):
        engine = load(architecture)
        reports = list(engine.train(settings))
        losses.append([report.loss for report in of(StepReport, reports)])
        weights.append(weights_of(engine.learner.model))
        assert len(of(ValidationReport, reports)) == (4 if settings is measured else 0)
    assert losses[0] == losses[1]
    assert_same_bits(*weights)


def test_a_measurement_changes_no_weight_no_gradient_and_no_generator(load: Load) -> None:
    engine = load("GPT2")
    settings = TrainSettings(items=2, validation_items=4, sample_every=1)
    before = weights_of(engine.learner.model)
    reports = engine.train(settings)
    torch.manual_seed(settings.seed)
    generator = torch.get_rng_state()
    assert isinstance(next(r for r in reports if isinstance(r, SampleReport)), SampleReport)
    assert torch.equal(torch.get_rng_state(), generator)
    assert_same_bits(engine.learner.model.parameters(), before)
    assert all(parameter.grad is None for parameter in engine.learner.model.parameters())
    assert not engine.learner.model.training


# In parts


def test_a_long_measurement_gives_way_and_says_how_far_it_is(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(validation, "POSITIONS_AT_ONCE", 1)
    reports = qwen3.train(TrainSettings(items=1, validation_items=5, sample_every=1))
    parts: dict[str, list[float]] = {}
    for report in reports:
        if isinstance(report, SampleReport):
            break
        if isinstance(report, PartReport):
            qwen3.predict("hello")  # which reads only
            parts.setdefault(report.what, []).append(present(report.share))
    assert parts["validating"] == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert parts["answering"] == sorted(parts["answering"])
    assert len(parts["answering"]) > 20


@pytest.mark.parametrize("kind", [ValidationReport, SampleReport])
def test_weights_that_change_meanwhile_are_measured_alone(
    qwen3: Engine,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[ValidationReport | SampleReport],
) -> None:
    asked = TrainSettings(items=1)
    if kind is ValidationReport:
        asked = dataclasses.replace(asked, validation_items=5)
    else:
        asked = dataclasses.replace(asked, sample_every=1)

    def measured(changing: bool) -> tuple[list[LoopReport], ValidationReport | SampleReport]:
        parts: list[LoopReport] = []
        for report in qwen3.train(asked):
            if isinstance(report, kind):
                return parts, report
            parts.append(report)
            if changing:
                qwen3.set_lr(0.1)
                qwen3.update("hello you")
        raise AssertionError

    monkeypatch.setattr(validation, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(validation, "POSITIONS_AT_ONCE", 1)
    _, untouched = measured(changing=False)
    (part,), disturbed = measured(changing=True)  # after one part it gives way no more
    assert isinstance(part, PartReport)
    _, again = measured(changing=False)
    assert dataclasses.replace(disturbed, seconds=again.seconds) == again
    assert dataclasses.replace(untouched, seconds=again.seconds) != again
