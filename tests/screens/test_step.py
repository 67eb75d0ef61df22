"""Step: each key, and that its numbers are those of the training cell written out."""

import asyncio
import re
import threading

import pytest
import torch
import torch.nn.functional as F
from textual.pilot import Pilot
from textual.widgets import Input, TextArea
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.known import present, the
from tests.pilot import SECONDS_AT_MOST, loaded, reload, running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.reports.phases import PhaseReport
from tui_trainer.screens.learning_rate import next_lr
from tui_trainer.screens.step.passes_view import PassesView
from tui_trainer.screens.step.phase_view import PhaseView
from tui_trainer.screens.step.phase_words import PHASE_KEYS
from tui_trainer.screens.step.prediction_view import PredictionView
from tui_trainer.screens.step.screen import StepScreen
from tui_trainer.screens.typed_ahead import AT_MOST
from tui_trainer.session.text_examples import NOTEBOOK_TEXT
from tui_trainer.settings.cell import read_undo_memory
from tui_trainer.widgets.chart.loss_chart import LossChart
from tui_trainer.words.numbers import nats, percent, probability
from tui_trainer.worker import Worker


def training_cell_losses(text: str, updates: int) -> list[float]:
    """The losses that the notebook's training cell prints."""
    model = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER, dtype=torch.float32)
    input_ids = AutoTokenizer.from_pretrained(MODEL_FOLDER)(text, return_tensors="pt").input_ids
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    model.train()
    losses = []
    for _ in range(updates):
        logits = model(input_ids).logits
        loss = F.cross_entropy(logits[0, :-1], input_ids[0, 1:])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def step_screen(app: TuiTrainer) -> StepScreen:
    screen = app.screen
    assert isinstance(screen, StepScreen)
    return screen


async def press_updates(app: TuiTrainer, pilot: Pilot[int], number: int) -> list[float]:
    """Press space `number` times, each after the update before it; the losses shown."""
    losses = []
    screen = step_screen(app)
    for _ in range(number):
        before = screen.report
        await pilot.press("space")
        await until(pilot, lambda before: screen.report is not before, before)
        losses.append(present(screen.report).loss)
    return losses


async def test_updates_show_the_losses_of_the_training_cell() -> None:
    async with running("escape", "4") as (app, pilot):
        losses = await press_updates(app, pilot, 3)
        assert losses == pytest.approx(training_cell_losses(NOTEBOOK_TEXT, 3), rel=1e-5)
        screen = shown(app)
        report = present(step_screen(app).report)
        after = present(report.after.loss)
        fell = nats(losses[2] - after)
        assert f"loss {losses[2]:.4f} → {after:.4f} ↓ {fell}" in screen
        assert f"grad {report.grad_norm:.4g}" in screen
        assert f"moved {percent(present(report.moved) / report.parameters, 2)}" in screen
        assert present(report.after.loss) < losses[2] < losses[0]
        assert len(step_screen(app).query_one(LossChart).series) == 3
        await until(pilot, lambda: "3 updates from loaded" in shown(app))


async def test_the_first_space_is_the_first_update_and_reload_starts_again() -> None:
    async with running("escape", "4") as (app, pilot):
        first = await press_updates(app, pilot, 2)
        await reload(app, pilot)
        await until(pilot, lambda: loaded(app).updates == 0)
        await until(pilot, lambda: step_screen(app).report is None)
        assert len(step_screen(app).query_one(LossChart).series) == 0
        assert await press_updates(app, pilot, 2) == first


