"""Arguments that several commands share, and what they mean."""

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tui_trainer.errors import InputError
from tui_trainer.settings.train import ModelChoice, read_dropout, read_lr
from tui_trainer.settings.typed_numbers import read_number, read_whole

if TYPE_CHECKING:
    # What `add_subparsers` gives; it has no public name and takes no parameter at run time.
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

Value = TypeVar("Value")
MODEL_HELP = (
    "builtin (the default), a directory in Hugging Face format, a .gguf file, a Hub id, smollm2, "
    "or random:SHAPE (random:qwen3-1.7b) for random weights"
)


def add_command(
    commands: "Commands", name: str, summary: str, description: str, *, nested: bool = False
) -> argparse.ArgumentParser:
    """A command's parser, with the arguments that every command has.

    Those of a `nested` one, `runs show`, may stand before its name too.
    """
    parser = commands.add_parser(
        name,
        help=summary,
        description=description,
        allow_abbrev=False,  # a script's would break when a second option begins alike
    )
    parser.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS if nested else False,
        help="print one JSON object a line",
    )
    add_debug_argument(parser)
    return parser


def whole(text: str) -> int:
    """The `type` of an argument that takes a whole number."""
    return typed(lambda: read_whole(text, "it"))


def number(text: str) -> float:
    """The `type` of an argument that takes a number."""
    return typed(lambda: read_number(text, "it", "0.5"))


def learning_rate(text: str) -> float:
    """The `type` of an argument that takes a learning rate."""
    return typed(lambda: read_lr(text))


def dropout(text: str) -> float:
    """The `type` of an argument that takes a dropout probability."""
    return typed(lambda: read_dropout(text))


def typed(read: Callable[[], Value]) -> Value:
    """What `read` gives; where that is nothing, argparse tells of which argument."""
    try:
        return read()
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """`--model` and where and how to load it; values given before the command stay in force."""
    group = parser.add_argument_group("model")
    group.add_argument("--model", metavar="M", default=argparse.SUPPRESS, help=MODEL_HELP)
    group.add_argument(
        "--device",
        metavar="D",
        default=argparse.SUPPRESS,
        help="auto (the default: the GPU with the most free memory, else the CPU), cpu, cuda, "
        "cuda:N",
    )
    group.add_argument(
        "--precision",
        metavar="P",
        default=argparse.SUPPRESS,
        help="auto (the default), fp32, mixed (fp32 weights, bf16 compute), bf16, "
        "or bf16-sr (bf16, an update rounded by chance so that small steps count)",
    )
    group.add_argument(
        "--trust-remote-code",
        action="store_true",
        default=argparse.SUPPRESS,
        help="run Python code that comes with the model. It can do whatever you can do on this "
        "machine, reading and deleting your files included: only for authors you trust",
    )


def add_debug_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--debug",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print the traceback of a failure (or set TUI_TRAINER_DEBUG=1)",
    )


def model_choice(arguments: argparse.Namespace) -> ModelChoice:
    """The model that was asked for; InputError where the choice cannot be meant."""
    given = vars(arguments)
    fields = {
        "source": given.get("model"),
        "device": given.get("device"),
        "precision": given.get("precision"),
    }
    chosen = {name: value for name, value in fields.items() if value is not None}
    return ModelChoice(**chosen, remote_code=given.get("trust_remote_code", False))


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
