"""What the program tells beside its output, on standard error."""

import sys
from contextlib import suppress

from tui_trainer.terminal_text import visible


def say(sentence: str, limit: int | None = None) -> None:
    """One line, of at most `limit` characters; nothing where standard error is closed or gone."""
    if sys.stderr is None:  # then `print` would take standard output
        return
    with suppress(OSError):
        line = f"tui-trainer: {visible(sentence, newline=' ', limit=limit)}"
        print(line, file=sys.stderr, flush=True)
