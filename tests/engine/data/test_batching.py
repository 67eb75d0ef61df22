"""Batches, packed rows and accumulated passes give the losses and gradients of items alone."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.architectures import tiny_learner
from tests.engine.notebook import weights_of
from tests.known import each, present, step_reports, the
from tests.models import ARCHITECTURES
from tui_trainer.engine import accelerator
from tui_trainer.engine.accelerator import Host
from tui_trainer.engine.data.batching import IGNORED, pad
from tui_trainer.engine.data.examples import Example, make_examples
from tui_trainer.engine.data.packing import fill_rows, make_batch, pack
from tui_trainer.engine.data.plan import epoch_order, plan_steps
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.loop.item_losses import losses_by_item
from tui_trainer.engine.loop.loss import step_loss
from tui_trainer.errors import InputError
from tui_trainer.reports.problem import Problem
from tui_trainer.reports.steps import ItemReport, StepReport
from tui_trainer.reports.tokens import Batch
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

PROBLEMS = [
    Problem("How many is 2 + 3?", "2+3 = <<2+3=5>>5\n#### 5"),
    Problem("Ann has 4 bags of 6 nuts. How many nuts?", "4*6 = <<4*6=24>>24\n#### 24"),
    Problem("9 - 2?", "7\n#### 7"),
    Problem("Tom had 20 cents and lost 5. How many are left?", "20-5 = <<20-5=15>>15\n#### 15"),
    Problem("How many is 8 / 2?", "8/2 = <<8/2=4>>4\n#### 4"),
    Problem("Two and two?", "#### 4"),
    Problem("How many is 3 * 3 * 3?", "3*3 = <<3*3=9>>9\n9*3 = <<9*3=27>>27\n#### 27"),
    Problem("A day has how many hours?", "#### 24"),
]
COMBINATIONS = {
    "one row of 8": TrainSettings(batch=8),
    "padded left": TrainSettings(batch=8, padding="left"),
    "4 x 2": TrainSettings(batch=2, accumulation=4),
    "2 x 4, left": TrainSettings(batch=4, accumulation=2, padding="left"),
    "8 x 1": TrainSettings(accumulation=8),
    "3 a pass": TrainSettings(batch=3, accumulation=3),
    "packed": TrainSettings(pack=512),
    "packed rows in one pass": TrainSettings(pack=128, batch=8),
    "packed, accumulated": TrainSettings(pack=128, accumulation=8),
    "packed 2 x 2": TrainSettings(pack=128, batch=2, accumulation=4),
}


def counted(item: ItemReport) -> list[float]:
    """The losses of its tokens: the first has none."""
    first, *losses = item.token_losses
    assert first is None
    return list(each(float, losses))


def write(problems: list[Problem], folder: Path) -> str:
    path = folder / "problems.jsonl"
    path.write_text("".join(json.dumps(asdict(problem)) + "\n" for problem in problems))
    return str(path)


@pytest.fixture
def load(engine: Engine, model_folder: Callable[[str], Path]) -> Callable[[str], Engine]:
    def load(architecture: str) -> Engine:
        engine.load_model(ModelChoice(str(model_folder(architecture)), "cpu", "fp32"))
        return engine

    return load


def losses_alone(folder: Path, eos: int | None = None) -> list[list[float]]:
    """-log p of each token of each item, one item in one forward pass, by hand."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    losses = []
    for problem in PROBLEMS:
        ids = tokenizer(f"Question: {problem.question}\nAnswer: {problem.answer}").input_ids
        input_ids = torch.tensor([ids if eos is None else [*ids, eos]])
        with torch.no_grad():
            logits = model(input_ids).logits
        loss = F.cross_entropy(logits[0, :-1], input_ids[0, 1:], reduction="none")
        losses.append(loss.tolist())
    return losses


def losses_together(engine: Engine, settings: TrainSettings) -> list[list[float]]:
    """The same from one micro-batch of all items."""
    learner = engine.learner
    vocabulary = learner.vocabulary
    examples = make_examples(vocabulary, PROBLEMS, settings, learner.report.context)
    rows = list(fill_rows(examples, settings.pack)) if settings.pack else [(e,) for e in examples]
    batch = make_batch(rows, settings, vocabulary)
    with torch.no_grad():
        logits = learner.model(
            input_ids=batch.input_ids,
            attention_mask=batch.attention_mask,
            position_ids=batch.position_ids,
            use_cache=False,
        ).logits
    _, losses = step_loss(logits, batch.labels, batch.counts, batch.counted)
    return [losses for _, losses in losses_by_item(batch, losses)]


