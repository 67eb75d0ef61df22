"""One line of a form: a setting, its value, and what the preset has."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from tui_trainer.settings.fields import Kind, SettingField
from tui_trainer.widgets.chooser import Chooser
from tui_trainer.widgets.text_box import LineBox
from tui_trainer.words.settings import LABEL_WIDTH, shown_text
from tui_trainer.words.signs import DIFFERS, WARNING


class SettingRow(Horizontal):
    """A box to type in, or a chooser; what differs from the preset is marked, and so is what cannot
    be meant."""

    def __init__(self, kind: type, field: SettingField, value: str) -> None:
        """`kind` is the dataclass that the setting is of; `value` is as it is typed."""
        super().__init__(classes="-text" if field.kind is Kind.TEXT else "")
        self.field = field
        self._kind = kind
        name, options = field.name, field.options
        self.editor: Chooser | LineBox = (
            Chooser(options, value, id=name) if options else LineBox(value, id=name)
        )
        self._label = Static(classes="label")
        self._note = Static(classes="preset", id=f"{name}-preset")
        self.refused = ""
        """Why what is typed cannot be meant, in a sentence."""

    def compose(self) -> ComposeResult:
        yield self._label
        yield self.editor
        yield self._note

    @property
    def value(self) -> str:
        """What is typed."""
        return self.editor.value if isinstance(self.editor, Chooser) else self.editor.value.strip()

    def take(self, value: str) -> None:
        """Another value, as it is typed."""
        if isinstance(self.editor, Input) or value in self.editor.words:
            self.editor.value = value

    def is_as_in(self, preset: object) -> bool:
        return self.value == self.field.typed(preset)

    def tell(self, preset: object) -> None:
        """Mark it where it is not as in `preset`, or not to be used."""
        self.refused = self.field.refused(self._kind, self.value)
        differs = not self.is_as_in(preset)
        self.set_class(differs, "-differs")
        self.set_class(bool(self.refused), "-refused")
        label = f"{DIFFERS.mark if differs else ' '} {self.field.label}"
        self._label.update(Content(f"{label:<{LABEL_WIDTH + 2}}"), layout=False)
        usual = shown_text(self.field.typed(preset)) or "empty"
        range_ = f"{WARNING.mark} {self.field.range or self.field.kind.value}"
        self._note.update(Content(range_ if self.refused else usual), layout=False)

    def is_about(self, words: Sequence[str]) -> bool:
        """Whether each of `words` stands in its name, its meaning, its choices or its group."""
        field = self.field
        told = field.label, field.option, field.meaning, field.more, field.group, *field.options
        text = " ".join(told).lower()
        return all(word in text for word in words)
