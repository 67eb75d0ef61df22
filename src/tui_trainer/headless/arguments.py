"""Arguments that several commands share, and what they mean."""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from tui_trainer.errors import InputError
from tui_trainer.settings.fields import Kind, SettingField, Value, field_of, fields_of
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.typed_numbers import read_number, read_whole

if TYPE_CHECKING:
    from tui_trainer.configuration.layers import Configuration

    Flags = argparse.ArgumentParser | argparse._ArgumentGroup
    # What `add_subparsers` gives; it has no public name and takes no parameter at run time.
    Actions = argparse._SubParsersAction[argparse.ArgumentParser]

Read = TypeVar("Read")
Settings = TypeVar("Settings")


def add_common_arguments(parser: argparse.ArgumentParser, *, nested: bool = False) -> None:
    """Those that every command has. Those of a `nested` one, `runs show`, may stand before its name
    too."""
    parser.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS if nested else False,
        help="print one JSON object a line",
    )
    add_debug_argument(parser)
    add_profile_argument(parser)


def add_action(actions: "Actions", name: str, summary: str, run: object) -> argparse.ArgumentParser:
    """A nested command, `runs show`; `run` is what it does, as for a command."""
    description = f"{summary[0].upper()}{summary[1:]}."
    parser = actions.add_parser(name, help=summary, description=description, allow_abbrev=False)
    add_common_arguments(parser, nested=True)
    parser.set_defaults(run=run)
    return parser


def whole(text: str) -> int:
    """The `type` of an argument that takes a whole number."""
    return typed(lambda: read_whole(text, "it"))


def number(text: str) -> float:
    """The `type` of an argument that takes a number."""
    return typed(lambda: read_number(text, "it", "0.5"))


def typed(read: Callable[[], Read]) -> Read:
    """What `read` gives; where that is nothing, argparse tells of which argument."""
    try:
        return read()
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


# Settings


def add_settings(parser: "Flags", kind: type, *names: str) -> None:
    """A flag for each setting of a dataclass, or of those of these names."""
    for field in fields_of(kind):
        if field.flag is not None and (not names or field.name in names):
            add_setting(parser, kind, field)


def add_setting(parser: "Flags", kind: type, field: SettingField, *more: str) -> None:
    """The flag of a setting, and `more` names of it; without it the usual value holds."""
    how: dict[str, Any] = {"dest": field.name, "default": argparse.SUPPRESS}
    if field.kind is not Kind.YES_NO:
        how |= {"type": partial(read_flag, kind, field), "metavar": field.metavar}
    elif field.flag:
        how |= {"action": "store_const", "const": not field.usual}
    else:
        how |= {"action": argparse.BooleanOptionalAction}
    parser.add_argument(field.option, *more, help=help_of(field), **how)


def help_of(field: SettingField) -> str:
    """What a setting means, with its usual value; a switch says what it does."""
    usual = field.as_typed(field.usual)
    if field.kind is Kind.YES_NO or not usual:
        return field.flag_meaning or field.meaning
    return f"{field.meaning} ({usual})"


def read_flag(kind: type, field: SettingField, text: str) -> Value:
    """The value that a flag was given, if its dataclass takes it."""

    def read() -> Value:
        value = field.read(text)
        kind(**{field.name: value})
        return value

    return typed(read)


def given_settings(kind: type, arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings of a dataclass that were given by a flag, by name."""
    given = vars(arguments)
    return {field.name: given[field.name] for field in fields_of(kind) if field.name in given}


def read_settings(kind: type[Settings], arguments: argparse.Namespace) -> Settings:
    """What flags and configuration say of a dataclass; InputError where that cannot be meant."""
    return kind(**(configured(arguments).values(kind) | given_settings(kind, arguments)))


def configured(arguments: argparse.Namespace) -> "Configuration":
    """What the user set once, which flags come on top of."""
    from tui_trainer.configuration.layers import Configuration  # noqa: PLC0415 - not for `--help`

    found: Configuration = getattr(arguments, "configuration", None) or Configuration()
    return found


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """`--model` and where and how to load it; values given before the command stay in force."""
    add_settings(parser.add_argument_group("model"), ModelChoice)


def add_tokenizer_argument(parser: argparse.ArgumentParser) -> None:
    """`--model` of a command for which its tokenizer is enough."""
    add_setting(parser, ModelChoice, field_of(ModelChoice, "source"), "--tokenizer")


def model_choice(arguments: argparse.Namespace) -> ModelChoice:
    """The model that was asked for; InputError where the choice cannot be meant."""
    return read_settings(ModelChoice, arguments)


# All else


def add_debug_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--debug",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print the traceback of a failure (or set TUI_TRAINER_DEBUG=1)",
    )


def add_profile_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile",
        metavar="NAME",
        default=argparse.SUPPRESS,
        help="take [profiles.NAME] of config.toml too (or set TUI_TRAINER_PROFILE=NAME)",
    )


def read_texts(texts: list[str]) -> list[str]:
    """The texts given, with standard input in the place of `-`, byte for byte, as UTF-8."""
    if texts.count("-") > 1:
        raise InputError("Standard input can be read once only: give `-` for one text.")
    return [_read_stdin() if text == "-" else text for text in texts]


def _read_stdin() -> str:
    if sys.stdin is None:
        raise InputError("Standard input is closed: give the text as an argument.")
    data = sys.stdin.buffer.read()
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"Standard input is not UTF-8 text at byte {error.start + 1}: convert it first."
        ) from None
