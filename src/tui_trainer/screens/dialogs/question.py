"""A question with a few answers, each a key."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Key
from textual.widgets import Button, Static

from tui_trainer.screens.dialog import Dialog
from tui_trainer.session.questions import Question
from tui_trainer.widgets.keys import go_back
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.signs import WARNING


class QuestionDialog(Dialog[str | None]):
    """Asks, and gives back the key of the answer; None where the user escaped.

    The first answer has the focus, so that enter gives it: it is the one that loses nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [go_back()]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        title = Content.assemble(WARNING.said("question"))
        with Panel(title=title, hint="escape goes back", classes="dialog"):
            yield Static(Content(self._question.words))
            with Horizontal(classes="answers"):
                for answer in self._question.answers:
                    label = Content(f"{answer.key} {answer.label}")
                    yield Button(label, id=f"answer-{answer.key}", compact=True)

    def on_key(self, event: Key) -> None:
        if event.character in {answer.key for answer in self._question.answers}:
            event.stop()
            self.dismiss(event.character)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss((event.button.id or "").removeprefix("answer-"))
