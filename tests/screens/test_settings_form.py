"""The form of settings: presets, groups, choosers, search, what differs, and the command line."""

import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.widgets import Static

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.forms import form_of, typed
from tests.known import the
from tests.pilot import running, shown, type_at_once, until
from tui_trainer.app import TuiTrainer
from tui_trainer.configuration.layers import Configuration
from tui_trainer.reports.loop import LoopCost, MemoryEstimate
from tui_trainer.screens.dialogs.setting_rows import NAME, SettingRows
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.screens.gsm8k.settings import loop_form
from tui_trainer.settings.presets import TUTORIAL
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.settings import describe_field

FORM = loop_form(Configuration())


@asynccontextmanager
async def form(
    *keys: str, size: tuple[int, int] = (80, 24), engine: FakeEngine | None = None
) -> AsyncIterator[tuple[SettingsForm[TrainSettings], TuiTrainer, Pilot[int]]]:
    """The form of GSM8K over its screen."""
    made = engine or FakeEngine()
    async with running("escape", "5", size=size, engine=lambda _: made) as (app, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SettingsForm))
        await pilot.press(*keys)
        yield the(SettingsForm, app.screen), app, pilot


def here(app: TuiTrainer) -> str:
    return form_of(app).here


def fields_on_show(screen: SettingsForm[TrainSettings]) -> list[str]:
    return [row.field.name for row in screen.query_one(SettingRows).shown]


async def test_every_setting_is_reached_by_down_and_told_where_the_cursor_is() -> None:
    async with form() as (_, app, pilot):
        assert here(app) == "search"
        for group, fields in FORM.groups.items():
            for field in fields:
                await pilot.press("down")
                assert here(app) == field.name
                await until(pilot, lambda group: f"── {group} ──" in shown(app), group)
                text = shown(app)
                for line in describe_field(field, "tutorial", field.typed(TUTORIAL))[:3]:
                    assert line in text
                    assert len(line) <= 76
                assert all(option in text for option in field.options)
                assert "escape goes back" in text
        await pilot.press("pageup")
        assert here(app) == "checkpoint_every"
        await pilot.press("up", "pagedown", "down")
        assert here(app) == "checkpoint_at_end"


async def test_a_choice_is_made_by_arrows_and_by_letters_and_seen_without_the_cursor() -> None:
    async with form() as (screen, app, pilot):
        await until(pilot, lambda: "[right] left" in shown(app))
        screen.go("padding")
        await pilot.press("right")
        await until(pilot, lambda: " right [left]" in shown(app))
        assert re.search(r"\* padding +right \[left\] +right", shown(app))
        screen.go("answer_only")
        await pilot.press("y")
        assert typed(screen, "answer_only") == "yes"
        await pilot.press("n")
        await until(pilot, lambda: "* answer only" not in shown(app))
        await pilot.press("y", "enter")
        await until(pilot, lambda: app.screen is not screen)
        assert "answer only yes*" in shown(app)


async def test_what_is_out_of_range_is_told_at_the_field_as_it_is_typed() -> None:
    async with form("down", "down") as (screen, app, pilot):
        assert here(app) == "items"
        await pilot.press("end", "backspace", "backspace", "backspace", "0")
        await until(pilot, lambda: "▲ 1 or more" in shown(app))
        assert "▲ The loop needs at least 1 item, not 0." in shown(app)
        assert "There is no command line" in shown(app)
        assert screen.command == ""
        await pilot.press("ctrl+f", *"seed", "enter", "enter")  # it goes to what is refused
        assert here(app) == "items"
        await pilot.press("end", "backspace", "4", "2")
        await until(pilot, lambda: re.search(r"\* items +42 +500", shown(app)))
        assert "▲" not in shown(app)


async def test_what_was_refused_is_told_no_more_once_a_preset_took_its_place() -> None:
    async with form("down", "down") as (_, app, pilot):
        await pilot.press("end", "backspace", "backspace", "backspace", "0")
        await until(pilot, lambda: "▲ The loop needs at least 1 item, not 0." in shown(app))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: re.search(r"items +500 +500", shown(app)))
        await until(pilot, lambda: "The loop needs" not in shown(app))
        await pilot.press("ctrl+z")  # which brings back what was typed, and why it is refused
        await until(pilot, lambda: "▲ The loop needs at least 1 item, not 0." in shown(app))


