"""What the browser of items says: which are found, and what one of them is; no widget."""

from collections.abc import Sequence

from tui_trainer.reports.items import ItemTokens
from tui_trainer.reports.problem import Problem, format_problem
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.cell_text import piece
from tui_trainer.widgets.line_table import Column
from tui_trainer.words.numbers import counted

ITEM_COLUMNS = (Column("item", 7, right=True), Column("question", 20, share=1))
TOKEN_COLUMNS = (
    Column("#", 4, right=True),
    Column("ID", 7, right=True),
    Column("token", 12, share=1),
    Column("label: the next token", 21, share=1),
    Column("", 16),
)
QUESTION_SHOWN = 300  # characters of it in a line of the list


def searchable(problems: Sequence[Problem]) -> tuple[str, ...]:
    """What is searched in: the formatted texts, case set aside."""
    return tuple(format_problem(problem).casefold() for problem in problems)


def found(texts: Sequence[str], query: str) -> tuple[int, ...]:
    """The items that have `query` in their text, in order; one whose number it is comes first."""
    words = query.strip().casefold()
    number = int(words) if words.isascii() and words.isdigit() and len(words) < 10 else -1
    first = (number,) if 0 <= number < len(texts) else ()
    return (*first, *(n for n, text in enumerate(texts) if words in text and n != number))


def item_cells(problems: Sequence[Problem], index: int) -> tuple[str, str]:
    return f"{index:,}", visible(problems[index].question, limit=QUESTION_SHOWN)


def describe_items(source: str, items: int, matches: int, settings: TrainSettings) -> str:
    """How many there are and were found, and which of them a run takes."""
    taken = min(settings.items, items)
    told = f"{counted(items, 'item')} of {source} · a run takes 0 to {taken - 1:,}"
    return told if matches == items else f"{told} · {matches:,} found"


def describe_size(item: ItemTokens) -> str:
    return f"{len(item.ids):,}, the answer from {item.answer_start:,} on"


def describe_counted(item: ItemTokens) -> str:
    """What the loss counts of it."""
    kind = "the tokens of the answer" if item.first_counted > 1 else "every token but the first"
    cut = " · cut to the model's context or row" if item.truncated else ""
    return f"the loss counts {counted(item.counted, 'label')}: {kind}{cut}"


def token_cells(item: ItemTokens, row: int) -> tuple[str, ...]:
    """A position: its token, its label, and whether the loss counts that."""
    label = row + 1
    has_label = label < len(item.ids)
    counts = "counts" if has_label and label >= item.first_counted else "does not count"
    return (
        str(row),
        str(item.ids[row]),
        piece(item.token_texts[row]),
        f"{item.ids[label]} {piece(item.token_texts[label])}" if has_label else "none",
        counts if has_label else "",
    )
