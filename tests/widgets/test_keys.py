"""Every key has a name, a word and a sentence; the footer has those that matter now."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.binding import ActiveBinding, Binding
from textual.dom import DOMNode

import tui_trainer
import tui_trainer.screens
import tui_trainer.widgets
from tests.fake_engine import FakeEngine
from tests.pilot import running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.screens.batch_rows.view import RowsScreen
from tui_trainer.screens.bench.view import BenchScreen
from tui_trainer.screens.evaluation.keys import COMPARE, LOOK
from tui_trainer.screens.evaluation.view import EvaluationScreen
from tui_trainer.screens.gsm8k.keys import EVALUATE, RUN
from tui_trainer.screens.gsm8k.keys import KEYS as GSM8K_KEYS
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.layers.view import LayersScreen
from tui_trainer.screens.learning_rate import SETTINGS
from tui_trainer.screens.runs.keys import FILES
from tui_trainer.screens.runs.screen import RunsScreen
from tui_trainer.screens.tokens.screen import TokensScreen
from tui_trainer.screens.work_screen import ScreenOnTop, WorkScreen
from tui_trainer.widgets.chart_keys import CHART_KEYS
from tui_trainer.widgets.key_footer import KeyFooter, fitted, words_of
from tui_trainer.widgets.keys import CHART, LAST, WEIGHTS, Bound, Place, by_group, key, place_of


def bound() -> Iterator[tuple[type[DOMNode], list[Binding]]]:
    """Every class of ours with keys of its own, wherever it is."""
    for package in (tui_trainer.screens, tui_trainer.widgets):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if (
                    isinstance(value, type)
                    and issubclass(value, DOMNode)
                    and (value.__module__ == module.name and "BINDINGS" in vars(value))
                ):
                    yield value, list(Binding.make_bindings(value.BINDINGS))
    yield TuiTrainer, list(Binding.make_bindings(TuiTrainer.BINDINGS))


def test_every_key_of_every_screen_panel_and_dialog_has_an_id_a_label_and_a_sentence() -> None:
    found = dict(bound())
    assert len(found) > 20
    for owner, bindings in found.items():
        actions: dict[str, str] = {}
        for binding in bindings:
            told = owner.__name__, binding.key
            assert binding.id is not None, told
            assert 1 <= len(binding.description.split()) <= 2, told
            assert binding.tooltip[:1].isupper() or not binding.tooltip[:1].isalpha(), told
            assert len(binding.tooltip.split()) >= 2, told
            assert isinstance(binding.group, Place), told
            assert actions.setdefault(binding.id, binding.action) == binding.action, told


@pytest.mark.parametrize(
    ("top", "below"),
    [
        (EvaluationScreen, Gsm8kScreen),
        (LayersScreen, Gsm8kScreen),
        (RowsScreen, Gsm8kScreen),
        (RowsScreen, TokensScreen),
        (BenchScreen, RunsScreen),
    ],
)
def test_no_key_that_looks_changes_something_one_escape_later(
    top: type[ScreenOnTop], below: type[WorkScreen]
) -> None:
    """Who goes through rows or evaluations presses once more than there are, after the escape."""
    looks, changes = (LOOK, COMPARE, CHART), (SETTINGS, RUN, EVALUATE, WEIGHTS, FILES)
    assert not _keys_of(top, looks) & _keys_of(below, changes)


def _keys_of(screen: type[WorkScreen], groups: tuple[str, ...]) -> set[str]:
    bindings = Binding.make_bindings(screen.BINDINGS)
    return {binding.key for binding in bindings if place_of(binding).description in groups}


def test_main_keys_of_a_screen_have_an_order() -> None:
    for owner, bindings in bound():
        places: dict[int, set[str]] = {}
        for binding in bindings:
            assert isinstance(binding.group, Place)
            if main := binding.group.main:
                places.setdefault(main, set()).add(binding.group.pair or binding.id or "")
        shared = {main for main, words in places.items() if len(words) > 1 and main != LAST}
        assert not shared, owner.__name__


def active(*bindings: Binding) -> list[ActiveBinding]:
    node = DOMNode()
    return [ActiveBinding(node, binding, True, binding.tooltip) for binding in bindings]


def drawn(binding: Binding) -> str:
    return binding.key_display or binding.key


BINDINGS = active(
    key("q", "quit", "quit", "Quit it", main=9),
    key("question_mark", "help", "keys", "Every key", main=LAST, drawn="?"),
    key("[", "change(0)", "lower lr", "Lower it", main=2, pair="lr", id="lower"),
    key("]", "change(1)", "raise lr", "Raise it", main=2, pair="lr", id="raise"),
    key("y", "log", "log axis", "An axis"),
    key("space", "update", "update", "One update", main=1),
)


def line(width: int, **words: str) -> str:
    told = words_of(BINDINGS, words.get, drawn)
    text = ""
    for x, word in fitted(told, width):
        text = f"{text:<{x}}{word.draw().plain}"
    return text


def test_the_most_important_come_first_and_the_sheet_stays_at_the_right_end() -> None:
    assert line(40) == "space update  [ ] lr  q quit      ? keys"
    assert line(38) == "space update  [ ] lr  q quit    ? keys"
    assert line(33) == "space update  [ ] lr       ? keys"
    assert line(12) == "      ? keys"
    assert line(40, update="", quit="") == "[ ] lr                            ? keys"
    assert line(40, update="pause").startswith("space pause  [ ] lr")


@given(st.integers(8, 200))
def test_it_is_never_wider_than_its_room(width: int) -> None:
    assert len(line(width)) <= width


@pytest.mark.parametrize("width", [80, 120])
async def test_each_key_of_the_footer_has_its_own_word(width: int) -> None:
    async with running("escape", "4", size=(width, 24), engine=lambda _: FakeEngine()) as (
        app,
        pilot,
    ):
        await until(pilot, lambda: "space update" in shown(app))
        footer = shown(app).splitlines()[-1]
        assert "  p play  f fork  [ ] lr  v view" in footer
        assert footer.rstrip().endswith("? keys")
        assert "u undo" not in footer  # there is nothing to undo


async def test_in_a_text_box_the_sheet_is_behind_escape() -> None:
    async with running(engine=lambda _: FakeEngine()) as (app, pilot):
        await until(pilot, lambda: "esc leave text" in shown(app))
        assert shown(app).splitlines()[-1].rstrip().endswith("esc ? keys")


async def test_a_click_on_a_word_presses_its_key() -> None:
    async with running("escape", "4", engine=lambda _: FakeEngine()) as (app, pilot):
        await until(pilot, lambda: "space update" in shown(app))
        await pilot.click(KeyFooter, offset=(8, 0))
        await until(pilot, lambda: app.session.status is not None and app.session.status.updates)
        lr = app.session.status
        footer = shown(app).splitlines()[-1]
        assert lr is not None
        await pilot.click(KeyFooter, offset=(footer.index("[ ] lr"), 0))
        await until(pilot, lambda: app.session.status is not None and app.session.status.lr < lr.lr)
        await pilot.click(KeyFooter, offset=(footer.index("[ ] lr") + 2, 0))
        await until(
            pilot, lambda: app.session.status is not None and app.session.status.lr == lr.lr
        )


async def test_of_a_paused_run_the_footer_has_its_row_at_80_columns() -> None:
    async with running("escape", "5", engine=lambda _: FakeEngine([2.0] * 9)) as (app, pilot):
        await pilot.press("full_stop")
        await until(pilot, lambda: "1/9" in shown(app) and "space go on" in shown(app))
        footer = shown(app).splitlines()[-1]
        assert all(word in footer for word in ("c save", "[ ] lr", "s stop", "v row", "? keys"))


async def test_what_is_on_show_is_saved_by_a_key_that_is_on_the_footer() -> None:
    async with running(engine=lambda _: FakeEngine()) as (app, pilot):
        await until(pilot, lambda: "ctrl+s save view" in shown(app).splitlines()[-1])
        await pilot.resize_terminal(140, 40)
        await pilot.press("escape", "6")
        await until(pilot, lambda: "ctrl+s save view" in shown(app).splitlines()[-1])


def test_the_keys_of_a_chart_come_after_those_of_the_screen_itself() -> None:
    node = DOMNode()
    groups = by_group(Bound(node, binding) for binding in (*CHART_KEYS, *reversed(GSM8K_KEYS)))
    headings = list(groups)
    assert headings[:3] == ["The run", "Evaluate", "Settings"]
    assert headings.index(CHART) > headings.index("Look")
