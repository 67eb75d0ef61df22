"""The forms of Step and Predict: what is typed there is what the keys change, and a command."""

import argparse
import re
import shlex

import pytest

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.forms import form_of, typed
from tests.known import the
from tests.pilot import loaded, running, shown, until
from tests.session.test_start import configured
from tui_trainer.app import TuiTrainer
from tui_trainer.cli import make_parser
from tui_trainer.headless.arguments import model_choice, read_settings
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.screens.predict.screen import PredictScreen
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.cell import cell_settings
from tui_trainer.session.start import Start
from tui_trainer.settings.cell import CellSettings
from tui_trainer.settings.sampling import Sampling
from tui_trainer.widgets.text_box import TextBox
from tui_trainer.words.costs import TOKEN_COST


def is_open(app: TuiTrainer) -> bool:
    return isinstance(app.screen, SettingsForm) and bool(app.screen.query("#search"))


def parsed(line: str) -> argparse.Namespace:
    program, *words = shlex.split(line)
    assert program.endswith("tui-trainer")
    return make_parser().parse_args(words)


STEP = {
    "lr": "3e-5",
    "optimizer": "SGD",
    "training": "no",
    "dropout": "0.25",
    "undo_memory": "500 MB",
}
SAMPLING = {
    "greedy": "no",
    "temperature": "0.7",
    "top_k": "40",
    "top_p": "0.9",
    "seed": "7",
}

TEXTS = "def hello():\n\treturn", "--lr 5", "it's $HOME `x`", "", "é⏎\\n"


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")


async def test_steps_form_has_what_is_set_and_sets_what_is_typed() -> None:
    async with running("escape", "4", "]", engine=lambda _: FakeEngine()) as (app, pilot):
        await until(pilot, lambda: loaded(app).lr == 2e-5)
        await pilot.press("comma")
        await until(pilot, is_open, app)
        assert typed(app.screen, "lr") == "2e-5"
        assert "* lr" in shown(app)
        for name, value in STEP.items():
            form_of(app).put(name, value)
        await until(pilot, lambda: "usual, * 5 changed" in shown(app))
        await pilot.press("enter")
        wanted = CellSettings(3e-5, "SGD", False, 0.25, 500_000_000)
        await until(pilot, lambda: cell_settings(loaded(app)) == wanted)
        await pilot.press("comma")
        await until(pilot, is_open, app)
        await pilot.press("ctrl+r", "enter")
        await until(pilot, lambda: cell_settings(loaded(app)) == CellSettings())


async def test_steps_form_is_left_without_a_change() -> None:
    async with running("escape", "4", "comma", engine=lambda _: FakeEngine()) as (app, pilot):
        await until(pilot, is_open, app)
        form_of(app).put("lr", "1")
        await pilot.press("escape")
        await until(pilot, lambda: not is_open(app))
        assert loaded(app).lr == 1e-5


async def test_predicts_form_sets_how_the_next_token_is_chosen() -> None:
    async with running("escape", "2", "t", engine=lambda _: FakeEngine()) as (app, pilot):
        screen = the(PredictScreen, app.screen)
        await until(pilot, lambda: screen.generation.sampling.temperature == 0.9)
        await pilot.press("comma")
        await until(pilot, is_open, app)
        assert typed(app.screen, "temperature") == "0.9"
        for name, value in SAMPLING.items():
            form_of(app).put(name, value)
        await until(pilot, lambda: "usual, * 5 changed" in shown(app))
        await until(pilot, lambda: TOKEN_COST in shown(app))
        await pilot.press("enter")
        wanted = Sampling(False, 0.7, 40, 0.9, 7)
        await until(pilot, lambda: screen.generation.sampling == wanted)