async def test_table_shows_each_position_before_and_after() -> None:
    async with running("escape", "4", size=(120, 40)) as (app, pilot):
        await press_updates(app, pilot, 1)
        report = present(step_screen(app).report)
        for before, after in zip(report.before.positions, report.after.positions, strict=True):
            if after.expected is None:
                continue
            then, now = present(before.expected).p, after.expected.p
            sign = "↑" if now > then else "↓"
            told = rf"{re.escape(probability(then))} [▰▱]+ {sign} {re.escape(probability(now))}"
            row = next(line for line in shown(app).splitlines() if re.search(told, line))
            right = after.top[0].id == after.expected.id
            assert ("✓" if right else "✗") in row
        count = sum(
            p.expected is not None and p.top[0].id == p.expected.id for p in report.after.positions
        )
        assert f"✓ {count} of {len(report.after.positions) - 1}" in shown(app)


async def test_play_makes_updates_until_it_is_paused() -> None:
    async with running("escape", "4") as (app, pilot):
        screen = step_screen(app)
        app.simulate_key("p")
        await until(pilot, lambda: screen.report is not None and screen.report.update >= 3)
        app.simulate_key("p")
        await until(pilot, lambda: not app.session.is_live("step"))
        await until(
            pilot, lambda: len(screen.query_one(LossChart).series) == present(screen.report).update
        )
        made = present(screen.report).update
        await asyncio.sleep(0.3)
        assert present(screen.report).update == made


async def test_learning_rate_by_key_and_typed() -> None:
    async with running("escape", "4") as (app, pilot):
        await pilot.press("]")
        await until(pilot, lambda: loaded(app).lr == 2e-5)
        await pilot.press("[", "[")
        await until(pilot, lambda: loaded(app).lr == 5e-6)
        await pilot.press("l")
        app.screen.query_one(Input).value = "-3"
        await pilot.press("enter")
        await until(pilot, lambda: "must be above 0" in shown(app))
        app.screen.query_one(Input).value = "fast"
        await pilot.press("enter")
        await until(pilot, lambda: "takes a number" in shown(app))
        assert loaded(app).lr == 5e-6
        app.screen.query_one(Input).value = "3e-4"
        await pilot.press("enter")
        await until(pilot, lambda: loaded(app).lr == 3e-4)
        await until(pilot, lambda: "lr 3e-4" in shown(app))
        await press_updates(app, pilot, 1)
        assert present(step_screen(app).report).lr == 3e-4


async def test_optimizer_and_mode_by_key() -> None:
    async with running("escape", "4") as (app, pilot):
        await pilot.press("o")
        await until(pilot, lambda: "SGD" in shown(app))
        await pilot.press("t")
        await until(pilot, lambda: "eval mode" in shown(app))
        assert "eval mode, no dropout" in shown(app)
        await press_updates(app, pilot, 1)
        report = present(step_screen(app).report)
        assert (report.optimizer, report.training) == ("SGD", False)


async def test_d_sets_dropout_and_shows_two_passes_of_each_mode() -> None:
    async with running("escape", "4") as (app, pilot):
        screen = step_screen(app)
        await press_updates(app, pilot, 1)
        assert present(screen.report).dropout == 0
        await pilot.press("d")
        await until(
            pilot, lambda: "Dropout of train mode on this screen (0 drops nothing)" in shown(app)
        )
        await pilot.press("backspace", *"1.5", "enter")
        await until(pilot, lambda: "A dropout probability is from 0" in shown(app))
        app.screen.query_one(Input).value = "0.2"
        await pilot.press("enter")
        view = screen.query_one(PassesView)
        await until(pilot, lambda: view.report is not None and view.report.dropout == 0.2)
        await until(pilot, lambda: "train mode, dropout 0.2" in shown(app))
        train, evaluation = present(view.report).train, present(view.report).eval
        assert train[0].loss != train[1].loss
        assert evaluation[0] == evaluation[1]
        assert f"loss {train[0].loss:.4f} and {train[1].loss:.4f}, which differ" in shown(app)
        assert f"loss {evaluation[0].loss:.4f} and {evaluation[1].loss:.4f}, the same" in shown(app)
        assert "Qwen3ForCausalLM has no dropout modules" in shown(app)
        await press_updates(app, pilot, 1)
        assert present(screen.report).dropout == 0.2
        await pilot.press("u", "u")
        await until(pilot, lambda: loaded(app).updates == 0)
        assert "train mode, no dropout" in shown(app)  # as the first update was made
        screen.query_one(TextArea).text = ""
        await until(pilot, lambda: "The text is empty: type at least one token." in shown(app))
        await until(pilot, lambda: view.report is None)


