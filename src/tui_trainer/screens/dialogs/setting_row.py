"""A setting on a form: what is typed for it, and how that stands beside the preset."""

from tui_trainer.settings.fields import Kind, SettingField
from tui_trainer.words.searching import has_words
from tui_trainer.words.settings import shown_text
from tui_trainer.words.signs import DIFFERS, WARNING


class SettingRow:
    """One line of a form; `SettingRows` draws it."""

    def __init__(self, kind: type, field: SettingField, value: str) -> None:
        """`kind` is the dataclass that the setting is of; `value` is as it is typed."""
        self.field = field
        self._kind = kind
        self.typed = value
        self.differs = False
        """Whether it is not as the preset has it."""
        self.refused = ""
        """Why what is typed cannot be meant, in a sentence."""
        self.note = ""
        """What the preset has, or what it can be instead."""

    @property
    def words(self) -> tuple[str, ...]:
        """All that can be chosen; empty where it is typed."""
        return self.field.options

    @property
    def is_long(self) -> bool:
        """Whether it takes all the room that there is, as a path does."""
        return self.field.kind is Kind.TEXT and not self.words

    @property
    def value(self) -> str:
        """What is typed, without the blanks around it."""
        return self.typed.strip()

    @property
    def label(self) -> str:
        """Its name, after a sign where it differs."""
        return f"{DIFFERS.mark if self.differs else ' '} {self.field.label}"

    def take(self, value: str) -> None:
        """Another value, as it is typed; none that cannot be chosen."""
        if not self.words or value in self.words:
            self.typed = value

    def is_as_in(self, preset: object) -> bool:
        return self.value == self.field.typed(preset)

    def compare(self, preset: object) -> None:
        """With what `preset` has, and with what can be used at all."""
        self.differs = not self.is_as_in(preset)
        self.refused = self.field.refused(self._kind, self.value)
        allowed = self.field.range or ("a name" if self.is_long else self.field.kind.value)
        usual = shown_text(self.field.typed(preset)) or "empty"
        self.note = f"{WARNING.mark} {allowed}" if self.refused else usual

    def is_about(self, query: str) -> bool:
        """Whether each word stands in its name, its meaning, its choices or its group."""
        field = self.field
        told = field.label, field.option, field.meaning, field.more, field.group, *field.options
        return has_words(" ".join(told), query)
