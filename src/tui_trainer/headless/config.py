"""`tui-trainer config`: where config.toml is, what holds in the end, and what is wrong with it."""

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_trainer.configuration.kept import Kept, read_kept
from tui_trainer.configuration.layers import (
    Configuration,
    Given,
    Origin,
    Source,
    of_a_preset,
)
from tui_trainer.configuration.options import (
    KEYS,
    PROBLEMS,
    THEME,
    Option,
    options,
)
from tui_trainer.configuration.reading import (
    Wrong,
    config_file,
    look_at_configuration,
    read_configuration,
    refuse,
)
from tui_trainer.errors import InputError
from tui_trainer.headless.arguments import add_common_arguments, given_settings
from tui_trainer.headless.output import Json, Output
from tui_trainer.settings.fields import Value
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import PRESETS
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import counted
from tui_trainer.words.table import TextColumn, table

if TYPE_CHECKING:
    from collections.abc import Callable

    WrongFaces = Callable[[Configuration], list[Wrong]]

ACTIONS = {
    "path": "where config.toml is looked for, whether it is there or not",
    "show": "each setting, its value, and who says so",
    "check": "all that is wrong with it, a line each; also of profiles that nobody asked for",
}
COLUMNS = (
    TextColumn("setting", 0, left=True),
    TextColumn("value", 0, left=True),
    TextColumn("from", 0, left=True),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "What you set once: in config.toml, in a profile of it, in the environment. A flag is "
        "stronger than TUI_TRAINER_NAME in the environment, that than a profile, that than the "
        "file. Without an action, `show`."
    )
    parser.set_defaults(run=run, action="show", configuration=None)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    for name, summary in ACTIONS.items():
        description = f"{summary[0].upper()}{summary[1:]}."
        action = actions.add_parser(name, help=summary, description=description, allow_abbrev=False)
        add_common_arguments(action, nested=True)
        action.set_defaults(action=name)


def run(arguments: argparse.Namespace, output: Output) -> None:
    profile = getattr(arguments, "profile", None)
    if arguments.action == "path":
        write_path(output)
    elif arguments.action == "check":
        check(profile, arguments.wrong_faces, output)
    else:
        configuration = read_configuration(profile)
        refuse(arguments.wrong_faces(configuration))
        show(values(configuration, given_settings(ModelChoice, arguments), read_kept()), output)


def show(settings: "Iterable[Shown]", output: Output) -> None:
    """A line each."""
    if output.as_json:
        for setting in settings:
            output.json(setting.line)
    else:
        for line in table(COLUMNS, (setting.cells for setting in settings)):
            output.text(line)


def write_path(output: Output) -> None:
    path = config_file()
    if output.as_json:
        output.json({"path": str(path), "exists": path.exists()})
    else:
        output.text(visible(str(path)))


def check(profile: str | None, wrong_faces: "WrongFaces", output: Output) -> None:
    """All that is wrong, a line each, and InputError then; else that nothing is."""
    configuration, wrong = look_at_configuration(profile)
    wrong = [*wrong, *wrong_faces(configuration)]
    for one in wrong:
        if output.as_json:
            output.json(wrong_line(one))
        else:
            output.text(visible(f"{one}."))
    if wrong:
        raise InputError(f"{counted(len(wrong), 'setting')} cannot be taken, so that none is.")
    if not output.as_json:
        path, there = visible(str(config_file())), config_file().exists()
        told = f"{counted(len(configuration.given), 'setting')}, nothing wrong"
        output.text(f"{path}: {told}" if there else f"There is no {path}; {told}.")


def wrong_line(wrong: Wrong) -> dict[str, Json]:
    """The JSON of one thing that is wrong; line and column are null where it is in no file."""
    line, column = wrong.origin.position or (None, None)
    return {
        "source": wrong.origin.source.value,
        "name": ".".join(wrong.origin.path) or wrong.origin.name,
        "line": line,
        "column": column,
        "says": wrong.says,
    }


# What holds


@dataclass(frozen=True)
class Shown:
    """A setting, its value as config.toml has it, and who says so."""

    name: str
    value: Value
    origin: Origin

    @property
    def cells(self) -> tuple[str, str, str]:
        return self.name, visible(as_toml(self.value)), visible(self.origin.words)

    @property
    def line(self) -> dict[str, Json]:
        """The JSON of it."""
        position = self.origin.position
        return {
            "name": self.name,
            "value": self.value,
            "source": self.origin.source.value,
            "where": self.origin.name,
            "line": None if position is None else position[0],
        }


def as_toml(value: Value) -> str:
    """As it can be written into config.toml."""
    if isinstance(value, bool):
        return "true" if value else "false"
    # TOML's strings are JSON's.
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else f"{value}"


def values(configuration: Configuration, flags: Mapping[str, Value], kept: Kept) -> Iterator[Shown]:
    """Every setting; `flags` are those of the model that were given before the command."""
    for name, option in options().items():
        if name != PROBLEMS:  # it is told of what it stands for
            given = _flagged(option, flags) or configuration.given.get(name)
            given = given or usual(option, configuration, kept)
            yield Shown(name, option.shown(given.value), given.origin)
    for name in configuration.keys:
        given = configuration.given[f"{KEYS}.{name}"]
        yield Shown(f"{KEYS}.{name}", given.value, given.origin)


def _flagged(option: Option, flags: Mapping[str, Value]) -> Given | None:
    if option.kind is not ModelChoice or option.field.name not in flags:
        return None
    return Given(flags[option.field.name], Origin(Source.FLAG, option.field.option))


def usual(option: Option, configuration: Configuration, kept: Kept) -> Given:
    """What holds where nobody says anything of it: in the app, the theme that was picked there."""
    if option.name == THEME and kept.theme is not None:
        return Given(kept.theme, Origin(Source.KEPT, "picked in the app"))
    if option.kind is TrainSettings and of_a_preset(option.name):
        value = getattr(PRESETS[configuration.preset], option.field.name)
        if value != option.field.usual:
            return Given(value, Origin(Source.PRESET, configuration.preset))
    return Given(option.field.usual, Origin(Source.USUAL, "usual"))