async def test_text_that_cannot_be_trained_on_is_refused_and_nothing_is_lost() -> None:
    async with running("escape", "4") as (app, pilot):
        await press_updates(app, pilot, 1)
        box = step_screen(app).query_one(TextArea)
        box.text = ""
        await pilot.press("space")
        await until(pilot, lambda: "The text is empty" in shown(app))
        box.text = "a"
        await pilot.press("space")
        await until(pilot, lambda: "One token has no label" in shown(app))
        assert box.text == "a"
        assert loaded(app).updates == 1
        box.text = "a b c d"
        await press_updates(app, pilot, 1)
        assert app.session.status is not None


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_chart_of_another_text_says_so(size: tuple[int, int]) -> None:
    async with running("escape", "4", engine=lambda _: FakeEngine(), size=size) as (app, pilot):
        await press_updates(app, pilot, 1)
        assert "another text" not in shown(app)
        step_screen(app).query_one(TextArea).text = "xyz"
        await until(pilot, lambda: "update 1, another text ─" in shown(app))
        await press_updates(app, pilot, 1)
        await until(pilot, lambda: "another text" not in shown(app))


async def test_held_space_does_not_pile_up() -> None:
    async with running("escape", "4") as (app, pilot):
        is_free = threading.Event()

        def take_long() -> None:
            assert is_free.wait(SECONDS_AT_MOST)

        the(Worker, app.worker)._do(take_long)
        for _ in range(30):
            app.simulate_key("space")
        await pilot.pause()
        assert step_screen(app).queue.updates == AT_MOST
        is_free.set()
        await until(pilot, lambda: step_screen(app).queue.updates == 0)
        assert present(step_screen(app).report).update == AT_MOST


async def test_a_status_of_before_an_update_that_is_heard_after_it_hides_nothing() -> None:
    async with running("escape", "4", engine=lambda _: FakeEngine()) as (app, pilot):
        await press_updates(app, pilot, 1)
        is_free = threading.Event()

        def take_long() -> None:
            assert is_free.wait(SECONDS_AT_MOST)

        the(Worker, app.worker)._do(take_long)
        heard = asyncio.ensure_future(app.session.refresh())  # as every half second of a loop
        await asyncio.sleep(0)
        await pilot.press("space")
        is_free.set()
        await until(pilot, lambda: loaded(app).updates == 2)
        await heard
        await pilot.pause()
        assert present(step_screen(app).report).update == 2


async def test_enter_goes_into_the_text_and_escape_out() -> None:
    async with running("escape", "4") as (app, pilot):
        await pilot.press("enter")
        assert isinstance(app.screen.focused, TextArea)
        await pilot.press("q", "4", "space")
        assert "q4 " in app.screen.query_one(TextArea).text
        await pilot.press("escape")
        assert app.screen.focused is None
        assert step_screen(app).report is None


async def test_log_axis_by_key() -> None:
    async with running("escape", "4") as (app, pilot):
        await pilot.press("y")
        assert app.screen.query_one(LossChart).log_axis
        await pilot.press("y")
        assert not app.screen.query_one(LossChart).log_axis


@pytest.mark.long
@pytest.mark.parametrize("size", first_is_quick((1, 1), (10, 4), (40, 12), (200, 60)))
async def test_any_size(size: tuple[int, int]) -> None:
    async with running("escape", "4", size=size) as (app, pilot):
        await press_updates(app, pilot, 1)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "update 1" in shown(app))
        await pilot.resize_terminal(*size)


