"""Settings in words: what each means, and its value in a few characters."""

from tui_trainer.settings.fields import SettingField
from tui_trainer.terminal_text import visible_source

LABEL_WIDTH = 18


def describe_field(field: SettingField, preset: str, value: str) -> tuple[str, ...]:
    """A line each: what a setting means, what it can be and what a preset has for it, when a change
    of it takes effect, and what more there is to know."""
    beside = "" if value == field.none_is else f"{preset}: {shown_text(value) or 'empty'}"
    flag = "" if field.flag is None else field.option
    return (
        f"{field.label}: {field.meaning}.",
        " · ".join(filter(None, (field.allowed, beside, flag))),
        f"A change takes effect {field.takes_effect}.",
        field.more.replace("`", ""),
    )


def shown(field: SettingField, settings: object) -> str:
    """One setting in a few characters."""
    return shown_text(field.typed(settings))


def shown_text(text: str) -> str:
    """A setting's text in a few characters; of a long path the end says most."""
    return visible_source(text, 30)
