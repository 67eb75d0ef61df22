"""`tui-trainer problems`: where question/answer items come from, and what one of them is."""

import argparse
from collections.abc import Iterator

from tui_trainer.engine.data.problems import ProblemSource, describe_problems, load_problems
from tui_trainer.engine.start import make_engine
from tui_trainer.errors import InputError
from tui_trainer.headless.arguments import (
    add_settings,
    add_tokenizer_argument,
    model_choice,
    whole,
)
from tui_trainer.headless.gsm8k import add_loop_arguments, read_arguments
from tui_trainer.headless.output import Json, Output
from tui_trainer.headless.rows import show_rows
from tui_trainer.headless.session import shown_progress
from tui_trainer.reports.items import ItemTokens
from tui_trainer.reports.problem import Problem, format_problem
from tui_trainer.settings.fields import fields_of
from tui_trainer.settings.model import ModelChoice
from tui_trainer.terminal_text import visible, visible_token
from tui_trainer.words.numbers import counted
from tui_trainer.words.table import TextColumn, table

COLUMNS = (
    TextColumn("--problems", 0, left=True),
    TextColumn("train", 6),
    TextColumn("test", 6),
    TextColumn("what", 0, left=True),
)
TOKEN_COLUMNS = (
    TextColumn("position", 8),
    TextColumn("ID", 7),
    TextColumn("token", 14, left=True),
    TextColumn("label", 14, left=True),
    TextColumn("counts", 6, left=True),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "List the kinds of source that --problems takes, with how many items they have "
        "for training and for testing where that is known; for a file, an example of its name. "
        "With --item, show one item of a source: its text as it is trained on, its tokens, and "
        "which of them the loss counts as labels. With --rows, show the rows of a step of gsm8k "
        "with these settings as the model gets them: token, position, mask, label and loss at each "
        "position, who sees whom, and the sum by hand that is the step's loss. The model makes the "
        "steps before and this one; nothing is saved. --rows 0 makes none and has no losses."
    )
    parser.add_argument("--item", type=whole, metavar="N", help="show this item, counted from 0")
    parser.add_argument(
        "--rows", type=whole, metavar="N", help="show the rows of step N, counted from 1"
    )
    add_tokenizer_argument(parser)
    of_rows = parser.add_argument_group("with --rows")
    names = (field.name for field in fields_of(ModelChoice) if field.name != "source")
    add_settings(of_rows, ModelChoice, *names)
    add_loop_arguments(of_rows)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, output: Output) -> None:
    if arguments.rows is not None:
        show_rows(arguments, output)
        return
    if arguments.item is not None:
        _show_item(arguments, output)
        return
    sources = describe_problems()
    if output.as_json:
        for source in sources:
            output.json(
                {
                    "problems": source.name,
                    "description": source.description,
                    "train_items": source.train_items,
                    "test_items": source.test_items,
                }
            )
        return
    for line in table(COLUMNS, (source_cells(source) for source in sources)):
        output.text(line)


def source_cells(source: ProblemSource) -> tuple[str, str, str, str]:
    return (
        visible(source.name),
        _count(source.train_items),
        _count(source.test_items),
        visible(source.description),
    )


def _count(items: int | None) -> str:
    return "-" if items is None else f"{items:,}"


# One item


def _show_item(arguments: argparse.Namespace, output: Output) -> None:
    number = arguments.item
    settings = read_arguments(arguments)
    model = model_choice(arguments).source
    if number < 0:
        raise InputError(f"Items are counted from 0, so there is no item {number}.")
    with shown_progress() as progress:
        problems = load_problems(
            settings.problems, limit=number + 1, seed=settings.seed, progress=progress
        )
        if number >= len(problems):
            raise InputError(
                f"{settings.problems} has {counted(len(problems), 'item')}, counted from 0: there "
                f"is no item {number:,}."
            )
        engine = make_engine(progress)
        item = engine.item(number, problems[number], settings, model)
    if output.as_json:
        output.json(item_line(problems[number], item))
        return
    for line in item_lines(item):
        output.text(line)


def item_line(problem: Problem, item: ItemTokens) -> dict[str, Json]:
    """The JSON of an item; the loss counts the tokens from `first_counted` on, as labels."""
    tokens = zip(item.ids, item.token_texts, strict=True)
    return {
        "item": item.problem,
        "question": problem.question,
        "answer": problem.answer,
        "text": format_problem(problem),
        "tokens": [{"index": n, "id": i, "text": text} for n, (i, text) in enumerate(tokens)],
        "answer_start": item.answer_start,
        "first_counted": item.first_counted,
        "counted": item.counted,
    }


def item_lines(item: ItemTokens) -> Iterator[str]:
    """The item for people."""
    yield visible(item.text, newline="\n")
    yield ""
    yield (
        f"item {item.problem:,}: {counted(len(item.ids), 'token')}, the answer from token "
        f"{item.answer_start}; the loss counts {counted(item.counted, 'label')}"
    )
    yield from table(TOKEN_COLUMNS, (token_cells(item, n) for n in range(len(item.ids))))


def token_cells(item: ItemTokens, position: int) -> tuple[str, ...]:
    label = position + 1
    has_label = label < len(item.ids)
    return (
        str(position),
        str(item.ids[position]),
        visible_token(item.token_texts[position]),
        visible_token(item.token_texts[label]) if has_label else "none",
        "" if not has_label else "yes" if label >= item.first_counted else "no",
    )
