"""`ctrl+s`: what is on show becomes a file, and no file is overwritten in silence."""

import importlib.util
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from textual.widgets import Input, Static

from tests.fake_engine import FakeEngine
from tests.known import the
from tests.pilot import running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.runs.png import PngChart
from tui_trainer.screens.dialogs import save_view
from tui_trainer.screens.dialogs.entry import Entry
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.dialogs.save_view import chart_in_hand
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.png import png_of
from tui_trainer.widgets.chart.run_wall import RunWall
from tui_trainer.widgets.refusal import Refusal


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def is_asking(app: TuiTrainer) -> bool:
    return isinstance(app.screen, Entry) and bool(app.screen.query(Input))


def is_told(app: TuiTrainer, says: str) -> bool:
    return says in str(app.screen.query_one(Refusal).content)


def name_as(app: TuiTrainer, name: str) -> None:
    app.screen.query_one(Input).value = name


async def test_the_text_is_that_of_the_screens_rows(here: Path) -> None:
    """From a text box as from anywhere; without the dialog that asks for the file."""
    async with running(engine=lambda _: FakeEngine()) as (app, pilot):
        await until(pilot, lambda: "Do now" in shown(app))
        before = [line.rstrip() for line in shown(app).splitlines()]
        await pilot.press("ctrl+s")
        await until(pilot, is_asking, app)
        await pilot.press("ctrl+s")  # once more asks for nothing
        await pilot.press("enter")
        await until(pilot, (here / "tokens.txt").exists)
        assert (here / "tokens.txt").read_text().splitlines()[:10] == before[:10]
        assert len(app.screen_stack) == 1


async def test_the_picture_is_an_svg(here: Path) -> None:
    async with running("escape", engine=lambda _: FakeEngine()) as (app, pilot):
        await pilot.press("ctrl+s")
        await until(pilot, is_asking, app)
        name_as(app, "looks.svg")
        await pilot.press("enter")
        await until(pilot, (here / "looks.svg").exists)
        assert ElementTree.parse(here / "looks.svg").getroot().tag.endswith("svg")


def question(app: TuiTrainer) -> str:
    words = app.screen.query(Static)  # none in a dialog that is being opened
    return str(words.first().content) if is_asking(app) and words else ""


async def test_the_chart_in_hand_is_a_png_of_its_numbers(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[PngChart] = []

    def see(chart: Chart) -> PngChart:
        drawn.append(png_of(chart))
        return drawn[-1]

    monkeypatch.setattr(save_view, "png_of", see)
    engine = FakeEngine([4.0, 3.0, 2.0])
    async with running("escape", "5", engine=lambda _: engine, size=(120, 40)) as (app, pilot):
        await pilot.press("ctrl+s")
        await until(pilot, is_asking, app)
        assert ".png" not in question(app)  # there is no curve yet
        await pilot.press("escape", "space")
        await until(pilot, lambda: "Finished: 3 of 3" in shown(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: ".png the chart loss (nats)" in question(app))
        name_as(app, "loss.png")
        await pilot.press("enter")
        await until(pilot, (here / "loss.png").exists)
        with Image.open(here / "loss.png") as picture:
            picture.load()
            assert (picture.format, picture.size) == ("PNG", (1350, 750))
        assert drawn[0].curves[0].points == ((1, 4.0), (2, 3.0), (3, 2.0))
        await pilot.press("tab")
        await until(pilot, lambda: app.screen.query_one(RunWall).in_hand.title == "lr")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: ".png the chart lr" in question(app))


async def test_without_what_draws_a_png_it_is_said_how_to_get_it(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    async with running("escape", "3", engine=lambda _: FakeEngine()) as (app, pilot):
        await until(pilot, lambda: chart_in_hand(the(WorkScreen, app.screen)) is not None)
        await pilot.press("ctrl+s")
        await until(pilot, is_asking, app)
        name_as(app, "a.png")
        await pilot.press("enter")
        await until(pilot, is_told, app, "pip install")


async def test_nothing_is_overwritten_in_silence_and_no_other_file_is_made(here: Path) -> None:
    (here / "tokens.txt").write_text("mine")
    (here / "folder.txt").mkdir()
    async with running("escape", engine=lambda _: FakeEngine()) as (app, pilot):
        await pilot.press("ctrl+s")
        await until(pilot, is_asking, app)
        assert app.screen.query_one(Input).value == "tokens-2.txt"
        assert f"without a directory is in {here}." in question(app)
        for name, says in (
            ("tokens.doc", "ends with .txt or .svg"),
            ("tokens", "ends with .txt or .svg"),
            ("nowhere/tokens.txt", "There is no folder"),
            ("folder.txt", "is a folder"),
        ):
            name_as(app, name)
            await pilot.press("enter")
            await until(pilot, is_told, app, says)
        name_as(app, "tokens.txt")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await until(pilot, lambda: "▲ Overwrite it?" in shown(app))
        await pilot.press("n")
        await until(pilot, is_asking, app)
        assert (here / "tokens.txt").read_text() == "mine"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("o")
        await until(pilot, lambda: (here / "tokens.txt").read_text() != "mine")
    assert sorted(path.name for path in here.iterdir()) == ["folder.txt", "tokens.txt"]