async def test_the_search_shows_what_has_its_words_in_name_meaning_or_choices() -> None:
    async with form() as (screen, app, pilot):
        for typed, found in (
            ("sgd", ["optimizer", "weight_decay"]),
            ("dropout", ["seed"]),
            ("schedule", ["lr", "schedule", "warmup"]),
            ("packed row", ["item_attention"]),
            ("xyz", []),
        ):
            await pilot.press(*(key if key != " " else "space" for key in typed))
            await until(pilot, lambda found: fields_on_show(screen) == found, found)
            await pilot.press("escape")
            await until(pilot, lambda: len(fields_on_show(screen)) == len(FORM.fields))
        await pilot.press(*"warm", "enter")
        assert here(app) == "warmup"
        await pilot.press("3", "escape", "escape")
        assert app.screen is not screen


async def test_a_preset_fills_the_form() -> None:
    async with form("up") as (screen, app, pilot):
        assert here(app) == "preset"
        await pilot.press("right")
        await until(pilot, lambda: typed(screen, "schedule") == "cosine")
        assert "[tuned]" in shown(app)
        assert "changed" not in shown(app)
        screen.put("warmup", "9")
        await until(pilot, lambda: "tuned, * 1 changed" in shown(app))
        await pilot.press("space", "enter")
        await until(pilot, lambda: app.screen is not screen)
        assert "tuned · problems" in shown(app)


async def test_one_key_copies_the_same_as_a_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")
    async with form("down", "down", "7") as (screen, app, pilot):
        line = "tui-trainer gsm8k --items 7"
        await until(pilot, lambda: f"$ {line}" in shown(app))
        await pilot.press("ctrl+y")
        assert app.clipboard == screen.command == line


