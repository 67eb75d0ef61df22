"""GSM8K: each key, the loop's life, and that its losses are those of the training loop."""

import asyncio
import re
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from textual.widgets import Input, Static
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.fake_engine import FakeEngine
from tests.forms import form_of, typed
from tests.known import present
from tests.pilot import Running, is_making_a_step, loaded, running, sheet, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.data.problems import format_problem, load_problems
from tui_trainer.errors import InputError
from tui_trainer.protocol.events import LoopChanged, LoopState
from tui_trainer.reports.steps import RowPart
from tui_trainer.screens.dialogs.help import HelpDialog
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.screens.gsm8k.run_panel import settings_line
from tui_trainer.screens.gsm8k.screen import SHOW_SECONDS, Gsm8kScreen
from tui_trainer.screens.gsm8k.settings import describe_settings
from tui_trainer.screens.step.screen import StepScreen
from tui_trainer.settings.presets import TUNED
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.chart.chart import REDRAW_SECONDS
from tui_trainer.widgets.chart.loss_chart import LossChart
from tui_trainer.widgets.run_clock import RunClock
from tui_trainer.widgets.token_losses import TokenLosses
from tui_trainer.words.numbers import duration, rate

OPEN = "escape", "5"


def gsm8k(app: TuiTrainer) -> Gsm8kScreen:
    screen = app.screen_stack[0]
    assert isinstance(screen, Gsm8kScreen)
    return screen


def with_engine(engine: FakeEngine, size: tuple[int, int] = (80, 24)) -> Running:
    return running(*OPEN, engine=lambda progress: engine, size=size)


def step_of(app: TuiTrainer) -> int:
    report = gsm8k(app).report
    return 0 if report is None else report.step


def state(app: TuiTrainer) -> LoopState | None:
    return app.session.loops.get("gsm8k")


def losses_on_chart(screen: Gsm8kScreen) -> list[float]:
    return [bucket.lowest for bucket in screen.query_one(LossChart).series.reduced(1000)]


# A run


async def test_space_starts_pauses_and_goes_on() -> None:
    engine = FakeEngine([3.0] * 10, gated=True)
    async with with_engine(engine) as (app, pilot):
        first = "space starts the run; . makes one step; e first, to compare scores after it"
        assert first in shown(app)
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.RUNNING)
        engine.gate.release(2)
        await until(pilot, lambda: step_of(app) == 2)
        await until(pilot, lambda: "▶ running" in shown(app))
        await until(pilot, is_making_a_step, app, "gsm8k")
        await pilot.press("space")
        engine.gate.release()  # the step that was being made is finished first
        await until(pilot, lambda: state(app) is LoopState.PAUSED)
        await until(pilot, lambda: "⏸ paused" in shown(app))
        assert step_of(app) == 3
        engine.gate.release(7)
        await asyncio.sleep(0.2)
        assert step_of(app) == 3
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        assert engine.trained_with == [TrainSettings()]


async def test_numbers_of_the_run_are_on_screen() -> None:
    engine = FakeEngine([4.0, 1.0, 2.0, 3.0], gated=True)
    async with with_engine(engine) as (app, pilot):
        await pilot.press("space")
        engine.gate.release(3)
        await until(pilot, lambda: "3/4  75%" in shown(app))
        text = shown(app)
        # 10 tokens and 0.1 s a step; the average is that of 4, 1, 2 with weights .95^2, .95, 1
        average = (0.95**2 * 4 + 0.95 * 1 + 2) / (0.95**2 + 0.95 + 1)
        losses, others = f"loss  2.0000  avg  {average:.4f} ↓", "lr 1e-5     RAM 123.4 MB"
        assert f"{losses}  {others}      100 tok/s" in text
        assert "10.0 steps/s   0:00 gone   0:00 left" in text
        engine.gate.release(1)
        await until(pilot, lambda: "space starts another run" in shown(app))
        text = shown(app)
        assert "■ finished" in text
        assert "4/4 100%" in text
        assert " left" not in text  # of its time
        assert "Finished: 4 of 4 steps, 40 tokens, 0:00; loss 4.0000 → 3.0000" in text
        assert "moving average at the end" in " ".join(text.split())  # it is no mean of the run
        assert losses_on_chart(gsm8k(app)) == [4.0, 1.0, 2.0, 3.0]