@pytest.mark.parametrize(
    ("digit", "typed", "kind", "wanted"),
    [
        # The memory for undo has no flag: a command undoes nothing.
        ("4", STEP, CellSettings, CellSettings(3e-5, "SGD", False, 0.25)),
        ("2", SAMPLING, Sampling, Sampling(False, 0.7, 40, 0.9, 7)),
    ],
)
async def test_what_is_copied_is_taken_and_is_the_same(
    digit: str, typed: dict[str, str], kind: type[object], wanted: object
) -> None:
    async with running("escape", digit, engine=lambda _: FakeEngine()) as (app, pilot):
        for text in TEXTS:
            the(WorkScreen, app.screen).query_one(TextBox).text = text
            await pilot.press("comma")
            await until(pilot, is_open, app)
            for name, value in typed.items():
                form_of(app).put(name, value)
            await until(pilot, lambda: f"{len(typed)} changed" in shown(app))
            await pilot.press("ctrl+y", "enter")
            arguments = parsed(app.clipboard)
            assert arguments.text == text
            assert read_settings(kind, arguments) == wanted
            assert model_choice(arguments) == app.session.choice
            await until(pilot, lambda: not is_open(app))


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40)))
async def test_a_long_command_is_copied_whole_and_told_in_two_lines(size: tuple[int, int]) -> None:
    long = "很长 text\n" * 500
    async with running("escape", "4", size=size, engine=lambda _: FakeEngine()) as (app, pilot):
        the(WorkScreen, app.screen).query_one(TextBox).text = long
        await pilot.press("comma")
        await until(pilot, is_open, app)
        await until(pilot, lambda: re.search(r"ctrl\+y copies .*\n?.*…", shown(app)))
        assert app.screen.query_one("#command").size.height == 2
        await pilot.press("ctrl+y")
        assert parsed(app.clipboard).text == long


@pytest.mark.parametrize("digit", ["2", "4", "5"])
async def test_one_key_opens_the_settings_of_every_screen_that_has_some(digit: str) -> None:
    async with running("escape", digit, "comma", engine=lambda _: FakeEngine()) as (app, pilot):
        await until(pilot, is_open, app)


@pytest.mark.parametrize(
    ("digit", "said", "figure"),
    [
        ("5", configured(loop__items=7), "next run  tutorial ─"),
        ("5", configured(loop__preset="tuned", loop__items=7), "next run  tuned ─"),
        ("5", configured(loop__lr=2e-4, loop__batch=2), "next run  configured ─"),
        ("4", configured(cell__lr=2e-4, cell__dropout=0.5), "next update  usual ─"),
        ("2", configured(**{"sampling__top-p": 0.5}), "is chosen  usual ─"),
    ],
)
async def test_what_is_configured_is_the_default_and_no_change(
    digit: str, said: Start, figure: str
) -> None:
    engine = FakeEngine()
    async with running("escape", digit, start=said, engine=lambda _: engine) as (app, pilot):
        await pilot.press("comma")
        await until(pilot, is_open, app)
        await until(pilot, lambda: figure in shown(app))
        assert "changed" not in shown(app)
        assert "* " not in shown(app)


async def test_a_form_of_a_few_settings_has_one_column_and_room_for_what_it_tells() -> None:
    engine = FakeEngine()
    async with running("escape", "4", size=(120, 40), engine=lambda _: engine) as (app, pilot):
        await pilot.press("comma")
        await until(pilot, is_open, app)
        await until(
            pilot, lambda: re.search("dropout +the model's own +the model's own", shown(app))
        )
        form_of(app).put("dropout", "2")
        await until(pilot, lambda: "▲ 0 or more and below 1" in shown(app))


async def test_steps_form_tells_what_an_update_costs_as_it_is_typed() -> None:
    async with running("escape", "4", "comma", engine=lambda _: FakeEngine()) as (app, pilot):
        await until(pilot, is_open, app)
        told = "an update takes 6.0 MB of 5.0 GB free · undo: 3.0 MB each, at most 3"
        await until(pilot, lambda: told in shown(app))
        form_of(app).put("optimizer", "SGD")
        form_of(app).put("undo_memory", "500 kB")
        await until(pilot, lambda: "takes 2.0 MB" in shown(app))
        assert "undo has no room for one" in shown(app)


async def test_what_the_form_opens_with_is_whole() -> None:
    async with running("escape", "2", engine=lambda _: FakeEngine()) as (app, pilot):
        await pilot.press("comma")
        await until(pilot, is_open, app)
        await until(pilot, lambda: "$ tui-trainer predict --generate 1" in shown(app))
