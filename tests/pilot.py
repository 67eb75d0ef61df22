"""What pilot tests share: the app with an engine in it, and a way to wait that does not guess."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar, TypeVarTuple

import pytest
from rich.console import RenderableType
from textual._compositor import Compositor
from textual._context import active_app, visible_screen_stack
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation
from textual.pilot import Pilot
from textual.screen import Screen
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
from tui_trainer.terminal.input_order import InputInOrder
from tui_trainer.widgets.notification import SafeNotification
from tui_trainer.worker import in_this_process

Given = TypeVarTuple("Given")
Return = TypeVar("Return")
SECONDS_AT_MOST = 100.0  # that nothing hangs; the longest wait is for three processes with torch

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


# Most frames are drawn over before anybody looks, and to draw them was a quarter of a pilot test:
# here, as on a slow terminal, one is drawn where the test may look at it.
_render = Compositor.render_update
_looks = False


def _render_what_is_looked_at(
    compositor: Compositor,
    full: bool = False,
    screen_stack: list[Screen[object]] | None = None,
    simplify: bool = False,
) -> RenderableType | None:
    """What a frame that is not drawn would have shown anew is left for the next one."""
    if full or _looks or not active_app.get().is_headless:
        return _render(compositor, full, screen_stack, simplify)
    return None


def _draw(app: App[Return]) -> None:
    """A fault in it is the app's, as where that draws a frame by itself."""
    global _looks  # noqa: PLW0603
    if app.is_running and app.screen._compositor._dirty_regions:
        _looks = True
        try:
            app.screen._compositor_refresh()
        except Exception as error:
            app._handle_exception(error)
        finally:
            _looks = False


async def _come_to_rest(_min_sleep: float = 0.0, _max_sleep: float = 0.0) -> None:
    """Until every key is used, what it began in the interface is done, and that is drawn.

    A pilot of Textual's rests until the process uses little of its time instead: on a busy machine
    that is so in the middle of a key, and what is asserted after it is not there yet. What the
    worker is asked for is never waited for: that is for `until`.
    """
    app = active_app.get()
    async with asyncio.timeout(SECONDS_AT_MOST):
        await _do_what_is_ready(app)
        if app.is_running:
            for screen in app._background_screens:
                screen._on_timer_update()
                screen._repaint_required = False  # left by itself: the one above draws all of it
            app.screen._on_timer_update()
            await _do_what_is_ready(app)
            _draw(app)


async def _rest(pilot: Pilot[int], timeout: float = 0.0) -> bool:
    """Textual asks every widget instead whether it has done what it was sent."""
    await _come_to_rest()
    return True


async def _do_what_is_ready(app: App[object]) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(2):  # the first lets timers that are due have their callbacks ready
        await asyncio.sleep(0)
        while (ready := vars(loop)["_ready"]) or _is_in_the_middle(app):
            await asyncio.sleep(0 if ready else 0.001)


def _is_in_the_middle(app: App[object]) -> bool:
    """Of a key, or of a change of screens."""
    waits = isinstance(app, InputInOrder) and (app._awaited is not None or app._input)
    return not app._exit and bool(waits or app._batch_count or app._message_queue.qsize())


_as_long_as_tests_run = pytest.MonkeyPatch()
_as_long_as_tests_run.setattr(Stylesheet, "_parse_rules", _parse_once)
_as_long_as_tests_run.setattr(Compositor, "render_update", _render_what_is_looked_at)
_as_long_as_tests_run.setattr("textual.app.wait_for_idle", _come_to_rest)
_as_long_as_tests_run.setattr("textual.pilot.wait_for_idle", _come_to_rest)
_as_long_as_tests_run.setattr(Pilot, "_wait_for_screen", _rest)
# A key that is not done, as one that waits for a parked worker in the interface, is a fault.
_as_long_as_tests_run.setattr("tui_trainer.terminal.input_order.MOST_SECONDS", 10 * SECONDS_AT_MOST)
# One that goes by itself is gone before a busy machine has asked for it.
time_left = SafeNotification.time_left
_as_long_as_tests_run.setattr(SafeNotification, "time_left", property(lambda _: 3_600.0))
_as_long_as_tests_run.setattr(SafeNotification, "has_expired", property(lambda _: False))


async def until(pilot: Pilot[int], condition: Callable[[*Given], object], *given: *Given) -> None:
    """Wait for the worker and the interface; TimeoutError where it takes too long.

    The condition is asked with what is `given`, such as the number of a step in a loop over steps.
    """
    seconds = 0.005
    async with asyncio.timeout(SECONDS_AT_MOST):
        while not condition(*given):
            _draw(pilot.app)
            await asyncio.sleep(seconds)
            seconds = min(1.5 * seconds, 0.06)  # to ask may draw the whole screen
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
    app = TuiTrainer(ModelChoice(source), in_this_process(engine), start=start, greets=greets)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.session.status is not None)
        await pilot.press(*keys)
        yield app, pilot
    assert app.worker.stop(10)
    assert not app.faults


def is_making_a_step(app: TuiTrainer, loop: str) -> bool:
    """Whether the worker is parked in one of that loop: what it is asked for waits."""
    doing = app.worker.doing
    return doing is not None and doing.loop == loop


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
