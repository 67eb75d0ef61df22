"""What pilot tests share: the app with an engine in it, and a way to wait that does not guess."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVarTuple

import pytest
import textual._wait
from textual._context import visible_screen_stack
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation
from textual.pilot import Pilot
from textual.widgets import Static

from tui_trainer.app import TuiTrainer
from tui_trainer.engine.start import make_engine
from tui_trainer.protocol.answers import Answers
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.progress import Progress
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.key_sheet import KeySheet
from tui_trainer.session.start import Start
from tui_trainer.settings.model import ModelChoice

Given = TypeVarTuple("Given")
SECONDS_AT_MOST = 100.0  # that nothing hangs; the longest wait is for three processes with torch

# A pilot rests twice after each key, until the process has used at most a twentieth of some 20 ms.
# The app's timers alone use more in many of these, so that the rests were a third of all tests.
textual._wait.SLEEP_GRANULARITY = 0.004
textual._wait.SLEEP_IDLE = 0.0006

# Each app parses all stylesheets anew, which was a quarter of all tests: here each is parsed once.
_parse = Stylesheet._parse_rules
_parsed: dict[object, list[RuleSet]] = {}


def _parse_once(
    stylesheet: Stylesheet,
    css: str,
    read_from: CSSLocation,
    is_default_rules: bool = False,
    tie_breaker: int = 0,
    scope: str = "",
) -> list[RuleSet]:
    variables = frozenset(stylesheet._variables.items())
    key = (css, read_from, is_default_rules, tie_breaker, scope, variables)
    if key not in _parsed:
        rules = _parse(stylesheet, css, read_from, is_default_rules, tie_breaker, scope)
        _parsed[key] = rules
    return _parsed[key]


_as_long_as_tests_run = pytest.MonkeyPatch()
_as_long_as_tests_run.setattr(Stylesheet, "_parse_rules", _parse_once)


async def until(pilot: Pilot[int], condition: Callable[[*Given], object], *given: *Given) -> None:
    """Wait for the worker and the interface; TimeoutError where it takes too long.

    The condition is asked with what is `given`, such as the number of a step in a loop over steps.
    """
    async with asyncio.timeout(SECONDS_AT_MOST):
        while not condition(*given):
            await asyncio.sleep(0.02)
    await pilot.pause()


def type_at_once(app: TuiTrainer, data: str) -> None:
    """What a terminal sends, in one read: the app has handled none of it when all has come."""
    assert app._driver is not None
    for event in XTermParser().feed(data):
        app._driver.process_message(event)


Running = AbstractAsyncContextManager[tuple[TuiTrainer, Pilot[int]]]
"""The app and its pilot, as long as the block goes on."""


@asynccontextmanager
async def running(
    *keys: str,
    source: str = "builtin",
    size: tuple[int, int] = (80, 24),
    engine: Callable[[Progress], Answers] = make_engine,
    greets: bool = False,
    start: Start | None = None,
) -> AsyncIterator[tuple[TuiTrainer, Pilot[int]]]:
    """The app with its model loaded, after `keys` were pressed; its worker ends with it."""
    app = TuiTrainer(ModelChoice(source), engine, start=start, greets=greets)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.session.status is not None)
        await pilot.press(*keys)
        yield app, pilot
    assert app.worker.stop(10)
    assert not app.faults


def loaded(app: TuiTrainer) -> LearnerStatus:
    """What the app knows of its model, which is loaded."""
    assert app.session.status is not None
    return app.session.status


async def reload(app: TuiTrainer, pilot: Pilot[int]) -> None:
    """The loaded weights again, though no file has the updates that are lost by it."""
    await pilot.press("R")
    await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
    await pilot.press("y")
    await until(pilot, lambda: app.session.status is not None and not app.session.status.updates)


def shown(app: App[int]) -> str:
    """The text of the whole screen, a line a row; around a dialog that of the screen below."""
    visible_screen_stack.set(app._background_screens)
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips)


def sheet(app: TuiTrainer) -> str:
    """All of the sheet of keys, whatever part of it can be seen; empty where there is none."""
    found = app.screen.query_one_optional(KeySheet)
    words = found.query_one_optional(Static) if found is not None and found.display else None
    return str(words.content) if words is not None else ""
