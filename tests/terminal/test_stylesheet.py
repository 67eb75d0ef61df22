"""No source of a stylesheet is read twice, and no style is worked out again that stays."""

from collections import Counter
from collections.abc import Callable, Iterable

import pytest
import textual.css.stylesheet
from textual.color import Color
from textual.css.model import RuleSet
from textual.css.parse import parse
from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

from tests.fake_engine import FakeEngine
from tests.known import present
from tests.pilot import running, until
from tui_trainer.app import TuiTrainer
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.terminal.stylesheet import ReadOnce
from tui_trainer.themes import OURS
from tui_trainer.widgets.panel import Panel

SOURCES = 70
"""More than Textual's own keeps."""
Read = Counter[object]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """How often each text was read: by its first selector."""
    parsed: Callable[..., Iterable[RuleSet]] = parse
    read = Read()

    def counted(scope: str, css: str, *args: object, **kwargs: object) -> Iterable[RuleSet]:
        read[css.split(maxsplit=1)[0]] += 1
        return parsed(scope, css, *args, **kwargs)

    monkeypatch.setattr(textual.css.stylesheet, "parse", counted)
    return read


def colours(stylesheet: ReadOnce) -> set[str]:
    return {rule.styles.color.css for rule in stylesheet.rules}


def test_each_source_is_read_once(read: Read) -> None:
    stylesheet = ReadOnce(variables={"mine": "#112233"})
    for number in range(SOURCES):
        stylesheet.add_source(f".read-once-{number} {{ color: $mine; }}")
    for _ in range(3):
        stylesheet.set_variables({"mine": "#112233"})
        stylesheet.reparse()
    stylesheet.add_source(".read-once-late { color: $mine; }")
    assert len(stylesheet.rules) == len(read) == SOURCES + 1
    assert set(read.values()) == {1}


def test_all_are_read_again_with_other_variables(read: Read) -> None:
    stylesheet = ReadOnce(variables={"mine": "#112234"})
    stylesheet.add_source(".read-again { color: $mine; }")
    assert colours(stylesheet) == {"rgb(17,34,52)"}
    stylesheet.set_variables({"mine": "#445566"})
    stylesheet.reparse()
    assert colours(stylesheet) == {"rgb(68,85,102)"}
    assert read == {".read-again": 2}


async def test_the_app_has_it() -> None:
    async with running(engine=lambda _: FakeEngine()) as (app, _):
        assert isinstance(app.stylesheet, ReadOnce)


def is_open(app: TuiTrainer, name: str) -> bool:
    return isinstance(app.screen, WorkScreen) and name == app.screen.NAME


async def test_a_screen_that_is_shown_again_keeps_its_styles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All of its widgets were styled anew each time, and twice when it was new."""
    styled = Counter[DOMNode]()
    apply = Stylesheet.apply

    def counted(
        stylesheet: Stylesheet,
        node: DOMNode,
        *,
        animate: bool = False,
        cache: dict[tuple[object, ...], RulesMap] | None = None,
    ) -> None:
        styled[node] += 1
        apply(stylesheet, node, animate=animate, cache=cache)

    async with running(engine=lambda _: FakeEngine()) as (app, pilot):
        await pilot.press("escape", "2")
        await until(pilot, is_open, app, "predict")
        monkeypatch.setattr(Stylesheet, "apply", counted)
        for key, name in (("1", "tokens"), ("2", "predict")):
            styled.clear()
            await pilot.press(key)
            await until(pilot, is_open, app, name)
            assert styled.total() < 30


async def test_a_screen_takes_the_styles_that_changed_while_another_was_shown() -> None:
    async with running(engine=lambda _: FakeEngine()) as (app, pilot):
        await pilot.press("escape", "2")
        await until(pilot, is_open, app, "predict")
        app.theme = "trainer-light"
        await pilot.press("1")
        wanted = Color.parse(present(OURS["trainer-light"].background))
        await until(pilot, lambda: app.screen.styles.background == wanted)
        assert app.screen.query_one(Panel).styles.color == app.screen.styles.color
