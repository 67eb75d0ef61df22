"""A text that takes the room of the one before it: drawn, and nothing laid out; else as ever."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual._compositor import Compositor
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region, Size
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

import tui_trainer.terminal.static_layout  # noqa: F401 - what is tested
from tests.fake_engine import FakeEngine
from tests.pilot import loaded, running, until


class Plain(App[int]):
    CSS = "Vertical { height: auto; } #auto { width: auto; }"

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static("a", id="words")
        yield Static("abc", id="auto")


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> list[Size]:
    """A size for each time that a screen was laid out."""
    sizes: list[Size] = []
    lay_out = Screen._refresh_layout

    def counted(screen: Screen[object], size: Size | None = None, scroll: bool = False) -> None:
        sizes.append(screen.size)
        lay_out(screen, size, scroll)

    monkeypatch.setattr(Screen, "_refresh_layout", counted)
    return sizes


@asynccontextmanager
async def plain() -> AsyncIterator[tuple[Static, Static, Pilot[int]]]:
    app = Plain()
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.pause()
        yield app.query_one("#words", Static), app.query_one("#auto", Static), pilot


async def test_what_takes_the_same_room_is_drawn_without_a_layout(laid_out: list[Size]) -> None:
    async with plain() as (words, auto, pilot):
        laid_out.clear()
        words.update("another text")
        auto.update("xyz")
        await pilot.pause()
        assert not laid_out
        assert shown_by(words)[:2] == ["another text", "xyz"]


async def test_what_takes_more_or_less_is_laid_out(laid_out: list[Size]) -> None:
    async with plain() as (words, auto, pilot):
        words.update("one\ntwo\nthree")
        auto.update("longer")
        await until(pilot, lambda: auto.region == Region(0, 3, 6, 1))
        assert words.size.height == 3
        words.update("one")
        await until(pilot, lambda: (words.size.height, auto.region.y) == (1, 1))


async def test_what_is_told_while_it_is_hidden_has_its_room_once_it_is_shown() -> None:
    async with plain() as (words, auto, pilot):
        box = words.app.query_one(Vertical)
        box.display = False
        await until(pilot, lambda: auto.region.y == 0)
        words.update("one\ntwo")
        await pilot.pause()
        box.display = True
        await until(pilot, lambda: (words.size.height, box.size.height) == (2, 2))


async def test_what_was_laid_out_at_another_size_is_forgotten() -> None:
    """A text of one line, at 40 columns, where one of two lines at 20 was before."""
    async with plain() as (words, _, pilot):
        words.update("12345 " * 4)
        await pilot.pause()
        for columns, lines in ((20, 2), (40, 1)):
            await pilot.resize_terminal(columns, 12)
            await until(pilot, lambda size: words.size == size, Size(columns, lines))
        words.update("short")
        await pilot.pause()
        await pilot.resize_terminal(20, 12)
        await until(pilot, lambda: words.size == Size(20, 1))


async def test_a_key_that_changes_a_word_lays_nothing_out(laid_out: list[Size]) -> None:
    async with running("escape", "4", engine=lambda _: FakeEngine()) as (app, pilot):
        await until(pilot, lambda: loaded(app).lr == 1e-5)
        await pilot.press("]")
        await until(pilot, lambda: loaded(app).lr == 2e-5)
        await pilot.press("[")
        await until(pilot, lambda: loaded(app).lr == 1e-5)
        laid_out.clear()
        await pilot.press("]")
        await until(pilot, lambda: loaded(app).lr == 2e-5)
        assert not laid_out


async def test_what_is_there_already_or_hidden_is_not_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For a widget that is hidden Textual looks up where all widgets of the screen are."""
    drawn: list[Widget] = []
    draw = Compositor.update_widgets

    def counted(compositor: Compositor, widgets: set[Widget]) -> None:
        drawn.extend(widgets)
        draw(compositor, widgets)

    monkeypatch.setattr(Compositor, "update_widgets", counted)
    async with plain() as (words, auto, pilot):
        words.app.query_one(Vertical).display = False
        await until(pilot, lambda: auto.region.y == 0)
        drawn.clear()
        words.update("b")
        auto.update("abc")
        await pilot.pause()
        assert not drawn
        auto.update(Content.styled("abc", "bold"))
        await until(pilot, lambda: drawn == [auto])
        words.app.query_one(Vertical).display = True
        await until(pilot, lambda: shown_by(words)[:2] == ["b", "abc"])


def shown_by(static: Static) -> list[str]:
    return [strip.text.rstrip() for strip in static.screen._compositor.render_strips()]