async def test_padding_and_the_items_of_a_row_are_on_show() -> None:
    row = RowPart(8, 40), RowPart(None, 1), RowPart(13, 22), RowPart(None, 37)
    engine = FakeEngine(change=lambda step: replace(step, tokens=62, positions=100, row=row))
    async with with_engine(engine) as (app, pilot):
        await pilot.press("full_stop")
        await until(pilot, lambda: "62% useful, 38% padding  ▌" in shown(app))
        bar = next(line for line in shown(app).splitlines() if "useful" in line)
        assert bar.index("item 8") < bar.index("▐▌") < bar.index("item 13") < bar.index("pad  ")
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "62% useful" in shown(app))


async def test_what_the_run_needs_is_told_before_its_first_step() -> None:
    note = "Its logits are bent."
    engine = FakeEngine(
        gated=True,
        change=lambda report: replace(report, notes=(note,) if report.step == 1 else ()),
    )
    async with with_engine(engine) as (app, pilot):
        await pilot.press("space")
        needs = "needs about 0.31 of the 7.9 GB that are free for it"
        await until(pilot, lambda: needs in shown(app))
        engine.gate.release()
        await until(pilot, lambda: step_of(app) == 1)
        await until(pilot, lambda: note in shown(app) and "needs about" not in shown(app))
        engine.gate.release(3)
        await until(pilot, lambda: state(app) is LoopState.FINISHED)


async def test_lines_do_not_move_as_numbers_grow() -> None:
    losses = [1234.5, 0.5, 12.25, 0.00001, float("nan"), 99.0]
    engine = FakeEngine(losses, gated=True)
    async with with_engine(engine) as (app, pilot):
        screen = gsm8k(app)
        await pilot.press("space")
        seen = set()
        for step in range(1, 6):
            engine.gate.release()
            await until(pilot, lambda step: f" {step}/6 " in shown(app), step)
            for where in ("progress", "numbers"):
                line = str(screen.query_one(f"#{where}", Static).content)
                seen.add(
                    (where, *(m.start() for m in re.finditer("loss|avg|lr|RAM|tok|steps/s", line)))
                )
        assert len(seen) == 2
        engine.gate.release()


async def test_full_stop_makes_one_step_while_paused_and_from_the_start() -> None:
    engine = FakeEngine(gated=True)
    async with with_engine(engine) as (app, pilot):
        engine.gate.release(2)
        await pilot.press("full_stop")
        await until(pilot, lambda: step_of(app) == 1)
        assert state(app) is LoopState.PAUSED
        await pilot.press("full_stop")
        await until(pilot, lambda: step_of(app) == 2)
        assert state(app) is LoopState.PAUSED
        await until(pilot, lambda: "item 1, 10 tokens" in shown(app))
        await until(pilot, lambda: "2 updates from loaded" in shown(app))
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.RUNNING)
        await pilot.press("full_stop")  # pauses a running loop
        engine.gate.release()
        await until(pilot, lambda: state(app) is LoopState.PAUSED)
        await until(pilot, lambda: step_of(app) == 3)
        engine.gate.release()
        await pilot.press("full_stop", "full_stop")
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        await until(pilot, lambda: step_of(app) == 4)