class Slow(FakeEngine):
    """It reckons once a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.may_reckon = threading.Semaphore(0)
        self.reckoned: list[int] = []
        self.pace: float | None = 1000.0

    def loop_cost(self, settings: TrainSettings) -> LoopCost:
        assert self.may_reckon.acquire(timeout=30)
        self.reckoned.append(settings.items)
        return super().loop_cost(settings)


async def test_what_it_costs_is_told_as_it_is_typed_and_no_key_waits_for_it() -> None:
    engine = Slow()
    cost = "memory 0.31 of 7.9 GB · {} · about {} at 1,000 tok/s"
    async with form("down", "down", engine=engine) as (screen, app, pilot):
        await until(pilot, lambda: app.worker.doing is not None)  # what was there at first
        await pilot.press("9")
        await until(pilot, lambda: re.search(r"\* items +9 +500", shown(app)))
        assert "about" not in shown(app)
        await pilot.press("0", "0")
        await until(pilot, lambda: screen.command.endswith("gsm8k --items 900"))
        engine.may_reckon.release(9)
        told = cost.format("900 steps · 90K tokens", "1:30")
        await until(pilot, lambda: told in shown(app))
        assert set(engine.reckoned) <= {500, 900}
        engine.pace = None
        await pilot.press("backspace", "backspace")
        await until(pilot, lambda: "9 steps · 900 tokens · time not known before" in shown(app))
        engine.update_seconds = 0.8
        await pilot.press("0")
        await until(pilot, lambda: "90 steps · 9K tokens · at least 1:12, at the" in shown(app))


class Full(FakeEngine):
    def memory_estimate(self) -> MemoryEstimate:
        return MemoryEstimate(9_000_000_000, 7_900_000_000)


async def test_memory_that_is_not_there_is_marked() -> None:
    async with form(engine=Full()) as (_, app, pilot):
        await until(pilot, lambda: "▲ memory 9.0 of 7.9 GB" in shown(app))


@pytest.mark.parametrize(
    ("size", "columns"),
    [
        ((80, 24), 1),
        ((120, 40), 2),
        pytest.param((40, 12), 1, marks=pytest.mark.long),
        pytest.param((200, 60), 2, marks=pytest.mark.long),
    ],
)
async def test_it_is_as_high_as_its_fields_in_one_column_or_two(
    size: tuple[int, int], columns: int
) -> None:
    async with form(size=size) as (screen, app, pilot):
        await until(pilot, lambda: "escape goes back" in " ".join(shown(app).split()))
        rows = screen.query_one(SettingRows)
        assert len({rows.region_of(row).x for row in rows.shown}) == columns
        scrolled, meaning = screen.query_one("VerticalScroll"), screen.query_one("#meaning", Static)
        if columns == 2:
            assert rows.region.bottom == scrolled.region.bottom == meaning.region.y


async def test_a_form_of_thirty_settings_is_a_handful_of_widgets() -> None:
    """Each widget costs 5 ms of a core when a form opens: two for each setting took 0.6 s."""
    async with form(size=(120, 40)) as (screen, _, _):
        assert len(fields_on_show(screen)) >= 25
        assert len(list(screen.walk_children())) <= 20


async def test_what_is_typed_goes_to_the_setting_that_was_in_hand() -> None:
    """All keys in one read, as a terminal sends them over a slow line."""
    async with form() as (screen, app, pilot):
        type_at_once(app, "\x1b[B\x1b[Bx\x7f12\x1b[B\x1b[By\x1b[B7\x1b[A\x1b[A")
        await until(pilot, lambda: here(app) == "end_of_text")
        names = "items", "end_of_text", "answer_only", "epochs"
        assert [typed(screen, name) for name in names] == ["12", "no", "yes", "7"]


async def test_a_click_takes_a_setting_in_hand_and_chooses_its_word() -> None:
    async with form(size=(120, 40)) as (screen, app, pilot):
        rows = screen.query_one(SettingRows)
        at = {row.field.name: rows.region_of(row) for row in rows.shown}
        await pilot.click(SettingRows, offset=at["schedule"].offset + Offset(NAME + 13))
        await until(pilot, lambda: typed(screen, "schedule") == "linear")
        assert here(app) == "schedule"
        await pilot.click(SettingRows, offset=at["items"].offset + Offset(NAME))
        await until(pilot, lambda: here(app) == "items")
        await pilot.press("8")
        await until(pilot, lambda: "--items 8" in screen.command)
        await pilot.click("#search")
        await until(pilot, lambda: here(app) == "search")


async def test_a_search_that_finds_nothing_says_so_and_enter_takes_nothing() -> None:
    async with form(size=(120, 40)) as (screen, app, pilot):
        await until(pilot, lambda: "ctrl+y copies  $" in shown(app))
        before = screen.query_one(Panel).region
        await pilot.press(*"zebra", "enter")
        await until(pilot, lambda: "▲ No setting has these words" in shown(app))
        assert app.screen is screen
        assert screen.query_one(Panel).region == before
        await pilot.press("escape")
        await until(pilot, lambda: len(fields_on_show(screen)) == len(FORM.fields))
        assert screen.query_one(Panel).region == before


async def test_what_stands_beside_the_values_has_the_presets_name_over_it() -> None:
    async with form() as (_, app, pilot):
        line, below = re.compile("── data ─+ tutorial ─+"), re.compile(" items +500 +500")
        await until(pilot, lambda: line.search(shown(app)) and below.search(shown(app)))
        rows = shown(app).splitlines()
        head = next(row for row in rows if "── data" in row)
        value = next(row for row in rows if " items" in row)
        assert head.index("tutorial") == value.rindex("500")
        await pilot.press("up", "right")
        await until(pilot, lambda: re.search("── data ─+ tuned ─+", shown(app)))


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40)))
async def test_what_stands_beside_a_short_text_is_in_the_column_of_the_others(
    size: tuple[int, int],
) -> None:
    async with form(size=size) as (screen, app, pilot):
        await until(pilot, lambda: "problems" in shown(app))
        rows = shown(app).splitlines()
        found = [
            match.start(1)
            for name, value in (("problems", "builtin"), ("items", "500"))
            for row in rows
            if (match := re.search(rf" {name} +{value} +({value})", row))
        ]
        assert len(found) == 2
        assert found[0] == found[1]
        screen.put("problems", "a/long/path/of/the/course/train.jsonl")
        await until(pilot, lambda: "course/train.jsonl" in shown(app) or size[0] == 120)


async def test_what_is_pasted_is_told_for_what_it_is() -> None:
    async with form("down") as (_, app, pilot):
        await pilot.press("ctrl+u")
        await until(pilot, lambda: "▲ a name" in shown(app))
        paste = "[/bold] \x1b]52;c;x\x07" + "很" * 300
        assert app.focused is not None
        app.focused.post_message(events.Paste(paste))
        await until(pilot, lambda: "很很" in shown(app))
        assert "\x1b" not in shown(app)
        await pilot.press("down", "ctrl+u", *"1_0")
        await until(pilot, lambda: "▲ items takes a whole number, not '1_0'." in shown(app))
