"""What a start of the app without more says of sessions that nobody looks at: to be back at one
takes a key."""

import sys

from tui_trainer.link.finding import detached
from tui_trainer.link.messages import Description
from tui_trainer.protocol.loop_names import LOOP_TITLES
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import seconds_of

SECONDS_TO_NOTICE = 0.75
"""A session that answers later is not told of: a start does not wait for it."""
YES, NO = ("", "y", "yes"), ("n", "no")


def offered() -> str | None:
    """The session that the user wants to be back at; None for another one, or where there is none.

    It is asked for on the terminal, which the app has found on standard input and error.
    """
    there = detached(SECONDS_TO_NOTICE)
    if not there:
        return None
    names = [one.name for one in there]
    while True:
        answer = _ask(question(there))
        if answer is None or answer in NO:
            return None
        if answer in YES:
            return names[0]
        if answer in names:
            return answer


def question(there: list[Description]) -> str:
    """In one line; the first of them is what enter takes."""
    if len(there) == 1:
        return f"session {_described(there[0])} goes on without a view. Attach to it? [Y/n] "
    those = ", ".join(map(_described, there))
    return f"sessions go on without a view: {those}. Attach to [{visible(there[0].name)}], or n: "


def _described(one: Description) -> str:
    """Its name, and what it was left at."""
    told = [visible(one.status.model.name)] if one.status is not None else []
    told += [f"{LOOP_TITLES.get(name, name)} {state}" for name, state in one.loops]
    told.append(f"left {seconds_of(one.alone or 0.0)} ago")
    return f"{visible(one.name)} ({', '.join(told)})"


def _ask(words: str) -> str | None:
    """What is typed; None where standard input ends."""
    sys.stderr.write(f"tui-trainer: {words}")
    sys.stderr.flush()
    line = sys.stdin.readline()
    return line.strip().lower() if line else None