@pytest.mark.parametrize(
    ("lr", "up", "expected"),
    [(1e-5, True, 2e-5), (2e-5, True, 5e-5), (3e-4, False, 2e-4), (10.0, True, 10.0)],
)
def test_learning_rates_climb_a_ladder(lr: float, up: bool, expected: float) -> None:
    assert next_lr(lr, up) == pytest.approx(expected)


async def press_phases(app: TuiTrainer, pilot: Pilot[int], *keys: str) -> PhaseReport:
    """Press keys that run a phase, each after the phase before it; the last report."""
    view = step_screen(app).query_one(PhaseView)
    phase_of = {key: phase for phase, key in PHASE_KEYS.items()}
    for key in keys:
        following = "forward" if view.report is None else view.report.next
        wanted = phase_of.get(key, following)
        await pilot.press(key)
        await until(pilot, lambda wanted: view.report and view.report.phase == wanted, wanted)
    return present(view.report)


async def test_phases_one_after_another_are_an_update() -> None:
    async with running("escape", "4") as (app, pilot):
        step = await press_phases(app, pilot, *["full_stop"] * 4)
        assert (step.phase, step.update) == ("optimizer.step", 1)
        assert step.loss == pytest.approx(training_cell_losses(NOTEBOOK_TEXT, 1)[0], rel=1e-5)
        screen = shown(app)
        assert f"grad norm {step.grad_norm:.4g}" in screen
        assert f"moved {step.moved:,} · exp_avg" in screen
        assert "▶ Z  zero_grad" in screen
        assert f"{step.gradients[0].name}" in screen
        assert f"{step.gradients[1].norm:.4g}  █" in screen
        await until(pilot, lambda: "1 update from loaded" in shown(app))
        assert len(step_screen(app).query_one(LossChart).series) == 1
        assert (await press_phases(app, pilot, "full_stop")).grad_norm is None
        losses = await press_updates(app, pilot, 1)
        assert losses == pytest.approx(training_cell_losses(NOTEBOOK_TEXT, 2)[1:], rel=1e-5)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_phases_name_their_update_and_the_one_before_keeps_its_gradient(
    size: tuple[int, int],
) -> None:
    """In the phases of update 2 two gradients stood there, and only update 1 was named."""
    async with running("escape", "4", size=size) as (app, pilot):
        await press_updates(app, pilot, 1)
        await press_phases(app, pilot, "full_stop")
        phases = step_screen(app).query_one(PhaseView)
        assert phases.figure == "update 2"
        step = await press_phases(app, pilot, *["full_stop"] * 3)
        assert phases.figure == "update 2"
        words = "grad" if size[0] == 80 else "grad norm"
        told = [f"{words} {step.grad_norm:.4g}", "after update 2"]
        await until(pilot, lambda: all(shown(app).count(word) for word in told))
        assert (await press_phases(app, pilot, "F")).update == 2
        assert phases.figure == "update 3"


async def test_phases_out_of_order_by_their_own_keys() -> None:
    async with running("escape", "4") as (app, pilot):
        await pilot.press("S")
        await until(pilot, lambda: "skips them all and nothing changes" in shown(app))
        await pilot.press("B")
        await until(pilot, lambda: "no loss to go back from" in shown(app))
        first = await press_phases(app, pilot, "F", "L", "B")
        again = await press_phases(app, pilot, "F", "L")
        assert again.loss == first.loss
        assert "It is the same as before" in " ".join(shown(app).split())
        assert (await press_phases(app, pilot, "B")).grad_norm == pytest.approx(
            2 * present(first.grad_norm)
        )
        assert "zero_grad was skipped" in " ".join(shown(app).split())
        assert (await press_phases(app, pilot, "Z")).gradients == ()
        assert loaded(app).updates == 0


async def test_views_by_key_and_a_reload_empties_the_phases() -> None:
    async with running("escape", "4") as (app, pilot):
        await press_phases(app, pilot, "full_stop")
        await pilot.press("R")
        await until(pilot, lambda: "begin with forward" in shown(app))
        view = step_screen(app).query_one(PredictionView)
        assert not view.is_on_screen
        while step_screen(app).views.current != "predictions":
            await pilot.press("v")
        await until(pilot, lambda: view.is_on_screen)