async def test_a_key_makes_as_many_steps_as_are_typed_and_pauses() -> None:
    engine = FakeEngine([3.0] * 9)
    async with with_engine(engine) as (app, pilot):
        for typed, made in (("3", 3), ("4", 7)):  # from the start, and from a pause
            await pilot.press("greater_than_sign")
            await until(pilot, lambda: "then a pause" in shown(app))
            await pilot.press("ctrl+u", typed, "enter")
            await until(pilot, lambda made: step_of(app) == made, made)
            await until(pilot, lambda: state(app) is LoopState.PAUSED)
        await pilot.press("greater_than_sign", "ctrl+u", "0", "enter")
        await until(pilot, lambda: "Make 1 step or more" in shown(app))
        await pilot.press("escape", "space")
        await until(pilot, lambda: state(app) is LoopState.FINISHED)


async def test_start_pressed_twice_starts_one_run() -> None:
    engine = FakeEngine(gated=True)
    async with with_engine(engine) as (app, pilot):
        app.simulate_key("space")
        app.simulate_key("space")
        app.simulate_key("full_stop")
        await until(pilot, lambda: state(app) is not None)
        engine.gate.release(10)
        await asyncio.sleep(0.2)
        assert len(engine.trained_with) == 1


async def test_stop_asks_and_goes_on_meanwhile() -> None:
    engine = FakeEngine([2.0] * 9, gated=True)
    async with with_engine(engine) as (app, pilot):
        await pilot.press("s")
        assert not isinstance(app.screen, QuestionDialog)  # nothing to stop
        await pilot.press("space", "s")
        engine.gate.release(2)
        await until(pilot, lambda: step_of(app) == 2)
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("c")
        assert app.session.is_live("gsm8k")
        await pilot.press("s", "s")
        engine.gate.release(1)
        await until(pilot, lambda: state(app) is LoopState.STOPPED)
        await until(pilot, lambda: "Stopped: 3 of 9 steps, 30 tokens" in shown(app))
        assert loaded(app).updates == 3
        await until(pilot, lambda: "3 updates from loaded" in shown(app))


# Where the weights are not the loaded ones


async def test_next_run_offers_the_reload() -> None:
    engine = FakeEngine([3.0, 2.0])
    async with with_engine(engine) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        for answer, reloads, runs, updates in (
            ("escape", 0, 1, 2),
            ("k", 0, 2, 4),
            ("r", 1, 3, 2),
        ):
            app.simulate_key("space")
            await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
            assert "updates away" in shown(app)
            app.simulate_key(answer)
            await until(pilot, lambda runs: len(engine.trained_with) == runs, runs)
            await until(pilot, lambda: app.screen is gsm8k(app))
            await until(pilot, lambda: not app.session.is_live("gsm8k") and step_of(app) == 2)
            assert engine.reloads == reloads
            assert present(engine.status()).updates == updates
            assert losses_on_chart(gsm8k(app)) == [3.0, 2.0]
        app.simulate_key("full_stop")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))


async def test_a_paused_run_keeps_its_model_unless_it_is_ended() -> None:
    engine = FakeEngine()
    async with with_engine(engine) as (app, pilot):
        await pilot.press("full_stop")
        await until(pilot, lambda: step_of(app) == 1)
        app.load_model(replace(app.session.choice, source="other"))
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        assert "The GSM8K loop is paused." in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is gsm8k(app))
        assert loaded(app).model.name == "builtin"
        await pilot.press("full_stop")
        await until(pilot, lambda: step_of(app) == 2)


# Settings


async def test_settings_are_typed_and_used_and_marked() -> None:
    engine = FakeEngine()
    async with with_engine(engine) as (app, pilot):
        assert "tutorial · problems builtin · items 500" in shown(app)
        await pilot.press("enter")
        form = app.screen
        assert isinstance(form, SettingsForm)
        form.put("items", "1,200")
        form.put("lr", "3e-4")
        form.put("problems", "train.jsonl")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is gsm8k(app))
        changed = "tutorial, * changed · problems train.jsonl* · items 1200* · lr 3e-4*"
        await until(pilot, lambda: changed in shown(app))
        await pilot.press("space")
        await until(pilot, lambda: bool(engine.trained_with))
        assert engine.trained_with == [TrainSettings("train.jsonl", 1200, 3e-4)]


