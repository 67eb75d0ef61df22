"""`tui-trainer tokens`: what the Tokens screen shows."""

import argparse
from collections.abc import Iterator

from tui_trainer.engine.start import make_engine
from tui_trainer.headless.arguments import (
    add_tokenizer_argument,
    model_choice,
    read_texts,
)
from tui_trainer.headless.output import Json, Output
from tui_trainer.headless.session import shown_progress
from tui_trainer.reports.tokens import Batch, Token, Tokenized
from tui_trainer.say import say
from tui_trainer.terminal_text import visible, visible_token
from tui_trainer.words.escapes import has_escapes, read_escapes
from tui_trainer.words.reading import describe_reading
from tui_trainer.words.table import TextColumn, table

COLUMNS = (
    TextColumn("position", 8),
    TextColumn("ID", 7),
    TextColumn("piece", 14, left=True),
    TextColumn("bytes", 0, left=True),
)
TEXT_SHOWN = 200
LEFT_AS_TYPED = (
    "\\n and \\t in a text are a backslash and a letter here: with --escapes a newline and a tab."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Tokenize each TEXT. Needs a tokenizer only, no weights. With --json, a line "
        "holds the row of input_ids and attention_mask that is this TEXT's; shape is that of the "
        "whole batch, which is this TEXT alone unless --batch is given."
    )
    parser.add_argument("texts", nargs="+", metavar="TEXT", help="a text; - reads standard input")
    add_tokenizer_argument(parser)
    parser.add_argument("--batch", action="store_true", help="pad the texts into one batch")
    parser.add_argument(
        "--padding-side",
        choices=("left", "right"),
        help="where the padding goes (right where this is not given); implies --batch",
    )
    parser.add_argument(
        "--escapes",
        action="store_true",
        help="read \\n in a TEXT as a newline, \\t as a tab, \\\\ as a backslash",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, output: Output) -> None:
    given = read_texts(arguments.texts)
    texts = [read_escapes(text) for text in given] if arguments.escapes else given
    source = model_choice(arguments).source
    side = arguments.padding_side
    with shown_progress() as progress:
        engine = make_engine(progress)
        engine.load_tokenizer(source)
    if not output.as_json and texts == given and any(map(has_escapes, given)):
        say(LEFT_AS_TYPED)
    if arguments.batch or side is not None:
        tokenized = [engine.tokenize(text, source) for text in texts]
        _write_batch(output, tokenized, engine.batch(tuple(texts), side or "right", source))
        return
    for number, text in enumerate(texts):
        _write_alone(output, engine.tokenize(text, source), first=number == 0)


def _write_alone(output: Output, tokenized: Tokenized, *, first: bool) -> None:
    if output.as_json:
        ones = [1] * len(tokenized.tokens)
        output.json(token_line(tokenized, tokenized.shape, tokenized.input_ids, ones))
        return
    if not first:
        output.text()
    output.text(visible(tokenized.text, limit=TEXT_SHOWN))
    output.text(f"shape {tokenized.shape}")
    if reading := describe_reading(tokenized):
        output.text(reading)
    for line in table(COLUMNS, (token_cells(token) for token in tokenized.tokens)):
        output.text(line)


def token_line(
    tokenized: Tokenized,
    shape: tuple[int, int],
    input_ids: tuple[int, ...],
    attention_mask: list[int] | tuple[int, ...],
) -> dict[str, Json]:
    """The JSON of one text; `input_ids[index]` is the ID of the token with that `index`."""
    # Padding on the left moves the tokens to the right.
    offset = attention_mask.index(1) if 1 in attention_mask else 0
    return {
        "text": tokenized.text,
        "shape": shape,
        "input_ids": input_ids,
        "attention_mask": attention_mask,
        "tokens": [
            {
                "index": offset + token.index,
                "id": token.id,
                "text": token.text,
                "bytes": token.bytes.hex(),
            }
            for token in tokenized.tokens
        ],
        "read_as": tokenized.read_as,
        "dropped": tokenized.dropped,
    }


def token_cells(token: Token) -> tuple[str, str, str, str]:
    return str(token.index), str(token.id), visible_token(token.text), token.bytes.hex(" ")


def _write_batch(output: Output, tokenized: list[Tokenized], batch: Batch) -> None:
    if not output.as_json:
        for line in batch_lines(tokenized, batch):
            output.text(line)
        return
    grids = batch.input_ids, batch.attention_mask, batch.position_ids, batch.labels
    for item, ids, mask, positions, labels in zip(tokenized, *grids, strict=True):
        fields = token_line(item, batch.shape, ids, mask)
        fields |= {"position_ids": positions, "labels": labels}
        output.json(fields)


def batch_lines(tokenized: list[Tokenized], batch: Batch) -> Iterator[str]:
    """The batch for people: the texts, then the grids with their columns lined up."""
    yield f"shape {batch.shape}, padded on the {batch.padding_side} with ID {batch.pad_id}"
    for number, item in enumerate(tokenized):
        yield f"{number}  {visible(item.text, limit=TEXT_SHOWN)}"
    grids = {
        "input_ids": batch.input_ids,
        "attention_mask": batch.attention_mask,
        "position_ids": batch.position_ids,
        "labels": batch.labels,
    }
    width = max((len(str(n)) for grid in grids.values() for row in grid for n in row), default=1)
    for name, grid in grids.items():
        yield name
        for row in grid:
            yield "  ".join(str(value).rjust(width) for value in row)
