"""The line at the bottom: which model, how far from its loaded weights, what is being done."""

from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.models import LearnerStatus
from tui_trainer.terminal_text import visible_source
from tui_trainer.words.numbers import counted, short_count
from tui_trainer.words.precision import describe_precision

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


def describe_status(status: LearnerStatus | None) -> tuple[str, ...]:
    """The model, where it is, and how far its weights are from the loaded ones.

    In full first, then with less, for a line that has to tell of more.
    """
    if status is None:
        return ("no model yet",)
    model = status.model
    name = f"{visible_source(model.name, 24)} {short_count(model.parameters)}"
    where = f"{model.device} {describe_precision(model.device, model.precision)}"
    if not status.updates and not status.unsaved:
        return f"{name} · {where} · as loaded", f"{name} · as loaded"
    state = f"{counted(status.updates, 'update')} from loaded"
    if not status.unsaved:
        return (
            f"{name} · {where} · {state}, R reloads",
            f"{name} · {where} · {state}",
            f"{name} · {state}",
        )
    unsaved = f"unsaved: {counted(status.unsaved, 'update')}"
    return (
        f"{name} · {where} · {state}, R reloads · {unsaved}",
        f"{name} · {where} · {state} · {unsaved}",
        f"{name} · {state} · {unsaved}",
        f"{name} · {unsaved}",
    )


class StatusLine(Static):
    """Docked above the footer on every screen."""

    _said: tuple[LearnerStatus | None, str, float, str, str] | None = None
    _line = ""

    def on_resize(self) -> None:
        """Cut for another width at once: what was fitted to a wider line ends in an ellipsis."""
        if self._said is not None:
            self.show(*self._said)

    def show(
        self, status: LearnerStatus | None, doing: str, seconds: float, waiting: str, loops: str
    ) -> None:
        """Draw the line; `doing` is empty while the worker is idle, `waiting` is next in line."""
        self._said = status, doing, seconds, waiting, loops
        right = loops
        if doing:
            frame = SPINNER[int(seconds * 8) % len(SPINNER)]
            then = f", then {waiting}" if waiting else ""
            right = f"{frame} {doing} {seconds:.1f} s{then}  {loops}".rstrip()
        room = self.content_size.width - len(right) - 2
        lefts = describe_status(status)
        left = next((words for words in lefts if len(words) <= room), lefts[-1])
        gap = 2 + max(0, room - len(left))
        line = f"{left}{' ' * gap}{right}"
        if line != self._line:
            self._line = line
            self.update(Content(line), layout=False)
