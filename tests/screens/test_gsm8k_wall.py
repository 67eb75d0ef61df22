"""The wall of charts of GSM8K: which are on show, which is in hand, what they read together."""

import re
from dataclasses import replace

import pytest

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.known import present, the
from tests.pilot import Running, running, shown, until
from tests.runs_on_disk import MODEL, write_run
from tests.screens.test_evaluation import AFTER, BEFORE, evaluated_twice
from tui_trainer.app import TuiTrainer
from tui_trainer.runs.past import Past
from tui_trainer.runs.series import Series
from tui_trainer.runs.step_numbers import MOST
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.screens.gsm8k.run_panel import (
    best_of,
    describe_kept,
    describe_pace,
    settings_line,
)
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.session.saved_run import SavedRun
from tui_trainer.settings.train import TrainSettings
from tui_trainer.words.numbers import nats


def with_engine(engine: FakeEngine, size: tuple[int, int] = (120, 40)) -> Running:
    return running("escape", "5", engine=lambda _: engine, size=size)


def screen_of(app: TuiTrainer) -> Gsm8kScreen:
    return the(Gsm8kScreen, app.screen_stack[0])


def on_show(app: TuiTrainer) -> list[str]:
    """The titles of the charts that can be seen."""
    return [panel.chart.title for panel in screen_of(app).wall.panels if panel.region]


async def test_at_120_columns_all_are_on_show_and_enter_makes_one_large() -> None:
    async with with_engine(FakeEngine([4.0, 3.0, 2.0])) as (app, pilot):
        wall = screen_of(app).wall
        assert on_show(app) == [
            "loss (nats)"
        ]  # before a run there is nothing that the others could show
        await pilot.press("space")
        everything = [
            "loss (nats)",
            "lr",
            "grad norm",
            "tokens/s",
            "memory (GB)",
            "seconds",
            "tokens",
        ]
        await until(pilot, lambda: on_show(app) == everything)
        await pilot.press("tab")
        await until(pilot, lambda: app.focused is wall.in_hand.chart)
        assert wall.in_hand.title == "lr"
        small = wall.in_hand.chart.size
        await pilot.press("enter")
        await until(pilot, lambda: on_show(app) == ["lr"])
        assert wall.in_hand.chart.size.width > 2 * small.width
        await pilot.press("tab")
        await until(pilot, lambda: on_show(app) == ["grad norm"])
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is None)
        await pilot.press("escape")
        await until(pilot, lambda: on_show(app) == everything)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SettingsForm))


async def test_at_80_columns_one_is_on_show_and_tab_goes_on_to_the_next() -> None:
    async with with_engine(FakeEngine([4.0, 3.0, 2.0]), (80, 24)) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: "Finished: 3 of 3" in shown(app))
        assert on_show(app) == ["loss (nats)"]
        for title in ("lr", "grad norm", "tokens/s", "memory (GB)"):
            await pilot.press("tab")
            await until(pilot, lambda title: on_show(app) == [title], title)
        await pilot.press(*("shift+tab",) * 4)
        await until(pilot, lambda: on_show(app) == ["loss (nats)"])


async def test_one_crosshair_reads_all_of_them() -> None:
    async with with_engine(FakeEngine([4.0, 3.0, 2.0])) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: "Finished: 3 of 3" in shown(app))
        await pilot.press("left", "left")
        await until(pilot, lambda: "step 2  loss 3.0000  avg 3.4872" in shown(app))
        figures = {str(panel.title): str(panel.figure) for panel in screen_of(app).wall.panels}
        del figures["loss (nats)"], figures["val"]
        told = {"lr": "1e-5", "tokens/s": "100", "memory (GB)": "0.12", "seconds": "0.1"}
        assert figures == told | {"tokens": "10", "positions": "10", "grad norm": "2"}
        await pilot.press("plus")
        views = {panel.chart.view for panel in screen_of(app).wall.panels}
        assert len(views) == 1
        await pilot.press("escape")
        await until(pilot, lambda: "step 2 " not in shown(app))