REFUSED = [
    ("items", "0", "at least 1 item"),
    ("items", "many", "items takes a whole number"),
    ("lr", "-1", "must be above 0"),
    ("lr", "nan", "The learning rate takes a number"),
    ("lr", "fast", "The learning rate takes a number"),
    ("seed", "-3", "must be 0 or more"),
    ("problems", "  ", "Name the problems"),
    ("batch", "0", "batch must be 1 or more"),
    ("pack", "8", "at least 16 tokens"),
    ("weight_decay", "some", "weight decay takes a number such as 0.1, or torch"),
]


async def test_settings_that_cannot_be_used_are_refused_and_nothing_is_lost() -> None:
    async with with_engine(FakeEngine()) as (app, pilot):
        await pilot.press("enter")
        form = form_of(app)
        form.put("seed", "7")
        for name, value, sentence in REFUSED:
            good = typed(form, name)
            form.put(name, value)
            app.simulate_key("enter")
            await until(pilot, lambda sentence: sentence in shown(app), sentence)
            assert app.screen is form
            assert typed(form, name) == value
            form.put(name, good)
        assert typed(form, "seed") == "7"
        await pilot.press("escape")
        assert gsm8k(app).settings == TrainSettings()
        await pilot.press("enter", "ctrl+r")
        await until(pilot, lambda: typed(app.screen, "pack") == str(TUNED.pack))
        form_of(app).put("items", "9")
        await pilot.press("enter")
        await until(pilot, lambda: "tuned, * changed · items 9*" in shown(app))
        assert gsm8k(app).settings == replace(TUNED, items=9)
        await pilot.press("enter")
        await until(pilot, lambda: "tuned, * 1 changed" in shown(app))
        await pilot.press("ctrl+r", "ctrl+r", "ctrl+r")
        await until(pilot, lambda: typed(app.screen, "pack") == "0")


async def test_what_a_preset_took_the_place_of_can_be_had_back() -> None:
    async with with_engine(FakeEngine()) as (app, pilot):
        await pilot.press("enter")
        form_of(app).put("items", "9")
        form_of(app).put("lr", "bad")
        await until(pilot, lambda: "tutorial, * 2 changed" in shown(app))
        await pilot.press("ctrl+z")  # there is nothing to take back
        await pilot.press("ctrl+r", "ctrl+r")
        await until(pilot, lambda: "ctrl+z undo · ctrl+r tuned-cuda" in shown(app))
        assert typed(app.screen, "items") == "500"
        await pilot.press("ctrl+z")
        await until(pilot, lambda: typed(app.screen, "items") == "9")
        assert typed(app.screen, "lr") == "bad"
        await until(pilot, lambda: "ctrl+z" not in shown(app))


async def test_presets_by_key_go_round() -> None:
    async with with_engine(FakeEngine()) as (app, pilot):
        gsm8k(app).settings = TrainSettings("a.jsonl", 3, 0.5, "SGD", 9)
        await pilot.press("enter")
        names = "tutorial", "tuned", "tuned-cuda", "tutorial"
        for name, differs in zip(names, (True, False, False, False), strict=True):
            await until(pilot, lambda name: f"ctrl+r {name} ─" in shown(app), name)
            assert ("tutorial, * 5 changed" in shown(app)) is differs
            await pilot.press("ctrl+r")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is gsm8k(app))
        assert gsm8k(app).settings == TrainSettings()


async def test_settings_changed_during_a_run_are_for_the_next() -> None:
    engine = FakeEngine(gated=True)
    async with with_engine(engine) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.RUNNING)
        await pilot.press("enter")
        form_of(app).put("items", "9")
        await pilot.press("enter")
        await until(pilot, lambda: "take effect with the next run" in shown(app))
        assert "items 500" in shown(app)
        engine.gate.release(4)
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        await until(pilot, lambda: "items 9*" in shown(app))


