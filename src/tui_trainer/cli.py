"""The command line. Importing it loads neither torch nor textual.

Without a command it opens the app; a command does the same work headless. Whatever goes wrong
is told here, in one line on standard error: exit status 2 for wrong usage or input, 1 for a
failure, 128 + n after signal n.
"""

import argparse
import gc
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from tui_trainer.errors import InputError
from tui_trainer.failures import describe_failure
from tui_trainer.headless.arguments import (
    add_common_arguments,
    add_debug_argument,
    add_model_arguments,
    add_profile_argument,
    given_settings,
    model_choice,
)
from tui_trainer.say import say
from tui_trainer.settings.model import ModelChoice
from tui_trainer.signals import Interrupted, exit_status

FAILED, WRONG_INPUT = 1, 2
SHELLS = "bash", "zsh", "fish"
PIPE_CLOSED = exit_status(signal.SIGPIPE)

ERROR_CHARACTERS = 1000
COMMANDS = {
    "tokens": ("tokens", "the token IDs, pieces and bytes of texts"),
    "predict": ("predict", "what a model predicts at each position of a text"),
    "loss": ("loss", "cross entropy of a row of logits and its label"),
    "step": ("step", "run the training cell on a text"),
    "gsm8k": ("gsm8k", "train on question/answer problems"),
    "eval": ("evaluation", "score greedy answers to held-out problems"),
    "evaluations": ("evaluations", "the evaluations on disk"),
    "bench": ("bench", "measure the training loops side by side on this machine"),
    "models": ("models", "the models that are on this machine"),
    "devices": ("devices", "the devices that a model can be put on"),
    "runs": ("runs", "the runs on disk"),
    "problems": ("problems", "what --problems takes, and its items"),
    "sessions": ("sessions", "the engines that go on, and ending one"),
    "attach": ("attach", "be back at an engine that goes on"),
    "config": ("config", "what you set once, and where it comes from"),
}
"""The module of each in `headless`, and what it does."""
NAMES = f"({', '.join(COMMANDS)})"
TERMINALS_WITHOUT_A_CURSOR = "dumb", "unknown"  # as in Emacs' shell, and some editors' consoles
DESCRIPTION = "Study how a language model is trained, by keypress, in a terminal."
EPILOG = "Without a command the app opens. 'tui-trainer COMMAND --help' explains a command."


class Parser(argparse.ArgumentParser):
    """argparse, with wrong usage told as all other wrong input is: in one line."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message} (see '{self.prog} --help')")


# argparse has no public name for it, and it takes no parameter at run time.
if TYPE_CHECKING:
    from tui_trainer.configuration.layers import Configuration
    from tui_trainer.configuration.reading import Wrong
    from tui_trainer.protocol.any_worker import MakeWorker
    from tui_trainer.session.start import Start

    SubParsersAction = argparse._SubParsersAction[Parser]
else:
    SubParsersAction = argparse._SubParsersAction


class Commands(SubParsersAction):
    """Imports the command that was asked for: all of them take longer than all else of `--help`."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[str] | None,
        option_string: str | None = None,
    ) -> None:
        assert isinstance(values, list)
        if values[0] in COMMANDS:
            add_arguments_of(values[0], self.choices[values[0]])
        super().__call__(parser, namespace, values, option_string)


def add_arguments_of(name: str, parser: argparse.ArgumentParser) -> None:
    """Those of a command, whose module is imported for that."""
    module, _ = COMMANDS[name]
    add_common_arguments(parser)
    import_module(f"tui_trainer.headless.{module}").add_arguments(parser)


class ShowVersion(argparse.Action):
    """`--version`, which looks the version up when it is asked for: that takes 40 ms."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from tui_trainer.versions import version_of  # noqa: PLC0415

        print(f"tui-trainer {version_of('tui-trainer')}")
        parser.exit()


class PrintCompletion(argparse.Action):
    """`--completion SHELL`: a script for that shell, of every command and every flag."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        _namespace: argparse.Namespace,
        values: str | Sequence[str] | None,
        _option_string: str | None = None,
    ) -> None:
        from tui_trainer.completion import completion_script  # noqa: PLC0415 - asked for once

        print(completion_script(make_parser(whole=True), str(values)))
        parser.exit()


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for; `run` is None where no command was given. InputError for wrong usage."""
    try:
        return make_app_parser(add_help=False).parse_args(argv)
    except InputError:  # there may be a command, and only the whole parser knows them
        return make_parser().parse_args(argv)


def make_app_parser(*, add_help: bool = True) -> Parser:
    """The arguments of the app alone; its help is of use where it lists the commands too."""
    parser = Parser(
        "tui-trainer",
        description=DESCRIPTION,
        epilog=EPILOG,
        allow_abbrev=False,
        add_help=add_help,
    )
    parser.set_defaults(run=None)
    parser.add_argument("--version", action=ShowVersion, nargs=0, help="print the version")
    parser.add_argument(
        "--completion",
        action=PrintCompletion,
        choices=SHELLS,
        metavar="SHELL",
        help=f"print a script that has {', '.join(SHELLS[:-1])} or {SHELLS[-1]} complete commands "
        "and flags",
    )
    add_debug_argument(parser)
    add_profile_argument(parser)
    add_model_arguments(parser)
    return parser


def make_parser(*, whole: bool = False) -> Parser:
    """The command line; `whole` with the arguments of every command, whose modules are imported."""
    parser = make_app_parser()
    commands = parser.add_subparsers(title="headless commands", metavar="COMMAND", action=Commands)
    for name, (_, summary) in COMMANDS.items():
        # Without abbreviations: a script's would break when a second option begins alike.
        command = commands.add_parser(name, help=summary, allow_abbrev=False)
        if whole:
            add_arguments_of(name, command)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program with `argv` (the process's own where None) and return its exit status."""
    _accept_every_character()
    debug = bool(os.environ.get("TUI_TRAINER_DEBUG"))
    try:
        arguments = parse(argv)
        debug = debug or "debug" in arguments
        return _run(arguments, debug=debug)
    except BrokenPipeError:
        return PIPE_CLOSED
    except KeyboardInterrupt as interrupt:
        number = interrupt.number if isinstance(interrupt, Interrupted) else signal.SIGINT
        by_hand = number == signal.SIGINT
        say("Interrupted." if by_hand else f"Ended by {signal.Signals(number).name}.")
        return exit_status(number)
    except InputError as error:
        say(str(error), ERROR_CHARACTERS)
        return WRONG_INPUT
    except Exception as error:
        if debug:
            traceback.print_exc()
        say(describe_failure(error).sentence, ERROR_CHARACTERS)
        return FAILED
    finally:
        _end_stdout()


