"""What is copied goes to the clipboard of the terminal, wherever that is: OSC 52.

It goes through what stands between: tmux and screen hand on what is wrapped for them alone.
"""

import base64
import os
from collections.abc import Mapping
from typing import TypeVar

from textual.app import App
from textual.widgets import Input, TextArea

from tui_trainer.words.numbers import byte_count, counted

Return = TypeVar("Return")

LONGEST = 74_994
"""Bytes of text that every terminal takes: 100,000 of the sequence, as hterm and others have it."""
SCREEN_PART = 700
"""Bytes: screen cuts off what is longer than 768 in one string."""
ESC, BELL, ST = "\x1b", "\x07", "\x1b\\"
COPIED = "{what} copied."
TOO_LONG = (
    "{size} is more than a terminal's clipboard takes ({most}): ctrl+v has it here, and ctrl+s "
    "saves what is on show."
)


class CopiesToTerminal(App[Return]):
    """An app whose copies reach the clipboard of the user's own terminal."""

    def copy_to_clipboard(self, text: str) -> None:
        """Copy it, and say so: whether the terminal took it nobody can ask."""
        self._clipboard = text
        size = len(text.encode(errors="replace"))
        if size > LONGEST:
            sizes = {"size": byte_count(size), "most": byte_count(LONGEST)}
            self.notify(TOO_LONG.format(**sizes), severity="warning", markup=False, timeout=10)
            return
        if self._driver is not None:
            self._driver.write(clipboard_sequence(text, os.environ))
        self.notify(COPIED.format(what=counted(len(text), "character")), markup=False, timeout=2)

    async def action_copy_or_quit(self) -> None:
        """ctrl+c: quits only where nothing is selected."""
        if text := self.selected_text():
            self.copy_to_clipboard(text)
        else:
            await self.run_action("ask_quit")

    def selected_text(self) -> str:
        """What is selected: in the text box that has the focus, else on the screen."""
        focused = self.focused
        if isinstance(focused, Input | TextArea) and focused.selected_text:
            return focused.selected_text
        return self.screen.get_selected_text() or ""


def clipboard_sequence(text: str, environment: Mapping[str, str]) -> str:
    """What makes the terminal take `text` as its clipboard; base64, so that it obeys nothing in it.

    tmux itself takes the plain one where its `set-clipboard` is on, and hands on the wrapped one
    where `allow-passthrough` is; whichever it does not do, it drops. A terminal behind ssh may be
    called `screen` by either of them.
    """
    plain = osc_52(text)
    kind = environment.get("TERM", "")
    of_screen = kind.startswith("screen")
    in_tmux = bool(environment.get("TMUX")) or kind.startswith("tmux")
    in_screen = bool(environment.get("STY")) or (of_screen and not in_tmux)
    if of_screen and not environment.get("STY"):
        in_tmux = True
    return "".join((plain, in_tmux * for_tmux(plain), in_screen * for_screen(plain)))


def osc_52(text: str) -> str:
    """https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, Manipulate Selection Data."""
    return f"{ESC}]52;c;{base64.b64encode(text.encode(errors='replace')).decode()}{BELL}"


def for_tmux(sequence: str) -> str:
    """Handed on as it is: tmux(1), `allow-passthrough`."""
    return f"{ESC}Ptmux;{sequence.replace(ESC, ESC * 2)}{ST}"


def for_screen(sequence: str) -> str:
    """Handed on in parts, each a device control string."""
    parts = (sequence[at : at + SCREEN_PART] for at in range(0, len(sequence), SCREEN_PART))
    return "".join(f"{ESC}P{part}{ST}" for part in parts)
