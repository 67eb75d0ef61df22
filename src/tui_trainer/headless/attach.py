"""`tui-trainer attach`: the app again, at an engine that goes on without a view, or with others."""

import argparse

from tui_trainer.headless.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Open the app at an engine that goes on: after a detach (D), a closed terminal, or beside "
        "another view of it."
    )
    parser.set_defaults(run=opens_the_app)
    parser.add_argument(
        "session",
        metavar="NAME",
        nargs="?",
        default="",
        help="as 'sessions' lists it; may be left out where there is one",
    )


def opens_the_app(_arguments: argparse.Namespace, _output: Output) -> None:
    """The command line does, as without a command: nothing of this is headless."""
    raise AssertionError("a session is attached to by the app")