def test_a_long_path_shows_its_end() -> None:
    settings = TrainSettings("/home/someone/a/long/way/down/to/gsm8k/train.jsonl", items=20)
    line = describe_settings(settings)
    assert "to/gsm8k/train.jsonl* · items 20* · lr" in line


# The learning rate of a run


@pytest.mark.parametrize("told", ["lr 3e-4* (1e-5 now)", "lr 3e-4* → 1e-3"])
def test_a_learning_rate_that_changes_is_told_in_the_shortest_line(told: str) -> None:
    changed = TrainSettings("/somewhere/train.jsonl", items=20, lr=3e-4)
    now, asked = (1e-5, None) if "now" in told else (None, 1e-3)
    line = settings_line(describe_settings(changed, now, asked), len(told) + len(" · …")).plain
    assert line == f"{told} · …"


async def test_a_learning_rate_that_was_changed_in_a_pause_is_told_at_80_columns() -> None:
    engine = FakeEngine([2.0] * 9, gated=True)
    async with with_engine(engine) as (app, pilot):
        await pilot.press("full_stop")
        engine.gate.release(1)
        await until(pilot, lambda: step_of(app) == 1)
        await pilot.press(*["right_square_bracket"] * 4)
        await until(pilot, lambda: "lr 2e-4* (1e-5 now)" in shown(app))


async def test_learning_rate_of_a_run_by_key_and_typed() -> None:
    engine = FakeEngine([2.0] * 9, gated=True)
    async with with_engine(engine) as (app, pilot):
        await pilot.press("right_square_bracket", "l")
        await until(pilot, lambda: "No run is going" in shown(app))
        app.clear_notifications()  # which lie over what is changed
        await pilot.press("full_stop")
        engine.gate.release(1)
        await until(pilot, lambda: step_of(app) == 1)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "lr 2e-5*" in shown(app))
        assert engine.training_lr() == 2e-5
        await pilot.press("left_square_bracket", "left_square_bracket")
        await until(pilot, lambda: engine.training_lr() == 5e-6)
        await pilot.press("l")
        app.screen.query_one(Input).value = "-3"
        await pilot.press("enter")
        await until(pilot, lambda: "must be above 0" in shown(app))
        app.screen.query_one(Input).value = "3e-4"
        await pilot.press("enter")
        await until(pilot, lambda: "lr 3e-4*" in shown(app))
        engine.gate.release(1)
        await pilot.press("full_stop")
        await until(pilot, lambda: step_of(app) == 2)
        assert present(gsm8k(app).report).lr == 3e-4
        assert gsm8k(app).settings == TrainSettings()  # of the next run


# Failures


async def test_failed_loop_keeps_its_sentence_and_the_chart() -> None:
    engine = FakeEngine([3.0, 2.0, InputError("Item 3 has no answer: mend the file.")])
    async with with_engine(engine) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.FAILED)
        await until(pilot, lambda: "✗ stopped by a failure" in shown(app))
        app.clear_notifications()
        await until(pilot, lambda: shown(app).count("Item 3 has no answer") == 1)
        assert losses_on_chart(gsm8k(app)) == [3.0, 2.0]
        await pilot.press("4", "5")
        assert "Item 3 has no answer" in shown(app)


async def test_error_in_the_loop_is_a_dialog_and_the_app_lives_on() -> None:
    engine = FakeEngine([3.0, RuntimeError("weights [/bold] of \x1b[31mclay")])
    async with with_engine(engine) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.FAILED)
        await until(pilot, lambda: app.screen is not gsm8k(app))
        await pilot.press("escape")
        await until(pilot, lambda: "weights [/bold] of ␛[31mclay" in shown(app))
        assert losses_on_chart(gsm8k(app)) == [3.0]
        await pilot.press("4")
        assert isinstance(app.screen, StepScreen)


