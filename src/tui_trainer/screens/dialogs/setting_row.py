"""One line of a form: a setting, its value, and what the preset has."""

from typing import ClassVar

from rich.segment import Segment
from textual.app import ComposeResult
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from tui_trainer.settings.fields import Kind, SettingField
from tui_trainer.widgets.cell_text import fit
from tui_trainer.widgets.chooser import Chooser
from tui_trainer.widgets.text_box import LineBox
from tui_trainer.words.searching import has_words
from tui_trainer.words.settings import shown_text
from tui_trainer.words.signs import DIFFERS, WARNING

NAME, EDITOR, NOTE = 20, 27, 13
"""Cells of the name, of a chooser or a number, and of the note beside a long text."""


class SettingRow(Widget):
    """A box to type in, or a chooser; what differs from the preset is marked, and so is what cannot
    be meant.

    It draws the name and the note itself: widgets for them would double the time in which a form
    of thirty opens.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"setting-row--name", "setting-row--note"}

    def __init__(self, kind: type, field: SettingField, value: str) -> None:
        """`kind` is the dataclass that the setting is of; `value` is as it is typed."""
        super().__init__(classes="-text" if field.kind is Kind.TEXT and not field.options else "")
        self.field = field
        self._kind = kind
        name, options = field.name, field.options
        self.editor: Chooser | LineBox = (
            Chooser(options, value, id=name) if options else LineBox(value, id=name)
        )
        self._words = self._note = ""
        self.refused = ""
        """Why what is typed cannot be meant, in a sentence."""

    def compose(self) -> ComposeResult:
        yield self.editor

    def render_line(self, y: int) -> Strip:  # noqa: ARG002 - it has one
        """Name and note, beside the editor, which lies on top."""
        end = self.size.width
        start = end - NOTE if self.has_class("-text") else NAME + EDITOR
        parts = ("name", self._words, start), ("note", self._note, max(0, end - start))
        return Strip(
            Segment(fit(text, cells), self.get_component_rich_style(f"setting-row--{part}"))
            for part, text, cells in parts
        )

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
        self._words = f"{DIFFERS.mark if differs else ' '} {self.field.label}"
        allowed = self.field.range or self.field.kind.value
        usual = shown_text(self.field.typed(preset)) or "empty"
        self._note = f"{WARNING.mark} {allowed}" if self.refused else usual
        self.refresh()

    def is_about(self, query: str) -> bool:
        """Whether each word stands in its name, its meaning, its choices or its group."""
        field = self.field
        told = field.label, field.option, field.meaning, field.more, field.group, *field.options
        return has_words(" ".join(told), query)