@pytest.mark.parametrize("end_of_text", [False, True])
@pytest.mark.parametrize(
    "how",
    [
        TrainSettings(pack=1024),
        TrainSettings(pack=128),
        TrainSettings(),
        TrainSettings(padding="left"),
    ],
)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_losses_of_items_together_are_those_of_the_items_alone(
    load: Callable[[str], Engine],
    model_folder: Callable[[str], Path],
    architecture: str,
    how: TrainSettings,
    end_of_text: bool,
) -> None:
    engine = load(architecture)
    together = losses_together(engine, replace(how, end_of_text=end_of_text))
    eos = engine.learner.vocabulary.end_of_text if end_of_text else None
    alone = losses_alone(model_folder(architecture), eos)
    assert list(map(len, together)) == list(map(len, alone))
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def step_by_hand(folder: Path, *, answer_only: bool) -> tuple[float, list[torch.Tensor]]:
    """One step on all items: the mean over all their tokens, and the weights after AdamW."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    total, counted = torch.zeros(()), 0
    for problem in PROBLEMS:
        question = f"Question: {problem.question}\nAnswer:"
        ids = tokenizer(f"{question} {problem.answer}", return_tensors="pt").input_ids
        losses = F.cross_entropy(model(ids).logits[0, :-1], ids[0, 1:], reduction="none")
        if answer_only:
            # The tokenizer cuts before the space, so the question alone has the same tokens
            losses = losses[len(tokenizer(question).input_ids) - 1 :]
        total, counted = total + losses.sum(), counted + len(losses)
    loss = total / counted
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss.backward()
    optimizer.step()
    return loss.item(), weights_of(model)


@pytest.mark.parametrize(
    ("architecture", "answer_only"),
    [
        ("Qwen3", False),
        ("GPT2", True),
        *(
            pytest.param(*case, marks=pytest.mark.long)
            for case in (("Qwen3", True), ("GPT2", False))
        ),
    ],
)
def test_a_step_is_the_same_however_its_items_are_put_together(
    load: Callable[[str], Engine],
    model_folder: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    architecture: str,
    answer_only: bool,
) -> None:
    """GPT-2 trains without its dropout here, which would be another noise in each combination."""
    loss, weights = step_by_hand(model_folder(architecture), answer_only=answer_only)
    file = write(PROBLEMS, tmp_path)
    for name, how in COMBINATIONS.items():
        engine = load(architecture)
        model = engine.learner.model.eval()
        monkeypatch.setattr(model, "train", lambda mode=True, model=model: model)
        settings = replace(how, problems=file, lr=0.1, optimizer="SGD", answer_only=answer_only)
        steps = list(step_reports(engine.train(settings)))
        assert len(steps) == 1, name
        assert steps[0].loss == pytest.approx(loss, rel=1e-5), name
        for ours, theirs in zip(engine.learner.model.parameters(), weights, strict=True):
            assert torch.allclose(ours, theirs, rtol=0, atol=2e-6), name


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_positions_and_labels_that_tokens_shows_are_those_of_a_step(side: str) -> None:
    given = pad([example(5), example(7, 8, 9), example(1, 2)], side, 0)
    ids, mask, positions, labels = (
        tuple(map(tuple, present(grid).tolist()))
        for grid in (given.input_ids, given.attention_mask, given.position_ids, given.labels)
    )
    batch = Batch(ids, mask, 0, "", side)
    assert (batch.position_ids, batch.labels) == (positions, labels)


def example(*ids: int, first_counted: int = 1) -> Example:
    return Example(0, "", ids, 1, first_counted, False)


def test_padding_is_masked_by_length_where_it_is_the_end_of_text_token() -> None:
    batch = pad([example(5, 6, 9), example(7, 9, 9, 9, 9)], "right", 9)
    assert present(batch.attention_mask).tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]
    none = IGNORED
    assert batch.labels.tolist() == [[6, 9, none, none, none], [9, 9, 9, 9, none]]
    assert present(batch.position_ids).tolist() == [[0, 1, 2, 0, 0], [0, 1, 2, 3, 4]]
    assert (batch.counts.sum().item(), batch.counted) == (6, 6)
    left = pad([example(5, 6, 9), example(7, 9, 9, 9, 9, first_counted=3)], "left", 9)
    assert present(left.attention_mask).tolist() == [[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]]
    assert left.labels.tolist() == [[none, none, 6, 9, none], [9, 9, 9, 9, none]]
    assert present(left.position_ids).tolist() == [[0, 0, 0, 1, 2], [0, 1, 2, 3, 4]]
    assert left.counts.int().tolist() == [[0, 0, 1, 1, 0], [0, 0, 1, 1, 0]]


def test_items_of_one_length_need_neither_mask_nor_positions() -> None:
    batch = pad([example(5, 6), example(7, 8)], "right", 9)
    assert (batch.attention_mask, batch.position_ids) == (None, None)


def test_a_packed_row_separates_items_and_labels_no_first_token() -> None:
    rows = [(example(1, 2, 3), example(4, 5, 9), example(6, 7)), (example(8, 3),)]
    batch = pack(rows, 9, None)
    none = IGNORED
    assert batch.input_ids.tolist() == [
        [1, 2, 3, 9, 4, 5, 9, 6, 7],  # no second end of text after the item that ends with one
        [8, 3, 9, 9, 9, 9, 9, 9, 9],
    ]
    assert batch.labels.tolist() == [
        [2, 3, none, none, 5, 9, none, 7, none],
        [3, none, none, none, none, none, none, none, none],
    ]
    assert present(batch.position_ids).tolist() == [
        [0, 1, 2, 3, 0, 1, 2, 0, 1],
        [0, 1, 0, 1, 2, 3, 4, 5, 6],
    ]
    assert batch.attention_mask is None
    assert batch.counted == batch.counts.sum() == 6


def test_no_position_of_a_packed_row_passes_the_context() -> None:
    """A full item has its separator at the first position again, and so has what fills a row."""
    rows = [(example(1, 2, 3, 4), example(5, 6)), (example(7, 8),)]
    batch = pack(rows, 9, 4)
    assert batch.input_ids.tolist() == [[1, 2, 3, 4, 9, 5, 6], [7, 8, 9, 9, 9, 9, 9]]
    assert present(batch.position_ids).tolist() == [[0, 1, 2, 3, 0, 0, 1], [0, 1, 0, 1, 2, 3, 0]]
    assert present(batch.items).lengths == (4, 1, 2, 2, 4, 1)


@pytest.mark.parametrize("settings", [TrainSettings(pack=400), TrainSettings(batch=8)])
def test_what_is_sent_lies_in_one_piece(settings: TrainSettings) -> None:
    """The host would wait for the copy of a view with gaps."""
    learner = tiny_learner("gpt2")
    examples = make_examples(learner.vocabulary, PROBLEMS, settings, learner.report.context)
    rows = list(fill_rows(examples, settings.pack)) if settings.pack else [(e,) for e in examples]
    sent: list[torch.Tensor] = []

    class Recorder(Host):
        def send(self, tensor: torch.Tensor) -> torch.Tensor:
            sent.append(tensor)
            return tensor

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(accelerator.KINDS, "cpu", Recorder)
        learner.send(make_batch(rows, settings, learner.vocabulary))
    assert len(sent) >= 5
    assert all(tensor.is_contiguous() for tensor in sent)


def test_rows_are_filled_in_order_and_never_beyond_their_length() -> None:
    items = [example(*range(n)) for n in (4, 5, 10, 3, 3, 2, 9)]
    rows = list(fill_rows(items, 10))
    assert [[len(item.ids) for item in row] for row in rows] == [[4, 5], [10], [3, 3, 2], [9]]
    assert max(pack(rows, 99, None).input_ids.shape) == 10


@pytest.mark.parametrize(
    ("settings", "rows_of_steps"),
    [
        (TrainSettings(batch=3), [[3], [3], [2]]),
        (TrainSettings(batch=2, accumulation=3), [[2, 2, 2], [2]]),
        (TrainSettings(batch=3, epochs=2), [[3]] * 5 + [[1]]),
    ],
)
def test_steps_take_rows_in_order_and_only_the_last_has_fewer(
    settings: TrainSettings, rows_of_steps: list[list[int]]
) -> None:
    items = [example(n, n) for n in range(8)]
    steps = plan_steps(items, settings)
    assert [[len(rows) for rows in step] for step in steps] == rows_of_steps
    order = [item.ids[0] for step in steps for rows in step for row in rows for item in row]
    assert order == list(range(8)) * settings.epochs


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    shuffled = TrainSettings(shuffle=True, seed=3)
    orders = [epoch_order(50, shuffled, epoch) for epoch in (0, 1)]
    others = epoch_order(50, replace(shuffled, seed=4), 0)
    assert len({tuple(order) for order in (*orders, others)}) == 3
    assert all(sorted(order) == list(range(50)) for order in (*orders, others))
    torch.manual_seed(99)
    assert [epoch_order(50, shuffled, epoch) for epoch in (0, 1)] == orders
    # The same on every machine and Python version: a run can be resumed elsewhere
    assert epoch_order(8, shuffled, 0) == FIRST_ORDER


FIRST_ORDER = [0, 1, 7, 3, 6, 4, 2, 5]


def test_every_item_is_trained_on_once_an_epoch(load: Callable[[str], Engine]) -> None:
    steps = step_reports(load("Qwen3").train(TrainSettings(items=5, epochs=3, shuffle=True)))
    seen = [step.item.problem for step in steps]
    assert [sorted(seen[start : start + 5]) for start in (0, 5, 10)] == [list(range(5))] * 3
    assert len({tuple(seen[start : start + 5]) for start in (0, 5, 10)}) > 1


def test_question_and_answer_are_told_apart(load: Callable[[str], Engine], tmp_path: Path) -> None:
    engine = load("Qwen3")
    file = write(PROBLEMS, tmp_path)
    for step in step_reports(engine.train(TrainSettings(file, answer_only=True))):
        item = step.item
        texts, start = item.token_texts, item.answer_start
        problem = PROBLEMS[item.problem]
        assert "".join(texts[:start]) == f"Question: {problem.question}\nAnswer:"
        assert "".join(texts[start:]) == f" {problem.answer}"
        question, answer = counted(item)[: start - 1], counted(item)[start - 1 :]
        assert step.loss == pytest.approx(sum(answer) / len(answer))
        assert item.loss == item.answer_loss == pytest.approx(step.loss)
        assert item.question_loss == pytest.approx(sum(question) / len(question))


def test_the_end_of_text_is_learned_where_it_is_asked_for(
    load: Callable[[str], Engine], tmp_path: Path
) -> None:
    engine = load("Qwen3")
    file = write(PROBLEMS, tmp_path)
    plain = the(StepReport, next(engine.train(TrainSettings(file))))
    engine.reload()
    ended = the(StepReport, next(engine.train(TrainSettings(file, end_of_text=True))))
    assert ended.tokens == plain.tokens + 1
    assert ended.item.token_texts == (*plain.item.token_texts, "<|endoftext|>")
    assert ended.item.token_losses[:-1] == pytest.approx(plain.item.token_losses)


def test_an_item_longer_than_a_packed_row_is_cut_to_it(load: Callable[[str], Engine]) -> None:
    step = the(StepReport, next(load("Qwen3").train(TrainSettings(items=1, pack=20))))
    assert (step.tokens, step.positions, step.truncated) == (20, 20, 1)


def test_an_item_whose_answer_is_cut_off_is_left_out_where_only_answers_count(
    load: Callable[[str], Engine], tmp_path: Path
) -> None:
    long = Problem("why " * 100, "#### 1")
    engine = load("Qwen3")
    file = write([PROBLEMS[0], long, PROBLEMS[1]], tmp_path)
    steps = step_reports(engine.train(TrainSettings(file, answer_only=True)))
    assert [step.item.problem for step in steps] == [0, 2]
    with pytest.raises(InputError, match="No item has a token of its answer within 128 tokens"):
        engine.train(TrainSettings(write([long], tmp_path), answer_only=True))


def test_best_and_worst_are_those_of_all_items_so_far(load: Callable[[str], Engine]) -> None:
    engine = load("Qwen3")
    seen: dict[int, float] = {}
    settings = TrainSettings(items=6, batch=2, lr=0.1, optimizer="SGD")
    for number, step in enumerate(step_reports(engine.train(settings))):
        seen[step.item.problem] = step.item.loss
        assert step.item.problem == 2 * number
        best, worst = present(step.best), present(step.worst)
        assert best.loss <= min(seen.values())
        assert worst.loss >= max(seen.values())
        for extreme in best, worst:
            losses = counted(extreme)
            assert extreme.loss == pytest.approx(sum(losses) / len(losses))
    assert best.loss < worst.loss


def test_packing_needs_an_end_of_text_token(load: Callable[[str], Engine]) -> None:
    engine = load("Qwen3")
    engine.learner.vocabulary.tokenizer.eos_token = None
    for settings in TrainSettings(items=2, pack=64), TrainSettings(items=2, end_of_text=True):
        with pytest.raises(InputError, match="has no end-of-text token"):
            engine.train(settings)
