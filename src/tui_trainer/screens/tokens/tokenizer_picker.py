"""Pick the second tokenizer of a comparison."""

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui_trainer.protocol.models import FindModels
from tui_trainer.screens.dialog import Dialog
from tui_trainer.screens.dialogs.model_picker import describe_option
from tui_trainer.session.session import Session
from tui_trainer.widgets.keys import go_back
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.refusal import Refusal
from tui_trainer.widgets.text_box import LineBox


class TokenizerPicker(Dialog[str | None]):
    """Gives back a source, or None where the user escaped."""

    BINDINGS: ClassVar[list[BindingType]] = [go_back()]

    def __init__(self, session: Session, source: str) -> None:
        super().__init__()
        self._session = session
        self._source = source
        self._first = session.choice.source
        self._sources: list[str] = []

    def compose(self) -> ComposeResult:
        hint = "enter loads · tab next · escape goes back"
        with Panel(title="second tokenizer", hint=hint, classes="dialog wide"):
            yield Static("On this machine (enter picks one)", classes="hint")
            yield OptionList(id="tokenizers", compact=True)
            yield Static("or a directory, a .gguf file, or a Hub id", classes="hint")
            yield LineBox(self._source, placeholder="Qwen/Qwen3-1.7B-Base", id="source")
            yield Refusal()
            yield Static("No weights are loaded.", classes="hint")

    def on_mount(self) -> None:
        self.query_one("#tokenizers").focus()
        self._look_around()

    @work
    async def _look_around(self) -> None:
        options = self.query_one("#tokenizers", OptionList)
        options.loading = True
        found = await self._session.ask(FindModels())
        options.loading = False
        if found and (models := found[0]):
            self._sources = [option.source for option in models]
            options.add_options([Option(Content(describe_option(option))) for option in models])
            others = [n for n, source in enumerate(self._sources) if source != self._first]
            options.highlighted = others[0] if others else 0
            options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._sources[event.option_index])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if source := event.value.strip():
            self.dismiss(source)
        else:
            self.query_one(Refusal).say(
                "Name a tokenizer: builtin, a directory, a .gguf file or a Hub id."
            )
