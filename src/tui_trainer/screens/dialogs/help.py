"""`?`: what to do on the screen, what it shows, and each of its keys."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_trainer.screens.dialog import Dialog
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.guide import TASKS, Task, describe_tasks
from tui_trainer.widgets.keys import by_group, key
from tui_trainer.widgets.screen_tabs import SCREENS


class HelpDialog(Dialog[None]):
    """Tells of the screen beneath it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("escape,question_mark,q,enter", "dismiss", "close", "Close the sheet", id="close"),
    ]

    def __init__(self, screen: WorkScreen) -> None:
        super().__init__()
        self._session = screen.session
        self._tasks = TASKS.get(screen.NAME, ())
        self._about = unwrap(screen.HELP)
        self._title = SCREENS[screen.NAME][1]
        self._keys = describe_keys(screen)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Static(Content(self._title), classes="heading above")
            with VerticalScroll():
                if self._tasks:
                    yield Static(Content("Do now"), classes="heading")
                    yield Static(id="tasks")
                yield Static(Content(self._about))
                yield Static(Content("\nKeys"), classes="heading")
                yield Static(Content(self._keys))
                yield Static(Content("\nEverywhere"), classes="heading")
                yield Static(Content(EVERYWHERE))
            yield Static("escape closes", classes="hint below")

    def on_mount(self) -> None:
        self._session.task_done.subscribe(self, self._show_tasks)
        self._show_tasks()

    def _show_tasks(self, _done: Task | None = None) -> None:
        """A loop that goes on under the dialog can do one."""
        lines = describe_tasks(self._tasks, self._session.guide.done)
        for tasks in self.query("#tasks").results(Static):
            tasks.update(Content(f"{lines}\n"))


EVERYWHERE = """\
1 to 6          the screens; with alt, also from inside a text box
escape, enter   leave the text box, go back in
m               another model, device or precision
R               the loaded weights again
ctrl+p          every command by name, and the themes (light and dark)
ctrl+z          to the shell, and back with fg; in a text box it undoes
?               this help
q               quit; asks while a loop trains"""


def unwrap(text: str) -> str:
    """One line for each paragraph: the dialog breaks them where it must."""
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))


def describe_keys(screen: WorkScreen) -> str:
    """A line for each key that belongs to the screen itself."""
    active = (one for one in screen.active_bindings.values() if one.node is screen)
    told = [one for group in by_group(active).values() for one in group]
    return "\n".join(f"{screen.app.get_key_display(one.binding):<15} {one.tooltip}" for one in told)
