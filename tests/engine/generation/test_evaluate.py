"""Evaluation: batches answer as items alone do, with every cache; prompts; what ends an answer."""

import dataclasses
import itertools
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.modeling_outputs import CausalLMOutputWithPast

from tests.at_length import first_is_quick
from tests.known import end, present
from tests.models import ARCHITECTURES, CONTEXT
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.generation import evaluate as evaluation
from tui_trainer.engine.generation.batch_generation import GreedyGeneration
from tui_trainer.engine.generation.evaluate import batches_by_length, load_held_out, make_prompt
from tui_trainer.engine.ways.cached_batch import last_logits_only
from tui_trainer.errors import InputError
from tui_trainer.reports.evaluated_items import Answer, Ending, EvaluatedItem
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.problem import Problem, format_problem
from tui_trainer.settings.evaluation import EvaluationSettings, held_out_from
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

PROMPTS = (
    "Question: How many clips?\nAnswer:",
    "Question: A hello for each item in the range, how many?\nAnswer:",
    "Hi",
    "Question: 2+2?\nAnswer:",
    "def hello():\n\treturn",
)
BUDGET = 24


def load(engine: Engine, folder: Path) -> Engine:
    engine.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    return engine


def plain_greedy(folder: Path, prompt: str, budget: int) -> list[int]:
    """The most likely token after token, without a cache, a batch or a mask."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = AutoTokenizer.from_pretrained(folder)(prompt, return_tensors="pt").input_ids
    length = ids.shape[1]
    with torch.no_grad():
        for _ in range(budget):
            newest = model(ids, use_cache=False).logits[:, -1].argmax(-1, keepdim=True)
            ids = torch.cat([ids, newest], dim=1)
            if newest.item() == model.config.eos_token_id:
                break
    return ids[0, length:].tolist()


def sharpen(engine: Engine) -> None:
    """A tiny random model says one token for ever: make its logits depend on what it reads."""
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in engine.learner.model.parameters():
            if parameter.dim() > 1:
                parameter.add_(torch.randn_like(parameter) * 0.3)


@pytest.mark.parametrize("architecture", first_is_quick(*ARCHITECTURES))
def test_a_batch_answers_as_each_prompt_alone_and_as_without_a_cache(
    engine: Engine, model_folder: Callable[[str], Path], tmp_path: Path, architecture: str
) -> None:
    load(engine, model_folder(architecture))
    sharpen(engine)
    learner = engine.learner
    learner.model.save_pretrained(tmp_path)
    learner.vocabulary.tokenizer.save_pretrained(tmp_path)
    prompts = [learner.vocabulary.ids(prompt) for prompt in PROMPTS]

    def written(batch: list[list[int]]) -> list[list[int]]:
        generation = GreedyGeneration(learner, batch, BUDGET)
        while not generation.is_done:
            generation.step()
        return generation._written

    together = written(prompts)
    assert together == [written([prompt])[0] for prompt in prompts]
    assert together == [plain_greedy(tmp_path, prompt, BUDGET) for prompt in PROMPTS]
    assert len({token for row in together for token in row}) > 5
    assert last_logits_only(learner.model) == {"logits_to_keep": 1}


def test_rows_that_end_leave_the_batch_and_the_others_go_on(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sharpen(qwen3)
    learner = qwen3.learner
    prompts = [learner.vocabulary.ids(prompt) for prompt in PROMPTS]
    free = GreedyGeneration(learner, prompts, BUDGET)
    while not free.is_done:
        free.step()
    # A token that some rows write early and others late or never becomes the end of text
    token = free._written[0][2]
    monkeypatch.setattr(learner, "end_ids", frozenset({token}))
    generation = GreedyGeneration(learner, prompts, BUDGET)
    rows = set()
    while not generation.is_done:
        generation.step()
        rows.add(len(generation._rows))
    assert len(rows) > 1
    for row, ids in enumerate(free._written):
        at = ids.index(token) if token in ids else None
        expected = ids if at is None else ids[: at + 1]
        assert generation._written[row] == expected
        answer = generation.answers[row]
        assert answer.tokens == len(expected)
        assert answer.ending is (Ending.BUDGET if at is None else Ending.END_OF_TEXT)
        text = learner.vocabulary.tokenizer.decode(ids[:at])
        assert answer.text == text
    assert generation.tokens == sum(answer.tokens for answer in generation.answers)


def answer_of_a_model_that_writes(text: str, engine: Engine, budget: int) -> Answer:
    """Its most likely token is the next one of `text`, whatever it reads."""
    return answer_of_a_model_that_writes_ids(engine.learner.vocabulary.ids(text), engine, budget)


def answer_of_a_model_that_writes_ids(ids: list[int], engine: Engine, budget: int) -> Answer:
    learner = engine.learner
    script = iter(ids)

    def prefer(_model: object, _inputs: object, output: CausalLMOutputWithPast) -> None:
        present(output.logits)[:, -1, next(script)] = 1e9

    generation = GreedyGeneration(learner, [learner.vocabulary.ids("Hi")], budget)
    hook = learner.model.register_forward_hook(prefer)
    while not generation.is_done:
        generation.step()
    hook.remove()
    return generation.answers[0]


def test_a_stop_string_ends_an_answer_and_is_no_part_of_it(qwen3: Engine) -> None:
    for stop in ("Question:", "</s>", "<|im_end|>"):
        text = f" 24 clips\n#### 24\n\n{stop} How many clips? for item"
        answer = answer_of_a_model_that_writes(text, qwen3, budget=60)
        assert answer.text == " 24 clips\n#### 24\n\n"
        assert answer.ending is Ending.STOP_STRING
        assert answer.tokens == len(qwen3.learner.vocabulary.ids(f" 24 clips\n#### 24\n\n{stop}"))


def test_scoring_reads_the_text_without_special_tokens_and_the_raw_text_is_kept(
    qwen3: Engine,
) -> None:
    """As lm-evaluation-harness, which stops by the raw text and skips special tokens after it."""
    vocabulary = qwen3.learner.vocabulary
    special, number = "return", vocabulary.tokenizer.convert_tokens_to_ids("return")
    assert isinstance(number, int)
    parts = [vocabulary.ids(part) for part in (" ##", "## 2", "4\n\nQuest", "ion: 9 Question:")]
    ids = [*parts[0], *(token_id for part in parts[1:] for token_id in (number, *part))]
    raw = f" ##{special}## 2{special}4\n\nQuest{special}ion: 9 Question:"
    vocabulary.tokenizer.add_special_tokens({"additional_special_tokens": [special]})
    answer = answer_of_a_model_that_writes_ids(ids, qwen3, budget=60)
    assert (answer.text, answer.ending) == (" #### 24\n\n", Ending.STOP_STRING)
    assert answer.raw == answer.shown == raw
    assert not answer.is_scored_as_shown
    assert EvaluatedItem(0, "", "#### 24", "", answer).strict_right


def test_the_budget_and_the_context_cut_an_answer(qwen3: Engine) -> None:
    learner = qwen3.learner
    answer = answer_of_a_model_that_writes("hello" * 20, qwen3, budget=7)
    assert (answer.ending, answer.tokens) == (Ending.BUDGET, 7)
    prompt = [5] * (CONTEXT - 3)
    generation = GreedyGeneration(learner, [prompt, [5] * CONTEXT, [6, 7]], 9)
    while not generation.is_done:
        generation.step()
    endings = [(answer.ending, answer.tokens) for answer in generation.answers]
    assert endings == [(Ending.CONTEXT, 3), (Ending.CONTEXT, 0), (Ending.BUDGET, 9)]


def test_a_prompt_that_fills_the_context_makes_no_forward_pass(
    engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    learner = load(engine, model_folder("GPT2")).learner
    generation = GreedyGeneration(learner, [[5] * (CONTEXT - 2), [5] * (CONTEXT + 9)], 9)
    while not generation.is_done:
        generation.step()  # a position past the last would fail in GPT-2
    assert [answer.tokens for answer in generation.answers] == [2, 0]
    assert GreedyGeneration(learner, [[5] * CONTEXT], 9).is_done


def test_every_end_of_text_counts(qwen3: Engine) -> None:
    learner = qwen3.learner
    learner.model.generation_config.eos_token_id = [7, 8]
    learner.model.config.eos_token_id = 9
    assert learner.end_ids == {0, 7, 8, 9}


# The items


def last(reports: Iterator[EvaluationReport]) -> EvaluationReport:
    return list(reports)[-1]


def test_items_and_scores_are_those_of_a_plain_loop(
    qwen3: Engine, model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "REPORT_SECONDS", 0.0)
    settings = EvaluationSettings(items=5, batch=2, max_tokens=4, skip=1)
    reports = list(qwen3.evaluate(settings))
    problems = load_problems("builtin", split="test", limit=6)[1:]
    items = sorted(reports[-1].items, key=lambda item: item.problem)
    assert [item.problem for item in items] == [1, 2, 3, 4, 5]
    assert [(i.question, i.expected) for i in items] == [(p.question, p.answer) for p in problems]
    tokenizer = qwen3.learner.vocabulary.tokenizer
    for item, problem in zip(items, problems, strict=True):
        assert item.prompt == f"Question: {problem.question}\nAnswer:"
        ids = plain_greedy(model_folder("Qwen3"), item.prompt, 4)
        assert item.answer.text == tokenizer.decode(ids)
    # Whole batches alone are scored; each report is further than the one before
    done = {len(report.items) for report in reports}
    assert done in ({0, 1, 3, 5}, {0, 2, 3, 5}, {0, 2, 4, 5})
    shares = [report.share for report in reports]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] == 1.0
    assert reports[-1].seconds_left == 0.0
    assert reports[-1].tokens == 5 * 4
    assert [r.total for r in reports] == [5] * len(reports)
    seconds = [report.seconds for report in reports]
    assert seconds == sorted(seconds)


def test_an_answer_counts_once_it_ends_though_its_batch_goes_on(
    qwen3: Engine, model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "REPORT_SECONDS", 0.0)
    problems = load_problems("builtin", split="test", limit=3)
    folder = model_folder("Qwen3")
    written = [plain_greedy(folder, make_prompt(problem, ()), 3) for problem in problems]
    end = next(
        token
        for n, ids in enumerate(written)
        for token in ids[:2]
        if not any(token in other for other in (*written[:n], *written[n + 1 :]))
    )
    qwen3.learner.model.generation_config.eos_token_id = [end]
    reports = list(qwen3.evaluate(EvaluationSettings(items=3, max_tokens=6)))
    counts = [(report.answered, len(report.items)) for report in reports]
    assert (1, 0) in counts
    assert counts == sorted(counts)
    assert counts[-1] == (3, 3)


def test_what_was_scored_stays_where_an_evaluation_is_cancelled(qwen3: Engine) -> None:
    reports = qwen3.evaluate(EvaluationSettings(items=6, batch=2, max_tokens=2))
    kept = next(report for report in reports if len(report.items) == 4)
    end(reports)
    assert len({item.problem for item in kept.items}) == 4


def test_prompts_of_like_length_are_answered_together_and_in_an_order_of_chance() -> None:
    lengths = random.Random(4).sample(range(20, 300), 100)
    settings = EvaluationSettings(batch=16)
    batches = batches_by_length(lengths, settings)
    assert sorted(n for batch in batches for n in batch) == list(range(100))
    assert {len(batch) for batch in batches} == {14, 15}
    assert all(batch == sorted(batch) for batch in batches)
    within = [[lengths[n] for n in batch] for batch in batches]
    ranges = [(min(some), max(some)) for some in within]
    for (_, longest), (shortest, _) in itertools.pairwise(sorted(ranges)):
        assert longest <= shortest
    assert ranges != sorted(ranges)
    assert batches == batches_by_length(lengths, settings)
    assert batches != batches_by_length(lengths, replace(settings, seed=1))
    assert batches_by_length([5], settings) == [[0]]


def test_weights_that_change_meanwhile_end_it(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "REPORT_SECONDS", 0.0)
    for change in (lambda: qwen3.update("hello you"), qwen3.reload):
        reports = qwen3.evaluate(EvaluationSettings(items=4, batch=2, max_tokens=3))
        report = next(reports)
        while len(report.items) < 2:
            report = next(reports)
        qwen3.predict("hello")  # which reads only
        next(reports)
        change()
        with pytest.raises(InputError, match="ended at 2 of 4 items"):
            next(reports)


def test_a_model_left_in_train_mode_answers_without_dropout(
    engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    load(engine, model_folder("GPT2"))
    settings = EvaluationSettings(items=3, batch=3, max_tokens=12)
    sharpen(engine)
    expected = last(engine.evaluate(settings)).items
    engine.learner.model.train()
    assert last(engine.evaluate(settings)).items == expected


# Held out


def write(path: Path, problems: list[Problem]) -> str:
    path.write_text("".join(json.dumps(dataclasses.asdict(p)) + "\n" for p in problems))
    return str(path)


def test_shots_come_before_the_question_and_are_never_tested_items(tmp_path: Path) -> None:
    problems = [Problem(f"How many is {n} + 1?", f"#### {n + 1}") for n in range(8)]
    file = write(tmp_path / "problems.jsonl", problems)
    tested, shots = load_held_out(EvaluationSettings(file, items=3, shots=2))
    assert (tested, shots) == (problems[:3], problems[3:5])
    tested, shots = load_held_out(EvaluationSettings(file, items=3, skip=4, shots=2))
    assert (tested, shots) == (problems[4:7], problems[:2])
    assert make_prompt(tested[0], shots) == (
        "Question: How many is 0 + 1?\nAnswer: #### 1\n\n"
        "Question: How many is 1 + 1?\nAnswer: #### 2\n\n"
        "Question: How many is 4 + 1?\nAnswer:"
    )
    other = write(tmp_path / "other.jsonl", [problems[5], Problem("Two?", "#### 2")])
    tested, shots = load_held_out(EvaluationSettings(file, skip=4, shots=1, shots_from=other))
    assert shots == [Problem("Two?", "#### 2")]
    with pytest.raises(InputError, match="has 4 items that are not tested, and 5 shots"):
        load_held_out(EvaluationSettings(file, items=4, shots=5))
    with pytest.raises(InputError, match="no item after the first 8"):
        load_held_out(EvaluationSettings(file, skip=8))


def test_no_built_in_item_is_one_that_a_loop_trains_on() -> None:
    tested, shots = load_held_out(EvaluationSettings(items=100, shots=3))
    trained = load_problems("builtin", limit=500)
    assert len(tested) == 100
    assert not set(map(format_problem, tested)) & set(map(format_problem, trained))
    assert shots == trained[:3]


def test_what_a_loop_trains_on_is_passed_over() -> None:
    assert held_out_from(TrainSettings(seed=3)) == EvaluationSettings(seed=3)
    hub = held_out_from(TrainSettings("openai/gsm8k:main", 700))
    assert (hub.problems, hub.skip) == ("openai/gsm8k:main", 0)  # its split test is another
    file = held_out_from(TrainSettings("train.JSONL", 700))
    assert (file.problems, file.skip) == ("train.JSONL", 700)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (partial(EvaluationSettings, items=0), "items must be 1 or more"),
        (partial(EvaluationSettings, batch=0), "batch must be 1 or more"),
        (partial(EvaluationSettings, max_tokens=0), "max tokens must be 1 or more"),
        (partial(EvaluationSettings, shots=-1), "shots must be 0 or more"),
        (partial(EvaluationSettings, skip=-1), "skip must be 0 or more"),
        (partial(EvaluationSettings, problems=" "), "Name the problems"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    wrong: Callable[[], EvaluationSettings], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        wrong()
