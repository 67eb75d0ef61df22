"""What is copied reaches the clipboard of the user's terminal, through tmux and screen too."""

import base64
import re

import pytest
from textual.geometry import Offset
from textual.selection import Selection
from textual.widgets import TextArea

from tests.fake_engine import FakeEngine
from tests.pilot import running, until
from tui_trainer.app import TuiTrainer
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.terminal.clipboard import LONGEST, clipboard_sequence
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.widgets.token_strip import TokenStrip

HOSTILE = "a\x1b]0;evil\x07\n\x1b\\\x9b2J\ud800é"


def taken(sequence: str) -> str:
    """What a terminal takes of a plain sequence."""
    found = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", sequence)
    assert found is not None
    return base64.b64decode(found[1]).decode()


def of_tmux(sequence: str) -> str:
    """What tmux hands on: `ESC Ptmux;`, each ESC doubled, and a string terminator."""
    found = re.fullmatch(r"\x1bPtmux;((?:[^\x1b]|\x1b\x1b)*)\x1b\\", sequence, re.DOTALL)
    assert found is not None
    return found[1].replace("\x1b\x1b", "\x1b")


def of_screen(sequence: str) -> str:
    """What screen hands on: each of the strings, none of them too long for it."""
    parts = re.findall(r"\x1bP(.*?)\x1b\\", sequence, re.DOTALL)
    assert sequence == "".join(f"\x1bP{part}\x1b\\" for part in parts)
    assert all(len(part) <= 768 for part in parts)
    return "".join(parts)


@pytest.mark.parametrize("text", ["plain", "two\nlines", HOSTILE, "x" * 5_000])
def test_it_is_wrapped_for_what_stands_between(text: str) -> None:
    safe = text.encode(errors="replace").decode()
    plain = clipboard_sequence(text, {"TERM": "xterm-256color"})
    assert taken(plain) == safe
    in_tmux = clipboard_sequence(text, {"TERM": "tmux-256color", "TMUX": "/tmp/tmux-0/default,1,0"})
    assert in_tmux.startswith(plain)
    assert of_tmux(in_tmux.removeprefix(plain)) == plain
    behind_ssh = clipboard_sequence(text, {"TERM": "tmux-256color"})
    assert behind_ssh == in_tmux
    in_screen = clipboard_sequence(text, {"TERM": "screen", "STY": "1.pts-0.host"})
    assert of_screen(in_screen.removeprefix(plain)) == plain
    # tmux calls itself screen too, and behind ssh nobody can tell.
    either = clipboard_sequence(text, {"TERM": "screen-256color"})
    assert either == in_tmux + in_screen.removeprefix(plain)
    assert clipboard_sequence(text, {"TERM": "screen", "TMUX": "x"}) == in_tmux


def notes(app: TuiTrainer) -> list[str]:
    return [one.message for one in app._notifications]


async def test_ctrl_c_copies_what_is_selected_and_asks_to_quit_only_where_nothing_is() -> None:
    async with running(engine=lambda _: FakeEngine()) as (app, pilot):
        box = app.screen.query_one(TextArea)
        box.load_text("def hello():\n\treturn")
        box.select_all()
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app.clipboard == "def hello():\n\treturn")
        assert app.is_running and not app._exit
        box.move_cursor((0, 0))
        strip = app.screen.query_one("#strip", TokenStrip) if app.screen.query("#strip") else None
        table = app.screen.query_one("#tokens", LineTable)
        await until(pilot, lambda: table.rows and table.cursor == 0)  # it follows the text's
        app.screen.selections = {table: Selection(Offset(1, 0), Offset(9, 1))}
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "\n" in app.clipboard and "return" not in app.clipboard)
        rows = [table.draw_line(y).text.rstrip() for y in (0, 1)]
        assert app.clipboard == f"{rows[0][1:]}\n{rows[1][:9]}".rstrip("\n")
        assert strip is None or strip.allow_select
        app.screen.clear_selection()
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app._exit or isinstance(app.screen, QuestionDialog))


async def test_the_mouse_selects_in_what_draws_its_lines_by_itself() -> None:
    async with running(engine=lambda _: FakeEngine()) as (app, pilot):
        table = app.screen.query_one("#tokens", LineTable)
        await until(pilot, lambda: table.rows > 3)
        await pilot.mouse_down(table, offset=(2, 1))
        await pilot.hover(table, offset=(12, 2))
        await pilot.mouse_up(table, offset=(12, 2))
        await until(pilot, lambda: bool(app.selected_text()))
        drawn = [table.draw_line(y).text.rstrip() for y in (1, 2)]
        first, *_ = app.selected_text().split("\n")
        assert first and first in drawn[0]
        marked = [segment for segment in table.render_line(1) if segment.style is not None]
        ground = app.screen.get_component_rich_style("screen--selection").bgcolor
        assert any(segment.style and segment.style.bgcolor == ground for segment in marked)


async def test_what_is_too_long_for_terminals_is_told_and_kept_here() -> None:
    async with running(engine=lambda _: FakeEngine()) as (app, pilot):
        app.copy_to_clipboard("x" * (LONGEST + 1))
        assert len(app.clipboard) == LONGEST + 1
        await until(pilot, lambda: any("ctrl+s" in told for told in notes(app)))
