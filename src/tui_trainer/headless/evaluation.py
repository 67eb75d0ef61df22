"""`tui-trainer eval`: exact match on held-out items, from the generator that the screen drives."""

import argparse
from collections.abc import Iterator

from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.start import make_engine
from tui_trainer.headless.arguments import (
    add_model_arguments,
    add_settings,
    model_choice,
    read_settings,
)
from tui_trainer.headless.bars import ItemBar
from tui_trainer.headless.earlier_evaluation import read_items
from tui_trainer.headless.evaluation_table import COLUMNS, describe_settings, item_row, score_lines
from tui_trainer.headless.interrupts import finished_first, whole_steps
from tui_trainer.headless.output import Json, Output
from tui_trainer.headless.session import shown_progress, tell_notes
from tui_trainer.headless.step import describe_model
from tui_trainer.reports.evaluated_items import EvaluatedItem
from tui_trainer.reports.evaluation import (
    Change,
    Comparison,
    EvaluationReport,
    compare,
)
from tui_trainer.runs.evaluation_lines import CHANGES, evaluation_line, item_line
from tui_trainer.say import say
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.words.scores import describe_rise, describe_verdict, why_divided
from tui_trainer.words.table import heading, row
from tui_trainer.words.threads import describe_threads


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Answer held-out problems greedily and score them by exact match, strict and flexible, as "
        "lm-evaluation-harness does for GSM8K: a line an item, then the scores."
    )
    add_settings(parser, EvaluationSettings)
    parser.add_argument(
        "--before",
        metavar="FILE",
        help="what this command wrote with --json earlier: compare with it item by item",
    )
    add_model_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, output: Output) -> None:
    settings = read_settings(EvaluationSettings, arguments)
    choice = model_choice(arguments)
    before = None if arguments.before is None else read_items(arguments.before)
    with shown_progress() as progress:
        # A path mistyped is told at once, not after a large model was loaded.
        load_problems(settings.problems, split="test", limit=1, progress=progress)
        engine = make_engine(progress)
        status = engine.load_model(choice)
        tell_notes(status)
        reports = engine.evaluate(settings)
    if not output.as_json:
        output.text(describe_model(status))
    write_evaluation(output, reports, settings, before)


def write_evaluation(
    output: Output,
    reports: Iterator[EvaluationReport],
    settings: EvaluationSettings,
    before: tuple[EvaluatedItem, ...] | None,
) -> EvaluationReport | None:
    """A line an item and the scores, those of what was scored where it was interrupted.

    The last report; None where there was none.
    """
    if not output.as_json:
        output.text(describe_settings(settings))
        output.text(heading(COLUMNS))
    last = None
    try:
        for report, bar in with_bar(reports, settings):
            bar.hide()
            _write_items(output, report.items[len(last.items) if last else 0 :], before)
            last = report
    finally:
        if last is not None and last.items:
            with finished_first():
                _write_scores(output, last, before)
    return last


def write_scores(
    output: Output,
    reports: Iterator[EvaluationReport],
    settings: EvaluationSettings,
    before: tuple[EvaluatedItem, ...] | None = None,
) -> EvaluationReport | None:
    """The scores alone, where the items would stand between the lines of something else.

    The last report; None where there was none.
    """
    if not output.as_json:
        output.text()
        output.text(describe_settings(settings))
    last = None
    try:
        for report, _ in with_bar(reports, settings):
            last = report
    finally:
        if last is not None and last.items:
            with finished_first():
                _write_scores(output, last, before)
    return last


def with_bar(
    reports: Iterator[EvaluationReport], settings: EvaluationSettings
) -> Iterator[tuple[EvaluationReport, ItemBar]]:
    """The reports, each with the bar that is drawn after it; says where there are fewer items."""
    bar, last = ItemBar(settings.items), None
    try:
        for report in whole_steps(reports):
            _tell_notes(last, report, bar)
            _tell_threads(last, report, bar)
            yield report, bar
            bar.show(report)
            last = report
    finally:
        bar.close()
    if last is not None and last.total < settings.items:
        _note_fewer(settings, last.total)


def _tell_notes(last: EvaluationReport | None, report: EvaluationReport, bar: ItemBar) -> None:
    """What was not said with the report before: memory may be short for a later batch."""
    for note in report.notes:
        if last is None or note not in last.notes:
            bar.hide()
            say(note)


def _tell_threads(last: EvaluationReport | None, report: EvaluationReport, bar: ItemBar) -> None:
    """How many threads compute, where that became another number or others use the machine."""
    now, before = report.threads, None if last is None else last.threads
    if now is not None and now != before and (before is not None or now.is_reduced):
        bar.hide()
        say(describe_threads(now))


def _note_fewer(settings: EvaluationSettings, items: int) -> None:
    say(f"{settings.problems} has {items:,} items to test, fewer than {settings.items:,}.")


# Items


def _write_items(
    output: Output, items: tuple[EvaluatedItem, ...], before: tuple[EvaluatedItem, ...] | None
) -> None:
    changes = {pair.after: pair for pair in compare(before or (), items).items}
    for item in items:
        if output.as_json:
            output.json(item_line(item, changes.get(item)))
        else:
            output.text(row(COLUMNS, item_row(item, changes.get(item))))


# Scores


def _write_scores(
    output: Output, report: EvaluationReport, before: tuple[EvaluatedItem, ...] | None
) -> None:
    comparison = None if before is None else compare(before, report.items)
    if output.as_json:
        output.json(evaluation_line(report))
        if comparison is not None:
            output.json(comparison_line(comparison))
        return
    output.text()
    for line in score_lines(report):
        output.text(line)
    if comparison is not None:
        output.text(describe_comparison(comparison))


def comparison_line(comparison: Comparison) -> dict[str, Json]:
    """The JSON of a comparison on the items that both have, by the strict rule where it does not
    say another."""
    strict, flexible = comparison.strict, comparison.flexible
    line: dict[str, Json] = {
        "event": "comparison",
        "items": len(comparison.items),
        "before": strict.before.share,
        "after": strict.after.share,
        "rise": strict.share,
        "rise_interval": strict.interval,
        "flexible_before": flexible.before.share,
        "flexible_after": flexible.after.share,
        "flexible_rise": flexible.share,
        "flexible_rise_interval": flexible.interval,
    }
    return line | {name: comparison.count(change) for change, name in CHANGES.items()}


def describe_comparison(comparison: Comparison) -> str:
    if not comparison.items:
        return "compared  no item of the earlier evaluation is among these"
    strict, flexible = comparison.strict, comparison.flexible
    counts = ", ".join(f"{change.value} {comparison.count(change):,}" for change in Change)
    lines = [
        f"compared  {describe_verdict(strict)}",
        f"compared  strict {describe_rise(strict)}: {counts}",
        f"compared  flexible {describe_rise(flexible)}",
    ]
    lines += [f"compared  the two differ: {why}" for why in why_divided(comparison)[:1]]
    return "\n".join(lines)
