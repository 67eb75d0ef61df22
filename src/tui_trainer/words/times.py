"""Moments as text."""

from datetime import datetime

from tui_trainer.terminal_text import visible

MOMENT_CHARACTERS = 40


def moment(written: str, *, year: bool = True) -> str:
    """`2026-11-25 15:30`, of what ISO 8601 writes, where it was written; other text as it is."""
    try:
        when = datetime.fromisoformat(written)
    except ValueError:
        return visible(written, limit=MOMENT_CHARACTERS)
    return f"{when:%Y-%m-%d %H:%M}" if year else f"{when:%m-%d %H:%M}"
