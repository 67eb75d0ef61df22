"""`tui-trainer models`: the models that are on this machine already."""

import argparse

from tui_trainer.engine.start import make_engine
from tui_trainer.headless.output import Output
from tui_trainer.headless.session import shown_progress
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import byte_count
from tui_trainer.words.table import TextColumn, table

COLUMNS = (
    TextColumn("--model", 0, left=True),
    TextColumn("size", 8),
    TextColumn("what", 0, left=True),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "List the models that are on this machine already: built in, installed, or in "
        "the Hub cache. --model also takes a directory, a .gguf file and any Hub id."
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace, output: Output) -> None:
    with shown_progress() as progress:
        models = make_engine(progress).models()
    if output.as_json:
        for model in models:
            output.json(
                {"model": model.source, "description": model.description, "bytes": model.bytes}
            )
        return
    cells = ((visible(m.source), byte_count(m.bytes), visible(m.description)) for m in models)
    for line in table(COLUMNS, cells):
        output.text(line)
