"""What the terminal shows, as text."""

from typing import TypeVar

from textual._context import visible_screen_stack
from textual.app import App

Return = TypeVar("Return")


def drawn_text(app: App[Return]) -> str:
    """The rows of the screen as they are drawn, what is below a dialog too."""
    visible_screen_stack.set(app._background_screens)
    rows = (strip.text.rstrip() for strip in app.screen._compositor.render_strips())
    return "\n".join(rows).rstrip("\n") + "\n"
