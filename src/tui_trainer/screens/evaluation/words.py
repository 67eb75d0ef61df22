"""What the evaluation screen says of scores, items and changes, fit for a terminal."""

from tui_trainer.reports.evaluated_items import EvaluatedItem
from tui_trainer.reports.evaluation import (
    Change,
    ComparedItem,
    EvaluationReport,
    tally,
)
from tui_trainer.session.evaluations import Pairing
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.widgets.line_table import Column
from tui_trainer.words.numbers import (
    counted,
    duration,
    per_second,
    percent,
    progress_bar,
    rate,
    tokens_per_second,
)
from tui_trainer.words.scores import NONE, describe_rise, interval, item_cells, share
from tui_trainer.words.settings import shown_text

BAR, BAR_WIDE = 10, 40
NUMBER_CHARACTERS = 40
FLEXIBLE = Column("flexible", 8, right=True)
SCORE_COLUMNS = (
    Column("evaluation", 14, share=1),
    Column("items", 7, right=True),
    Column("shots", 5, right=True),
    Column("budget", 6, right=True),
    Column("strict", 6, right=True),
    FLEXIBLE,
    Column("wrong", 5, right=True),
    Column("no ####", 7, right=True),
    Column("cut", 4, right=True),
)
INTERVAL = Column("95% interval", 14, right=True)
ITEM_COLUMNS = (
    Column("item", 5, right=True),
    Column("outcome", 7),
    Column("strict", 7, right=True, share=1),
    Column("flexible", 8, right=True, share=1),
    Column("expected", 8, right=True, share=1),
    Column("tokens", 6, right=True),
    Column("ended by", 11, share=1),
    Column("change", 11),
)


# Evaluations


def name(number: int, report: EvaluationReport) -> str:
    """An evaluation by its number, and how far its weights were from the loaded ones."""
    return f"{number}: {weights(report)}"


def weights(report: EvaluationReport) -> str:
    if not report.updates:
        return "as loaded"
    return counted(report.updates, "update")


def score_columns(wide: bool) -> tuple[Column, ...]:
    """The table of evaluations; where there is room each score has its interval beside it."""
    if not wide:
        return SCORE_COLUMNS
    flexible = SCORE_COLUMNS.index(FLEXIBLE)
    return (
        *SCORE_COLUMNS[:flexible],
        INTERVAL,
        SCORE_COLUMNS[flexible],
        INTERVAL,
        *SCORE_COLUMNS[flexible + 1 :],
    )


def score_cells(number: int, report: EvaluationReport, wide: bool) -> tuple[str, ...]:
    """The row of one evaluation."""
    found, settings = tally(report.items), report.settings
    scores: list[str] = []
    for score in (found.strict, found.flexible):
        scores += [share(score), interval(score)] if wide else [share(score)]
    scored, total = len(report.items), report.total
    return (
        name(number, report),
        f"{scored:,}" if scored == total else f"{scored}/{total}",
        str(settings.shots),
        str(settings.max_tokens),
        *scores,
        str(found.wrong),
        str(found.format_failures),
        str(found.cut),
    )


def describe_scores(number: int, report: EvaluationReport) -> str:
    """Both scores of one evaluation side by side, each with its interval."""
    found = tally(report.items)
    if not report.items:
        return f"{number}: the first batch is being answered"
    parts = [
        f"{rule} {share(score)} (95%: {interval(score)})"
        for rule, score in (("strict", found.strict), ("flexible", found.flexible))
    ]
    return f"{number}: {' · '.join(parts)}"


def describe_asked(settings: EvaluationSettings, model: str = "") -> str:
    """Which problems, how they are asked, and how long an answer may be."""
    parts = [f"model {visible_source(model, 24)}"] if model else []
    parts += [
        f"problems {shown_text(settings.problems)}",
        settings.prompt,
        f"at most {counted(settings.max_tokens, 'token')}",
    ]
    return " · ".join(parts)


def describe_progress(report: EvaluationReport, state: str, wide: bool) -> str:
    """A bar, the pace and the time left; nothing in it moves as the numbers grow.

    Bar, share and pace count an answer by how much of it is there; an item is scored once it is
    whole.
    """
    width = BAR_WIDE if wide else BAR
    pace = per_second(report.share * report.total, report.seconds)
    left = report.seconds_left if state == "RUNNING" else None
    line = (
        f"{state:<8} {progress_bar(report.share, width)} {percent(report.share):>4} "
        f"{describe_scored(report)} {rate(pace)}/s "
        f"{duration(report.seconds)} gone {duration(left)} left"
    )
    tokens = tokens_per_second(per_second(report.tokens, report.seconds))
    return f"{line} {tokens}" if wide else line


def describe_scored(report: EvaluationReport) -> str:
    """How many items are scored; before the first, what the share counts: text without a score."""
    scored = f"{len(report.items):>5,}/{report.total:,} scored"
    return scored if report.items or not report.share else f"{'written, 0 scored':<{len(scored)}}"


# Before and after


def describe_pairing(pairing: Pairing, before: int, after: int) -> str:
    """Two lines: the rise and whether it is separate from zero, and what became of the items."""
    if pairing.differing:
        names = " and ".join(field.label for field in pairing.differing)
        return (
            f"{before} → {after}: they cannot be compared, since they differ in {names}.\n"
            "Evaluate with the same settings, or choose another one with b."
        )
    if not pairing.after.items:
        return f"{before} → {after}: compared once the first batch is answered.\n"
    comparison = pairing.comparison
    if not comparison.items:
        return f"{before} → {after}: they cannot be compared: no item is in both.\n"
    counts = {change: comparison.count(change) for change in Change}
    unchanged = counts[Change.STILL_RIGHT] + counts[Change.STILL_WRONG]
    return (
        f"{before} → {after}: {describe_rise(comparison)}\n"
        f"of {len(comparison.items):,} items fixed {counts[Change.FIXED]:,}, broken "
        f"{counts[Change.BROKEN]:,}, unchanged {unchanged:,} (right "
        f"{counts[Change.STILL_RIGHT]:,}, wrong {counts[Change.STILL_WRONG]:,})"
    )


# Items


def row_cells(item: EvaluatedItem, compared: ComparedItem | None) -> tuple[str, ...]:
    """The row of one item; `compared` is it and its answer in the evaluation before."""
    change = NONE if compared is None else compared.change.value
    return *item_cells(item, NUMBER_CHARACTERS), change


def raw(text: str) -> str:
    """A whole text as the model or the data set has it, each newline drawn and obeyed."""
    return visible(text, newline="⏎\n") or "(no text)"
