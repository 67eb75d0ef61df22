"""An evaluation for people: how it asked, a line an item, and its scores."""

from collections.abc import Iterator

from tui_trainer.reports.evaluated_items import EvaluatedItem
from tui_trainer.reports.evaluation import ComparedItem, EvaluationReport
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import counted, per_second, seconds_of
from tui_trainer.words.runs import describe_run_step
from tui_trainer.words.scores import describe_outcomes, describe_score, item_cells
from tui_trainer.words.table import TextColumn

COLUMNS = (
    TextColumn("item", 6),
    TextColumn("outcome", 7, left=True),
    TextColumn("strict", 10),
    TextColumn("flexible", 10),
    TextColumn("expected", 10),
    TextColumn("tokens", 6),
    TextColumn("ended by", 0, left=True),
)
NUMBER_CHARACTERS = 16


def describe_settings(settings: EvaluationSettings) -> str:
    return (
        f"{visible(settings.problems)}: {settings.prompt}, greedy, at most "
        f"{counted(settings.max_tokens, 'token')}"
    )


def describe_weights(report: EvaluationReport) -> str:
    """How far they were from the loaded ones, and the step of a run that left them."""
    after = f"after {counted(report.updates, 'update')}"
    return after if report.left_by is None else f"{after}, {describe_run_step(report.left_by)}"


def item_row(item: EvaluatedItem, compared: ComparedItem | None) -> tuple[str, ...]:
    *cells, ended = item_cells(item, NUMBER_CHARACTERS)
    return *cells, ended if compared is None else f"{ended}, {compared.change.value}"


def score_lines(report: EvaluationReport) -> Iterator[str]:
    found = report.tally
    pace = per_second(report.tokens, report.seconds)
    some = "" if len(report.items) == report.total else f"{len(report.items):,} of "
    yield (
        f"{some}{counted(report.total, 'item')}, {counted(report.tokens, 'token')} in "
        f"{seconds_of(report.seconds)} ({pace:,.0f} tokens/s)"
    )
    yield f"strict    {describe_score(found.strict)}"
    yield f"flexible  {describe_score(found.flexible)}"
    yield f"{describe_outcomes(found)} before their end"