async def test_the_norm_of_the_gradients_and_how_many_steps_were_clipped_are_told() -> None:
    async with with_engine(FakeEngine([4.0, 3.0, 2.0])) as (app, pilot):
        screen_of(app).settings = TrainSettings(clip=1.5)
        await pilot.press("space")
        await until(pilot, lambda: "clipped to norm 1.5: 3 of 3 steps" in shown(app))
        await until(pilot, lambda: "; 3 steps clipped." in " ".join(shown(app).split()))
        await pilot.resize_terminal(109, 33)  # without the wall
        await until(pilot, lambda: "  grad  2.0000" in shown(app))


async def test_validation_has_a_chart_where_the_settings_ask_for_it() -> None:
    async with with_engine(FakeEngine()) as (app, pilot):
        screen = screen_of(app)
        screen.settings = TrainSettings(validation_items=8)
        screen._show_all()
        await until(pilot, lambda: "val" in on_show(app))
        screen.settings = TrainSettings()
        screen._show_all()
        await until(pilot, lambda: "val" not in on_show(app))


async def test_a_number_that_nobody_knows_of_has_a_chart_by_itself() -> None:
    async with with_engine(FakeEngine()) as (app, pilot):
        past = Past(numbers={"spread": Series()})
        past.numbers["spread"].append(1, 2.5)
        screen_of(app).wall.clear(past)
        await until(pilot, lambda: on_show(app)[-1] == "spread")
        screen_of(app).wall.redraw()
        await until(pilot, lambda: "spread  2.5" in shown(app))


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40), (200, 60)))
async def test_before_a_run_the_first_item_and_no_losses_are_on_show(
    size: tuple[int, int],
) -> None:
    async with with_engine(FakeEngine(), size) as (app, pilot):
        await until(pilot, lambda: "item 0, " in shown(app))
        assert "Question:" in shown(app)
        assert "question 1" not in shown(app)
        await until(pilot, lambda: "memory" in shown(app) and "steps ·" in shown(app))


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40)))
async def test_before_a_first_run_here_its_time_is_told_by_the_newest_on_disk(
    size: tuple[int, int],
) -> None:
    identity = replace(MODEL, architecture="FakeForCausalLM", parameters=1_000)
    run = write_run("2026-01-02-builtin-1", model=identity).name
    async with with_engine(FakeEngine(), size) as (app, pilot):
        told = "GB · 500 steps · about 4:10 · saved"
        if size[0] > 80:
            told = f"500 steps · 50K tokens · about 4:10 at the 200 tok/s of {run}"
        left = 72 if size[0] > 80 else 0  # of the facts; the chart is beside them

        def facts() -> str:
            lines = (line[left:] for line in shown(app).splitlines())
            return " ".join(" ".join(lines).replace("│", " ").split())

        await until(pilot, lambda: told in facts())
        assert "not known" not in shown(app)


async def test_what_a_run_costs_is_never_cut_without_a_sign() -> None:
    engine = FakeEngine()
    engine.pace = 1e3
    async with with_engine(engine, (80, 24)) as (app, pilot):
        screen_of(app).settings = TrainSettings(items=7_473_000)
        screen_of(app)._read_first_item()
        await until(pilot, lambda: "7,473,000 steps" in shown(app))
        assert "7,473,000 steps · 747M tokens · about 207:35:00 at" not in shown(app)
        assert "7,473,000 steps · about 207:35:00 " in shown(app)
        await pilot.resize_terminal(40, 24)
        await until(pilot, lambda: re.search(r"· 7,473,000 \w*… *$", shown(app), re.MULTILINE))


async def test_what_happened_is_told_newest_first() -> None:
    engine = FakeEngine([4.0] * 9, gated=True)
    async with with_engine(engine) as (app, pilot):
        await pilot.press("full_stop")
        engine.gate.release()
        await until(pilot, lambda: screen_of(app).report is not None)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: engine.training_lr() == 2e-5)
        engine.gate.release(8)
        await pilot.press("space")
        await until(pilot, lambda: "■ finished" in shown(app))
        lines = [str(line) for line in screen_of(app).beside.happened._told]
        assert "finished" in lines[0]
        assert any("lr 1e-5 → 2e-5 at step 2" in line for line in lines)