async def test_run_that_cannot_begin_says_why_and_keeps_the_last_one() -> None:
    engine = FakeEngine([3.0, 2.0])
    async with with_engine(engine) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        engine._refuse = InputError("Line 7 of train.jsonl is no JSON.")
        await pilot.press("space")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("k")
        await until(pilot, lambda: "Line 7 of train.jsonl is no JSON." in shown(app))
        assert losses_on_chart(gsm8k(app)) == [3.0, 2.0]


# What is drawn


async def test_draws_are_bounded_however_many_steps_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = FakeEngine([2.0] * 10_000)
    async with with_engine(engine) as (app, pilot):
        chart, items = gsm8k(app).query_one(LossChart), gsm8k(app).query_one(TokenLosses)
        shows: list[int] = []
        changes: list[object] = []
        show = items.show

        def shown_too(texts: tuple[str, ...], losses: tuple[float | None, ...]) -> None:
            shows.append(1)
            show(texts, losses)

        monkeypatch.setattr(items, "show", shown_too)
        for changed in (app.session.loop_changed, app.session.status_changed):
            changed.subscribe(app, changes.append)
        loop = asyncio.get_running_loop()
        began, draws = loop.time(), chart.draws
        app.simulate_key("space")
        await until(pilot, lambda: step_of(app) == 10_000)
        seconds = loop.time() - began
        assert chart.draws - draws <= seconds / REDRAW_SECONDS + 3
        # Two more: the key that begins it, and the first of what is drawn at a rate.
        assert len(shows) <= seconds / SHOW_SECONDS + len(changes) + 2
        assert sum(isinstance(change, LoopChanged) for change in changes) < 8
        await until(pilot, lambda: "10,000/10,000 100%" in shown(app))


async def test_loop_goes_on_behind_other_screens_and_nothing_is_drawn() -> None:
    engine = FakeEngine([float(n) for n in range(1, 31)], gated=True)
    async with with_engine(engine) as (app, pilot):
        screen = gsm8k(app)
        await pilot.press("space")
        engine.gate.release(1)
        await until(pilot, lambda: step_of(app) == 1)
        await pilot.press("4")
        assert isinstance(app.screen, StepScreen)
        await pilot.pause()
        draws = screen.query_one(LossChart).draws
        engine.gate.release(28)
        await until(pilot, lambda: present(screen.report).step == 29)
        await until(pilot, lambda: "GSM8K running" in shown(app))
        assert screen.query_one(LossChart).draws == draws
        await pilot.press("5")
        await until(pilot, lambda: "29/30" in shown(app))
        await until(pilot, lambda: screen.query_one(LossChart).draws > draws)
        assert losses_on_chart(screen) == [float(n) for n in range(1, 30)]
        engine.gate.release(1)


async def test_item_shows_its_tokens_and_whether_it_was_cut() -> None:
    item = ("Question", " [/foo]", "[bold]", "\x1b]52;c;x\x07", "\u202eevil", "\n", "4")
    engine = FakeEngine(
        [2.0, 2.0],
        gated=True,
        item=item,
        change=lambda report: replace(
            report,
            truncated=int(report.step == 1),
            item=replace(report.item, truncated=report.step == 1),
        ),
    )
    async with with_engine(engine) as (app, pilot):
        await pilot.press("space")
        engine.gate.release(1)
        await until(pilot, lambda: "item 0, 7 tokens" in shown(app))
        text = shown(app)
        assert "Question [/foo][bold]␛]52;c;x␇⟨202E⟩evil⏎" in text
        assert "\x1b" not in text
        assert "7 tokens, cut to the model's context" in text
        engine.gate.release(1)
        await until(pilot, lambda: "1 item so far was cut" in shown(app))