async def test_no_phase_while_something_else_trains_the_model() -> None:
    engine = FakeEngine(gated=True)
    async with running("escape", "5", engine=lambda _: engine) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: app.session.is_running("gsm8k"))
        await pilot.press("4", "full_stop")
        await until(pilot, lambda: "The GSM8K loop is running: pause it" in shown(app))
        assert step_screen(app).query_one(PhaseView).report is None
        engine.gate.release(9)


async def test_undo_and_redo_by_key() -> None:
    async with running("escape", "4") as (app, pilot):
        series = step_screen(app).query_one(LossChart).series
        first, second, third = await press_updates(app, pilot, 3)
        await until(pilot, lambda: "can undo 3" in shown(app))
        await pilot.press("u")
        await until(pilot, lambda: loaded(app).updates == 2 and len(series) == 2)
        await pilot.press("u")
        await until(pilot, lambda: loaded(app).updates == 1 and len(series) == 1)
        await until(pilot, lambda: f"loss {first:.4f} → {second:.4f} ↓" in shown(app))
        assert "can undo 1, redo 2" in shown(app)
        await pilot.press("r")
        await until(pilot, lambda: loaded(app).updates == 2 and len(series) == 2)
        await until(pilot, lambda: f"loss {second:.4f} → {third:.4f} ↓" in shown(app))
        await pilot.press("u", "u")
        await until(pilot, lambda: loaded(app).updates == 0)
        await pilot.press("u")
        await until(pilot, lambda: "There is no update to undo" in shown(app))
        assert await press_updates(app, pilot, 2) == [first, second]
        assert len(series) == 2
        await until(pilot, lambda: "can undo 2" in shown(app))


async def test_an_undo_that_puts_another_learning_rate_back_says_so() -> None:
    async with running("escape", "4") as (app, pilot):
        await press_updates(app, pilot, 1)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: loaded(app).lr == 2e-5)
        await pilot.press("u")
        await until(pilot, lambda: "The learning rate is 1e-5 again" in shown(app))
        assert loaded(app).lr == 1e-5


async def test_memory_for_undo_by_key() -> None:
    async with running("escape", "4", size=(120, 40)) as (app, pilot):
        await pilot.press("h")
        app.screen.query_one(Input).value = "plenty"
        await pilot.press("enter")
        await until(pilot, lambda: "no amount of memory" in shown(app))
        app.screen.query_one(Input).value = "20 MB"
        await pilot.press("enter")
        await until(pilot, lambda: " of 20.0 MB" in shown(app))
        await press_updates(app, pilot, 2)
        assert loaded(app).history.budget == 20_000_000


async def test_no_undo_while_the_loop_trains() -> None:
    engine = FakeEngine(gated=True)
    async with running("escape", "5", engine=lambda _: engine) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: app.session.is_running("gsm8k"))
        await pilot.press("4", "u")
        await until(pilot, lambda: "The GSM8K loop is running: pause it" in shown(app))
        engine.gate.release(9)


@pytest.mark.parametrize(
    ("line", "expected"),
    [("500 MB", 500_000_000), ("2g", 2_000_000_000), ("0", 0), ("1.5kB", 1500)],
)
def test_memory_is_read_with_its_unit(line: str, expected: int) -> None:
    assert read_undo_memory(line) == expected


async def test_what_an_update_gave_up_for_memory_is_told_once() -> None:
    engine = FakeEngine()
    engine.short_of_memory = "Memory is short, so this update cannot be undone."
    async with running("escape", "4", engine=lambda _: engine) as (app, pilot):
        await press_updates(app, pilot, 2)
        await until(pilot, lambda: "moved unknown" in shown(app))
        told = [notice.message for notice in app._notifications]
        assert told.count(engine.short_of_memory) == 1