async def test_an_evaluation_that_ended_stands_beside_the_run() -> None:
    engine = FakeEngine([4.0, 3.0], answers=[BEFORE, AFTER])
    async with with_engine(engine) as (app, pilot):
        assert not screen_of(app).beside.evaluated.is_on_screen
        await evaluated_twice(app, pilot)
        await pilot.press("escape")
        await until(pilot, lambda: screen_of(app).beside.evaluated.is_on_screen)
        await until(pilot, lambda: "1 → 2: " in shown(app))
        rows = [line for line in shown(app).splitlines() if re.search(r"│ \d: .*├─*●─*┤", line)]
        assert [re.findall(r"(\d): (?:as loaded|\d updates)", row) for row in rows] == [
            ["2"],
            ["1"],
        ]
        told = str(screen_of(app).beside.happened._told[0])
        assert told.endswith("evaluation 2: strict 50.0% of 4")


@pytest.mark.parametrize(
    ("unsaved", "steps", "best", "told"),
    [
        (0, [6, 12], 12, "✓ saved 6, 12 best"),
        (3, [6, 12], 6, "▲ 3 steps unsaved · saved 6 best, 12"),
        (3, [], None, "▲ 3 steps unsaved"),
        (0, [5, 10, 15, 20, 25], 5, "✓ saved 5 best … 10, 15, 20, 25"),
    ],
)
def test_what_of_the_run_is_saved_and_which_is_best(
    unsaved: int, steps: list[int], best: int | None, told: str
) -> None:
    saved = SavedRun("run", 30, 30 - unsaved)
    assert describe_kept(saved, steps, best).plain == told


def test_the_best_checkpoint_is_one_that_was_measured_at_its_step() -> None:
    validation = Series()
    for step, loss in ((0, 3.0), (6, 2.0), (12, 1.0), (18, 0.5)):
        validation.append(step, loss)
    assert best_of(validation, [6, 12, 20]) == 12
    assert best_of(validation, [7]) is None


async def test_numbers_with_hostile_names_have_charts_and_their_count_an_end() -> None:
    names = ["\x1b]52;c;x\x07", "[/bold]", "", "a" * 500, *(f"n{n}" for n in range(100))]
    async with with_engine(FakeEngine()) as (app, pilot):
        past = Past()
        for step in (1, 2):
            past.add_numbers(step, {name: float(step) for name in names})
        assert len(past.numbers) == MOST
        wall = screen_of(app).wall
        wall.clear(past)
        wall.redraw()
        titles = [panel.chart.title for panel in wall.panels]
        assert "␛]52;c;x␇" in titles and "[/bold]" in titles and "(no name)" in titles
        assert max(map(len, titles)) < 40
        await until(pilot, lambda: "␛]52;c;x␇  " in shown(app))
        assert "\x1b" not in shown(app)


async def test_where_there_is_room_the_best_and_the_worst_item_stand_below_the_last() -> None:
    async with with_engine(FakeEngine([4.0, 3.0, 5.0]), (200, 60)) as (app, pilot):
        assert "best so far" not in shown(app)
        await pilot.press("space")
        await until(pilot, lambda: "Finished: 3 of 3" in shown(app))
        await until(pilot, lambda: "best so far" in shown(app) and "worst so far" in shown(app))
        report = present(screen_of(app).report)
        for which, item in (("best", report.best), ("worst", report.worst)):
            found = present(item)
            told = f"{which} so far  item {found.problem:,}  {nats(found.loss)} nats"
            await until(pilot, lambda told: told in shown(app), told)


def test_a_learning_rate_is_a_curve_where_it_is_not_constant() -> None:
    constant, falling = Series(), Series()
    for step in range(1, 40):
        constant.append(step, 1e-5)
        falling.append(step, 1e-5 * (40 - step))
    assert describe_pace(constant, 1532.0).plain == "lr constant so far  1,532 tok/s"
    curve = describe_pace(falling, 1532.0).plain.split()[1]
    assert curve[0] == "▇" and curve[-1] == "▁"


@pytest.mark.parametrize(
    ("room", "told"),
    [
        (40, "tutorial · lr 1e-5 · items 500 · seed 0"),
        (38, "tutorial · lr 1e-5 · items 500 · …"),
        (32, "tutorial · lr 1e-5 · …"),
        (20, "tutorial · …"),
        (3, "tutorial"),
    ],
)
def test_of_the_settings_on_a_line_none_is_cut(room: int, told: str) -> None:
    assert settings_line("tutorial · lr 1e-5 · items 500 · seed 0", room).plain == told
