"""The line at the bottom: which model, how far from its loaded weights, what is being done."""

from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.threads import ThreadShare
from tui_trainer.terminal_text import visible_source
from tui_trainer.words.memory import describe_use
from tui_trainer.words.numbers import counted, short_count
from tui_trainer.words.precision import describe_precision
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
    unsaved = f"unsaved: {counted(status.unsaved, 'update')}"
    both = f"{state} · {unsaved}"
    return (f"{state}, R reloads · {unsaved}", both), (both, unsaved)


class StatusLine(Static):
    """Docked above the footer on every screen."""

    _said: tuple[LearnerStatus | None, ThreadShare | None, str, float, str, str] | None = None
    _line = ""

    def on_resize(self) -> None:
        """Cut for another width at once: what was fitted to a wider line ends in an ellipsis."""
        if self._said is not None:
            self.show(*self._said)

    def show(
        self,
        status: LearnerStatus | None,
        threads: ThreadShare | None,
        doing: str,
        seconds: float,
        waiting: str,
        loops: str,
    ) -> None:
        """Draw the line; `doing` is empty while the worker is idle, `waiting` is next in line."""
        self._said = status, threads, doing, seconds, waiting, loops
        right = loops
        if doing:
            frame = SPINNER[int(seconds * 8) % len(SPINNER)]
            then = f", then {waiting}" if waiting else ""
            right = f"{frame} {doing} {seconds:.1f} s{then}  {loops}".rstrip()
        room = self.content_size.width - len(right) - 2
        lefts = describe_status(status, threads)
        left = next((words for words in lefts if len(words) <= room), lefts[-1])
        gap = 2 + max(0, room - len(left))
        line = f"{left}{' ' * gap}{right}"
        if line != self._line:
            self._line = line
            self.update(Content(line), layout=False)
