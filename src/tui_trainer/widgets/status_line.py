"""The line at the bottom: which model, how far from its loaded weights, what is being done."""

import re
from dataclasses import dataclass

from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.threads import ThreadShare
from tui_trainer.terminal_text import visible_source
from tui_trainer.widgets.cell_text import first_fitting
from tui_trainer.words.memory import describe_use
from tui_trainer.words.numbers import counted, short_count
from tui_trainer.words.precision import describe_precision
from tui_trainer.words.signs import ATTENTION, BROKEN, PAUSED, RUNNING, WARNING
from tui_trainer.words.threads import describe_threads

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


def describe_status(
    status: LearnerStatus | None, threads: ThreadShare | None = None
) -> tuple[str, ...]:
    """The model, where it is, how full that is, and how far its weights are from the loaded ones.

    In full first, then with less, for a line that has to tell of more. Of the threads where others
    use the machine.
    """
    if status is None:
        return ("no model yet",)
    model = status.model
    name = f"{visible_source(model.name, 24)} {short_count(model.parameters)}"
    places = describe_places(status, threads)
    states, bare = describe_updates(status)
    placed = (f"{name} · {place} · {state}" for place in places for state in states)
    return *placed, *(f"{name} · {state}" for state in bare)


def describe_places(status: LearnerStatus, threads: ThreadShare | None) -> tuple[str, ...]:
    """Where the model is, how full that is and what holds it up there, with less after that."""
    if threads is not None and threads.is_reduced:
        return describe_threads(threads), counted(threads.threads, "thread")
    model = status.model
    place = f"{model.device} {describe_precision(model.device, model.precision)}"
    used = () if status.device_use is None else describe_use(status.device_use)
    return *(f"{place} · {words}" for words in used), place


def describe_updates(status: LearnerStatus) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """How far the weights are from the loaded ones, in full first; then where all else is left
    out."""
    if not status.updates and not status.unsaved:
        return ("as loaded",), ("as loaded",)
    state = f"{counted(status.updates, 'update')} from loaded"
    if not status.unsaved:
        return (f"{state}, R reloads", state), (state,)
    unsaved = f"{WARNING.mark} unsaved: {counted(status.unsaved, 'update')}"
    both = f"{state} · {unsaved}"
    return (f"{state}, R reloads · {unsaved}", both), (both, unsaved)


@dataclass(frozen=True)
class Standing:
    """All that the line of status, or the top row, tells of."""

    status: LearnerStatus | None = None
    threads: ThreadShare | None = None
    doing: str = ""
    """What the worker does; empty while it is idle."""
    seconds: float = 0.0
    waiting: str = ""
    """What is next in line."""
    loops: str = ""
    tasks: tuple[str, ...] = ()
    """How far the guide is: first with what is next, then without; none once all is done."""

    news: str = ""
    """What was just done; it stands for a moment in the place of the model."""
    brief: str = ""
    """The loops in fewer words."""

    def goes_on(self) -> str:
        """What is being done, since when, and what waits for it; and the loops there are."""
        if not self.doing:
            return self.loops
        then = f", then {self.waiting}" if self.waiting else ""
        return f"{self.does_now()}{then}  {self.loops}".rstrip()

    def warns(self) -> str:
        """What is unsaved, where there is no room for the model."""
        unsaved = self.status.unsaved if self.status is not None else 0
        return f"{WARNING.mark} unsaved {unsaved:,}" if unsaved else ""

    def goes_on_briefly(self) -> str:
        """The same without what waits, and the loops in fewer words."""
        return "  ".join(filter(None, (self.does_now(), self.brief or self.loops)))

    def does_now(self) -> str:
        """What is being done and since when."""
        if not self.doing:
            return ""
        frame = SPINNER[int(self.seconds * 8) % len(SPINNER)]
        return f"{frame} {self.doing} {self.seconds:.1f} s"


MEANINGS = (
    (re.compile(rf"{WARNING.mark} unsaved:? [\d,]+(?: updates?)?"), ATTENTION),
    (re.compile(rf"{RUNNING.mark} \S+"), RUNNING.style),
    (re.compile(rf"{PAUSED.mark} \S+"), PAUSED.style),
    (re.compile(rf"{BROKEN.mark} \S+ stopped by a failure"), BROKEN.style),
)


def in_colour(line: str) -> Content:
    """What of the line means something, in the colour of that; all of it is said in words too."""
    content = Content(line)
    for words, style in MEANINGS:
        for found in words.finditer(line):
            content = content.stylize(style, *found.span())
    return content


class StatusLine(Static):
    """Docked above the footer where the top row has no room for it."""

    _standing: Standing | None = None
    _line = ""

    def on_resize(self) -> None:
        """Cut for another width at once: what was fitted to a wider line ends in an ellipsis."""
        if self._standing is not None:
            self.show(self._standing)

    def show(self, standing: Standing) -> None:
        """Draw the line, where it is another one."""
        self._standing = standing
        lefts = (
            (standing.news,)
            if standing.news
            else describe_status(standing.status, standing.threads)
        )
        lefts = *lefts, standing.warns()
        right, width = standing.goes_on(), self.content_size.width - 2
        if len(lefts[-1]) + len(right) > width:
            right = standing.goes_on_briefly()
        room = width - len(right)
        left = first_fitting(lefts, room)
        gap = 2 + max(0, room - len(left))
        line = f"{left}{' ' * gap}{right}"
        if line != self._line:
            self._line = line
            self.update(in_colour(line), layout=False)
