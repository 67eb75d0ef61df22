"""The rows of a step are what was trained on, and their losses come to the step's."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.architectures import tiny_learner
from tests.engine.ways.test_model_checks import examples_of
from tests.known import present, the
from tui_trainer.engine.data.batching import MicroBatch
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.loss_pass import LossPass, make_loss_pass
from tui_trainer.engine.loop.step_rows import lay_out, report_rows
from tui_trainer.errors import InputError
from tui_trainer.protocol.wire import from_bytes, to_bytes
from tui_trainer.reports.rows import (
    IGNORED,
    MASKED,
    ONE_BY_ONE,
    SAME,
    WITHIN_ITEMS,
    BatchRow,
    StepRows,
)
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import PRESETS
from tui_trainer.settings.train import TrainSettings

LOOPS = {
    "tutorial": TrainSettings(items=3),
    "padded right": TrainSettings(items=4, batch=4),
    "padded left": TrainSettings(items=4, batch=4, padding="left"),
    "packed": TrainSettings(items=6, batch=2, pack=128),
    "within items": TrainSettings(items=6, batch=2, pack=128, item_attention=True),
    "accumulated": TrainSettings(items=7, batch=2, accumulation=3),
    "of the answer alone": TrainSettings(items=4, batch=2, answer_only=True, end_of_text=True),
    "in chunks": TrainSettings(items=4, batch=2, chunked_loss=True),
    "tuned": replace(PRESETS["tuned"], items=8, pack=128),
    "a batch that is not full": TrainSettings(items=3, batch=8),
}


def step_of(engine: Engine, settings: TrainSettings) -> StepReport:
    """The first step that the loop reports."""
    reports = engine.train(settings)
    return next(report for report in reports if isinstance(report, StepReport))


@pytest.mark.parametrize("loop", LOOPS)
def test_the_losses_that_count_divided_as_the_step_divides_are_its_loss(
    qwen3: Engine, loop: str
) -> None:
    """But for the rounding of the step's own sum, which is in fp32; the sum by hand rounds none."""
    settings = LOOPS[loop]
    planned = qwen3.rows(settings)
    step = step_of(qwen3, settings)
    rows = qwen3.rows()
    assert (rows.step, rows.loss) == (step.step, step.loss)
    by_hand = math.fsum(row.summed for row in rows.rows) / sum(row.counted for row in rows.rows)
    assert present(rows.by_hand) == pytest.approx(by_hand, rel=1e-12)
    assert by_hand == pytest.approx(step.loss, rel=SAME)
    assert rows.agrees
    assert sum(len(row.input_ids) for row in rows.rows) == step.positions
    assert rows.rows[0].parts == step.row
    assert rows.passes == -(-rows.all_rows // settings.batch)
    assert from_bytes(to_bytes(rows), StepRows) == rows
    assert planned.loss is planned.by_hand is planned.agrees is None
    for before, row in zip(planned.rows, rows.rows, strict=True):
        assert before == replace(row, losses=(None,) * len(row.losses))
        assert_labels(row, settings)


def assert_labels(row: BatchRow, settings: TrainSettings) -> None:
    """Each is the next token of its item, or none; by hand, from where the items lie."""
    for part, start in zip(row.parts, row.starts, strict=True):
        end = start + part.tokens
        if part.problem is None:
            assert {*row.labels[start:end]} == {IGNORED}
            assert {*row.losses[start:end]} == {None}
            continue
        *inside, last = row.labels[start:end]
        following = row.input_ids[start + 1 : end]
        counted = [label for label in inside if label != IGNORED]
        assert last == IGNORED
        assert row.losses[end - 1] is None
        assert None not in row.losses[start : end - 1] or {*row.losses} == {None}
        assert (*counted,) == following[len(following) - len(counted) :]
        assert settings.answer_only or (*inside,) == following
        positions = row.position_ids or tuple(range(len(row.input_ids)))
        assert positions[start:end] == tuple(range(part.tokens))
        assert row.attention_mask is None or {*row.attention_mask[start:end]} == {1}


def test_an_item_alone_comes_to_the_steps_loss_to_the_bit(qwen3: Engine) -> None:
    """Or to the next number that fp32 has: torch's sum of a hundred losses rounds on the way."""
    exact = []
    for report in qwen3.train(TrainSettings(items=4)):
        loss = the(StepReport, report).loss
        by_hand = torch.tensor(present(qwen3.rows().by_hand)).item()
        exact.append(by_hand == loss)
        assert by_hand == pytest.approx(loss, rel=2**-22)
    assert any(exact)


@pytest.mark.parametrize("loop", ["padded left", "tuned"])
def test_looking_changes_no_step(
    engine: Engine, model_folder: Callable[[str], Path], loop: str
) -> None:
    """GPT-2 has dropout: a look between two steps must draw nothing from its generator."""
    engine.load_model(ModelChoice(str(model_folder("GPT2")), "cpu", "fp32"))
    settings = replace(LOOPS[loop], items=8, chunked_loss=False)
    watched = []
    for looks in (True, False):
        engine.reload()
        losses = []
        for report in engine.train(settings):
            if isinstance(report, StepReport):
                losses.append(report.loss)
                if looks:
                    engine.rows()
                    engine.rows(settings)
        watched.append(losses)
    assert watched[0] == watched[1]


def test_there_are_no_rows_before_a_step_and_after_the_last(qwen3: Engine) -> None:
    with pytest.raises(InputError, match="No step has been made"):
        qwen3.rows()
    with pytest.raises(InputError, match="the loop of these settings has 3"):
        qwen3.rows(LOOPS["tutorial"], made=3)
    assert qwen3.rows(LOOPS["tutorial"], made=2).step == 3


def test_of_a_step_of_very_many_rows_the_first_are_shown_and_all_are_summed(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_trainer.engine.loop.step_rows.MOST_POSITIONS", 100)
    step_of(qwen3, LOOPS["accumulated"])
    rows = qwen3.rows()
    assert (len(rows.rows), rows.all_rows, rows.agrees) == (1, 6, True)


def test_a_loss_that_is_no_number_agrees_with_none() -> None:
    rows = StepRows(1, (), 1, 1, 2, MASKED, summed=math.nan, loss=math.nan)
    assert rows.agrees
    assert not replace(rows, loss=1.0).agrees
    assert not replace(rows, summed=2.00001, loss=1.0).agrees


# Who sees whom

KINDS = "qwen3", "gpt2", "mistral", "bloom"
SEEN_IN = {
    "tutorial": TrainSettings(),
    "padded right": TrainSettings(batch=4),
    "padded left": TrainSettings(batch=4, padding="left"),
    "packed": TrainSettings(batch=2, pack=128),
    "within items": TrainSettings(batch=2, pack=128, item_attention=True),
}


def moved_by(learner: Learner, loss_pass: LossPass, batch: MicroBatch) -> torch.Tensor:
    """[row, position, position]: the losses of the second that another token at the first changes,
    by the loop's own pass, whatever it does."""
    with torch.no_grad(), loss_pass.in_use():
        _, before = loss_pass(batch, 1)
        changed = []
        for position in range(batch.input_ids.shape[1]):
            ids = batch.input_ids.clone()
            ids[:, position] = (ids[:, position] + 7) % learner.report.vocabulary
            _, after = loss_pass(replace(batch, input_ids=ids), 1)
            changed.append(after != before)
    return torch.stack(changed, dim=1)


@pytest.mark.parametrize("way", SEEN_IN)
@pytest.mark.parametrize("kind", KINDS)
def test_a_position_sees_the_tokens_that_move_its_loss(kind: str, way: str) -> None:
    """What is read off the masks is held against what the loop's own pass makes of other tokens.

    Of one layer: in two a position sees through the first what the second hides from it.
    """
    window = {"sliding_window": 8} if kind == "mistral" else {}
    one = dict.fromkeys(("num_hidden_layers", "n_layer"), 1)
    learner, settings = tiny_learner(kind, sizes=window | one), SEEN_IN[way]
    examples = examples_of(learner)
    laid_out = lay_out(learner, examples, settings, 0)
    rows = report_rows(learner, laid_out)
    loss_pass = make_loss_pass(learner, examples, settings)
    assert loss_pass.attention == laid_out.attention
    if kind == "bloom":  # it knows no attention but its own
        assert [row.sights for row in rows.rows] == [()] * len(rows.rows)
        return
    (batch,) = laid_out.batches
    moved = moved_by(learner, loss_pass, batch)
    for number, row in enumerate(rows.rows):
        (sight,) = row.sights
        for position in range(len(row.input_ids)):
            if batch.labels[number, position] == IGNORED:
                continue
            movers = moved[number, :, position].nonzero().flatten().tolist()
            first, seen = sight.first[position], sight.seen[position]
            assert movers == [*range(first, first + seen)], position


def test_layers_that_attend_otherwise_are_told_apart() -> None:
    learner = tiny_learner(
        "gemma3_text",
        sizes={"sliding_window": 8, "layer_types": ["sliding_attention", "full_attention"]},
    )
    examples = examples_of(learner)
    (row,) = report_rows(learner, lay_out(learner, examples, TrainSettings(), 0)).rows
    by_kind = {sight.layers: max(sight.seen) for sight in row.sights}
    assert by_kind == {"sliding_attention": 8, "full_attention": len(row.input_ids)}


def test_each_way_is_named(qwen3: Engine) -> None:
    ways = {loop: qwen3.rows(LOOPS[loop]).way for loop in ("packed", "within items", "tutorial")}
    assert ways == {"packed": MASKED, "within items": WITHIN_ITEMS, "tutorial": MASKED}
    learner = tiny_learner("bloom")
    examples, settings = examples_of(learner), SEEN_IN["packed"]
    assert report_rows(learner, lay_out(learner, examples, settings, 0)).way == ONE_BY_ONE


# Texts


@pytest.mark.parametrize("side", ["left", "right"])
def test_texts_are_rows_as_a_padded_batch_has_them(qwen3: Engine, side: str) -> None:
    source, texts = qwen3.at_hand.choice.source, ("def hello", "", "for")
    batch = qwen3.batch(texts, side, source)
    rows = qwen3.text_rows(texts, side, source)
    assert [row.parts[side == "left" and len(row.parts) > 1].problem for row in rows.rows] == [0, 2]
    assert [row.input_ids for row in rows.rows] == [batch.input_ids[0], batch.input_ids[2]]
    assert [row.attention_mask for row in rows.rows] == [
        batch.attention_mask[0],
        batch.attention_mask[2],
    ]
    assert rows.counted == sum(row.counted for row in rows.rows)
    assert (rows.step, rows.loss, rows.summed) == (None, None, None)
    assert all(row.sights for row in rows.rows)
    for row in rows.rows:
        assert_labels(row, TrainSettings())
    with pytest.raises(InputError, match="No item has a token"):
        qwen3.text_rows(("", ""), side, source)
    other = qwen3.text_rows(("a" * 10, "b"), side, "builtin")  # whose model is not loaded
    assert [row.sights for row in other.rows] == [(), ()]