async def test_item_tells_question_and_answer_apart_and_shift_v_shows_best_and_worst() -> None:
    async with with_engine(FakeEngine()) as (app, pilot):
        await pilot.press("V", "V", "V", "full_stop")
        # Losses of 0.25, 0.5, ... and the last of ten tokens is the answer
        apart = "10 tokens · question 1.1250 · answer 2.2500"
        await until(pilot, lambda: f"item 0, {apart}" in shown(app))
        await pilot.press("V")
        await until(pilot, lambda: f"best so far: item 1,000, {apart}" in shown(app))
        await pilot.press("V")
        await until(pilot, lambda: f"worst so far: item 2,000, {apart}" in shown(app))
        await pilot.press("V")
        await until(pilot, lambda: f" item 0, {apart}" in shown(app))


async def test_log_axis_by_key() -> None:
    async with with_engine(FakeEngine()) as (app, pilot):
        await pilot.press("space")
        chart = gsm8k(app).query_one(LossChart)
        await until(pilot, lambda: "┤" in shown(app))
        assert chart.size.height >= 10  # eight and its axis, at 80x24
        await pilot.press("y")
        assert chart.log_axis
        await until(pilot, lambda: "log axis" in shown(app))
        await pilot.press("y")
        await until(pilot, lambda: "log axis" not in shown(app))


async def test_help_names_every_key() -> None:
    async with with_engine(FakeEngine(), size=(100, 60)) as (app, pilot):
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpDialog)
        text = sheet(app)
        for words in ("Start, pause, go on", "One step", "Stop the run", "Settings", "Logarithmic"):
            assert words in text


@pytest.mark.long
async def test_any_size() -> None:
    async with with_engine(FakeEngine([3.0, 2.0, 1.0, 0.5, 0.25]), size=(1, 1)) as (app, pilot):
        for step, size in enumerate([(1, 1), (5, 3), (20, 8), (40, 12), (250, 70)], start=1):
            await pilot.resize_terminal(*size)
            app.simulate_key("full_stop")
            await until(pilot, lambda step: step_of(app) == step, step)
        await until(pilot, lambda: "5/5" in shown(app))
        await pilot.resize_terminal(1, 1)
        app.simulate_key("space")
        await until(pilot, lambda: state(app) is LoopState.FINISHED)


# The real loop


def notebook_losses(items: int) -> list[float]:
    """The notebook's loop, written out."""
    model = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    losses = []
    model.train()
    for problem in load_problems("builtin", limit=items, seed=0):
        input_ids = tokenizer(format_problem(problem), return_tensors="pt").input_ids
        loss = F.cross_entropy(model(input_ids).logits[0, :-1], input_ids[0, 1:])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


async def test_losses_on_screen_are_those_of_the_notebooks_loop() -> None:
    async with running(*OPEN) as (app, pilot):
        gsm8k(app).settings = TrainSettings(items=10)
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        expected = notebook_losses(10)
        assert losses_on_chart(gsm8k(app)) == pytest.approx(expected, rel=1e-5)
        await until(pilot, lambda: f"loss {expected[-1]:>7.4f}" in shown(app))
        assert "Question:" in shown(app)


# Arithmetic


def test_clock_counts_the_last_ten_seconds_of_training() -> None:
    clock = RunClock()
    assert clock.seconds_left(5) is None
    for _ in range(100):
        clock.step(1.0, 50)
    for _ in range(40):
        clock.step(0.25, 200)
    assert clock.steps_per_second == pytest.approx(4.0)
    assert clock.tokens_per_second == pytest.approx(800.0)
    assert clock.seconds == pytest.approx(110.0)
    assert clock.tokens == 13_000
    assert clock.seconds_left(20) == pytest.approx(5.0)


def test_durations_and_rates_keep_their_width() -> None:
    assert [duration(s) for s in (0, 59.6, 61, 3599)] == ["  0:00", "  1:00", "  1:01", " 59:59"]
    assert duration(3725) == "1:02:05"
    rates = [rate(r) for r in (0, 0.0042, 0.13, 2.345, 98.76, 12_345)]
    assert rates == ["  0.00", "0.0042", "  0.13", "  2.35", "  98.8", "12,345"]
