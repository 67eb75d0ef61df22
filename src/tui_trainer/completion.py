"""A shell's completion of the command line, from the parser itself: shtab writes the script."""

import argparse
from collections.abc import Iterator
from functools import partial

import shtab

FILES = "FILE", "SOURCE", "M", "RUN"
"""What a flag takes, as its help has it, where that may be a file or a folder."""


def completion_script(parser: argparse.ArgumentParser, shell: str) -> str:
    """The script for `shell`: bash, zsh or fish."""
    for action in _actions(parser):
        if action.metavar in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # shtab's own
        elif isinstance(action.type, partial):  # of a setting: `add_setting`
            _, field = action.type.args
            action.choices = field.choices or None
    return shtab.complete(parser, shell).rstrip()


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Those of a parser and of its commands."""
    for action in parser._actions:  # argparse has no public name for them
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