def _run(arguments: argparse.Namespace, *, debug: bool) -> int:
    if "configuration" not in arguments:
        from tui_trainer.configuration.reading import read_configuration  # noqa: PLC0415 - as below

        arguments.configuration = read_configuration(getattr(arguments, "profile", None))
    if arguments.run is None or "session" in arguments:
        return _open_app(arguments)
    arguments.wrong_faces = _wrong_faces
    from tui_trainer.headless import interrupts  # noqa: PLC0415 - as the commands are
    from tui_trainer.headless.output import Output  # noqa: PLC0415
    from tui_trainer.headless.session import quiet_libraries  # noqa: PLC0415

    output = Output(sys.stdout, as_json=arguments.json)
    with interrupts.heard(), quiet_libraries(debug=debug):
        arguments.run(arguments, output)
    return 0


def _open_app(arguments: argparse.Namespace) -> int:
    choice = model_choice(arguments)
    # The app reads keys from one and draws on the other; elsewhere it would print escapes and spin.
    for name, stream in (("input", sys.stdin), ("error", sys.stderr)):
        if stream is None or not stream.isatty():
            raise InputError(
                f"Standard {name} is not a terminal, which the app needs: use a headless command "
                f"{NAMES} instead."
            )
    if (kind := os.environ.get("TERM")) in TERMINALS_WITHOUT_A_CURSOR:
        raise InputError(
            f"TERM is {kind}: nothing can be drawn on such a terminal. Use a headless command "
            f"{NAMES} instead, or tell what terminal it is (export TERM=xterm-256color)."
        )
    # All that is made up to the first frame stays, and collecting among it delays that frame by 5%.
    # The worker enables it again once the engine is imported.
    gc.disable()
    from tui_trainer.run_app import run_app  # noqa: PLC0415 - a command does without textual

    start = _start(arguments)
    idle = start.configuration.idle_minutes
    session = getattr(arguments, "session", None)
    make_worker, attaches = _worker(
        session, idle, offers=not given_settings(ModelChoice, arguments)
    )
    return run_app(choice, make_worker, start, attaches=attaches)


def _worker(session: str | None, idle_minutes: float, *, offers: bool) -> "tuple[MakeWorker, bool]":
    """In a process of its own, begun or found; in this one where there is no place for a socket.
    And whether it was found. InputError where it is not.

    `offers` to be back at one that was left, where none is named.
    """
    from tui_trainer.link.attach import Attach  # noqa: PLC0415 - as the app
    from tui_trainer.link.place import sockets  # noqa: PLC0415
    from tui_trainer.remote_worker import RemoteWorker  # noqa: PLC0415

    if session is None:
        try:
            there = sockets()
        except InputError as error:
            say(f"{error} Until then the engine is part of this process, and ends with it.")
            return _in_this_process(), False
        if there and offers:
            from tui_trainer.headless.coming_back import offered  # noqa: PLC0415 - as below

            session = offered()
    if session is None:
        return partial(RemoteWorker, Attach(idle_minutes=idle_minutes)), False
    from tui_trainer.link.finding import find  # noqa: PLC0415 - it reads what crosses

    return partial(RemoteWorker, Attach(find(session))), True


def _in_this_process() -> "MakeWorker":
    from tui_trainer.engine.start import make_engine  # noqa: PLC0415 - as the app
    from tui_trainer.worker import in_this_process  # noqa: PLC0415

    return in_this_process(make_engine)


def _start(arguments: argparse.Namespace) -> "Start":
    """What was set once and kept from last time; InputError for a theme or a key there is not."""
    from tui_trainer.configuration.kept import read_kept  # noqa: PLC0415 - of no use to a command
    from tui_trainer.configuration.reading import refuse  # noqa: PLC0415
    from tui_trainer.session.start import Start  # noqa: PLC0415

    configuration: Configuration = arguments.configuration
    if configuration.theme is not None or configuration.keys:
        refuse(_wrong_faces(configuration))
    names_model = "source" in arguments or configuration.names_model
    return Start(configuration, read_kept(), names_model=names_model)


def _wrong_faces(configuration: "Configuration") -> "list[Wrong]":
    """The themes and keys that there are not; a command has no face, and only asks for it."""
    from tui_trainer.face import wrong_faces  # noqa: PLC0415 - which imports all screens

    return wrong_faces(configuration)


def _accept_every_character() -> None:
    """In a terminal that is not UTF-8, write as an escape what it cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _end_stdout() -> None:
    """Drop what a closed pipe or a full disk did not take: the interpreter would fail on it."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
