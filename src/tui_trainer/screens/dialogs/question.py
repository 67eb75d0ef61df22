"""A question with a few answers, each a key."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.widgets import Button, Static

from tui_trainer.screens.dialog import Dialog
from tui_trainer.session.questions import Question
from tui_trainer.widgets.keys import MOVE, go_back, key
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.signs import WARNING

KEYS = "enter takes it · ↑↓ · escape goes back"


class QuestionDialog(Dialog[str | None]):
    """Asks, and gives back the key of the answer; None where the user escaped.

    The first answer has the focus, so that enter gives it: it is the one that loses nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        go_back(),
        key("down,right", "app.focus_next", "next answer", "The next answer", MOVE, id="next"),
        key("up,left", "app.focus_previous", "answer before", "The one before", MOVE, id="before"),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        asked, why = self._question.parts
        title = Content.assemble(WARNING.said(asked or "question"))
        with Panel(title=title, hint=KEYS, classes="dialog"):
            yield Static(Content(why or asked))
            with Vertical(classes="answers"):
                for answer in self._question.answers:
                    label = Content.assemble((answer.key, "bold $data"), f" {answer.label}")
                    yield Button(label, id=f"answer-{answer.key}", compact=True)

    def on_key(self, event: Key) -> None:
        if event.character in {answer.key for answer in self._question.answers}:
            event.stop()
            self.dismiss(event.character)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss((event.button.id or "").removeprefix("answer-"))
