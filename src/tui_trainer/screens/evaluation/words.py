"""What the evaluation screen says of scores, items and changes, fit for a terminal."""

import math
from collections.abc import Sequence

from textual.content import Content

from tui_trainer.protocol.events import LoopState
from tui_trainer.reports.evaluated_items import EvaluatedItem, Outcome
from tui_trainer.reports.evaluation import (
    Change,
    ComparedItem,
    EvaluationReport,
    Rise,
)
from tui_trainer.reports.runs import RunStep
from tui_trainer.session.evaluations import Evaluations, Pairing
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.widgets.cell_text import first_fitting, fit
from tui_trainer.widgets.line_table import Cell, Column
from tui_trainer.widgets.panel import DOT
from tui_trainer.widgets.whiskers import difference, scale_of, whiskers
from tui_trainer.words.numbers import (
    counted,
    duration,
    per_second,
    percent,
    rate,
    tokens_per_second,
)
from tui_trainer.words.runs import describe_run_step
from tui_trainer.words.scores import (
    NONE,
    describe_flexible,
    describe_verdict,
    interval,
    item_cells,
    share,
)
from tui_trainer.words.settings import shown_text
from tui_trainer.words.signs import RIGHT, STATES, WRONG, Sign, change
from tui_trainer.words.times import moment

BAR, BAR_WIDE = 8, 24
RATE = len("  6.14/s")
NOTHING_KEPT = " before its first batch was answered: nothing is kept of it"
STATE_WIDTH = len("▶ stopping")
NUMBER_CHARACTERS = 40
MODEL_CHARACTERS = 13  # with a number before it as many as the column has
RISE_CELLS = 60
SIGNED = "↑ "  # before a line
WHISKERS, WHISKERS_WIDE = 9, 17
NAME = Column("evaluation", 22, share=1)
STRICT, FLEXIBLE = Column("strict", 6, right=True), Column("flexible", 8, right=True)
SCORED = Column("scored", 6, right=True)
INTERVAL = Column("95% interval", 14, right=True)
OUTCOMES = Column("wrong", 5, right=True), Column("no ####", 7, right=True)
"""With the right ones they are all that were scored."""
ASKED = Column("shots", 5, right=True), Column("budget", 6, right=True)
MARKS = {Outcome.RIGHT: RIGHT, Outcome.WRONG: WRONG, Outcome.NO_FORMAT: WRONG}
CHANGES = {Change.FIXED: RIGHT, Change.BROKEN: WRONG}
TOKENS = Column("tokens", 6, right=True)
ITEM_COLUMNS = (
    Column("item", 5, right=True),
    Column("outcome", 9),
    Column("strict", 7, right=True, share=1),
    Column("flexible", 8, right=True, share=1),
    Column("expected", 8, right=True, share=1),
    TOKENS,
    Column("ended by", 12, share=1),
    Column("change", 11),
)
"""The outcome and the change have their sign before them."""


# Evaluations


def name(number: int, report: EvaluationReport, *, short: bool = False, named: bool = False) -> str:
    """An evaluation by its number, whose weights it is of, and when it was made, where that was in
    an earlier session; `named` after its model, where there are several."""
    told = of_model(report) if named else weights(report)
    if (left_by := report.left_by) is not None:
        told = _short_run_step(number, left_by) if short else describe_run_step(left_by)
    if not report.ended or (short and (named or left_by is not None)):
        return f"{number}: {told}"
    when = moment(report.ended, year=False)
    if not short:
        return f"{number}: {told}, {when}"
    return f"{number}: {f'{report.updates} upd' if report.updates else 'loaded'} {when[:5]}"


def _short_run_step(number: int, left_by: RunStep) -> str:
    """The end of the run's name tells it from others; all in the column of names."""
    step = f"step {left_by.step:,} "
    room = NAME.width - len(f"{number}: {step}")
    return step + fit(visible(left_by.run), room, keep_end=True).rstrip()


def name_among(evaluations: Evaluations, report: EvaluationReport) -> str:
    """As it is told from the others."""
    return name(evaluations.number(report), report, named=evaluations.has_models)


def weights(report: EvaluationReport) -> str:
    """How far they were from the loaded ones."""
    if not report.updates:
        return "as loaded"
    return counted(report.updates, "update")


def of_model(report: EvaluationReport) -> str:
    """Which model, and how many updates it has had since it was loaded."""
    more = f" +{report.updates:,}" if report.updates else ""
    return f"{visible_source(report.model, MODEL_CHARACTERS - len(more))}{more}"


def score_columns(end: float, *, wide: bool) -> tuple[Column, ...]:
    """The table of evaluations; `end` is where the scale of the scores ends. Where there is room
    each has its interval in figures too."""
    if not wide:
        return NAME, SCORED, STRICT, _scale(end, WHISKERS), FLEXIBLE, *OUTCOMES
    return (
        *(NAME, SCORED, *ASKED),
        *(STRICT, _scale(end, WHISKERS_WIDE), INTERVAL, FLEXIBLE, *OUTCOMES),
    )


def _scale(end: float, width: int) -> Column:
    """Its heading is the scale itself."""
    return Column(f"0{percent(end):>{width - 1}}", width)


def scale_end(reports: Sequence[EvaluationReport]) -> float:
    """Where the scale of all their strict scores ends."""
    return scale_of([report.tally.strict.interval[1] for report in reports if report.items])


def score_cells(
    number: int, report: EvaluationReport, end: float, *, wide: bool, named: bool = False
) -> tuple[Cell, ...]:
    """The row of one evaluation."""
    found, settings = report.tally, report.settings
    strict, width = found.strict, WHISKERS_WIDE if wide else WHISKERS
    scored = len(report.items)
    drawn = whiskers(strict.share, strict.interval, width, end) if scored else NONE
    asked = (str(settings.shots), str(settings.max_tokens)) if wide else ()
    figures = (interval(strict),) if wide else ()
    outcomes = (str(found.wrong), str(found.format_failures)) if scored else (NONE, NONE)
    return (
        *(name(number, report, short=True, named=named), f"{scored:,}", *asked),
        *(share(strict), drawn, *figures, share(found.flexible), *outcomes),
    )


def describe_figure(report: EvaluationReport) -> str:
    """The score alone, for the title."""
    return f"strict {share(report.tally.strict)}" if report.items else ""


def describe_on_show(report: EvaluationReport) -> str:
    """Whose weights, where a run's are known, and their score: for the title."""
    told = "" if report.left_by is None else describe_run_step(report.left_by)
    return DOT.join(filter(None, (told, describe_figure(report))))


def describe_scores(number: int, report: EvaluationReport) -> str:
    """Both scores of one evaluation side by side, each with its interval."""
    found = report.tally
    if not report.items:
        return f"{number}: the first batch is being answered; its answers are scored together"
    parts = [
        f"{rule} {share(score)} (95%: {interval(score)})"
        for rule, score in (("strict", found.strict), ("flexible", found.flexible))
    ]
    return f"{number}: {' · '.join(parts)}"


def describe_deletion(called: str, report: EvaluationReport) -> str:
    """What would be deleted with it."""
    what = f"{counted(len(report.items), 'answer')}, {describe_figure(report)}"
    return f"Delete this evaluation? {called}: {what}. Nothing brings it back."


def describe_older(older: int) -> str:
    """Of the title of the list: how many there are on disk that are not in it."""
    return f", {older:,} older on disk" if older else ""


def describe_asked(settings: EvaluationSettings, model: str = "") -> str:
    """How the problems are asked, how long an answer may be, and which problems; of what is cut at
    the end of a line least depends."""
    parts = [
        settings.prompt,
        f"at most {counted(settings.max_tokens, 'token')}",
        ", ".join(filter(None, (shown_text(settings.problems), settings.tested))),
        *([f"model {visible_source(model, 24)}"] if model else []),
    ]
    return " · ".join(parts)


def describe_tested(settings: EvaluationSettings) -> str:
    """The title of the items: those of the training have the same numbers, and are others."""
    return f"tested items, {settings.tested}" if settings.tested else "tested items"


def describe_start(settings: EvaluationSettings) -> str:
    """Of one that was asked for and has not begun: what it will do."""
    answers = counted(settings.items, "answer")
    return f"starting after what the worker is doing: {answers}; s stops it"


def describe_progress(
    report: EvaluationReport | None, state: LoopState, *, stops: bool, wide: bool
) -> Content:
    """A bar, the answers, the pace and the time left; nothing in it moves as the numbers grow.

    Of one under way bar and pace count an answer by how much of it is there, and there is no pace
    before the first; one that is over has what was scored of it, a batch at a time, which may be
    nothing.
    """
    if state.is_over and (report is None or not report.items):
        return Content.assemble(STATES[state], NOTHING_KEPT)
    if report is None:
        return Content("begun; s stops it")
    width = BAR_WIDE if wide else BAR
    done = math.floor(report.share * width)
    rest = f" {_count(report, state)} {_pace(report)} {_times(report, state, wide=wide)}"
    tokens = tokens_per_second(per_second(report.tokens, report.seconds))
    return Content.assemble(
        describe_state(state, stops=stops),
        (" " + "━" * done, "$data"),
        ("─" * (width - done), "$context"),
        f"{rest} {tokens}" if wide else rest,
    )


def _count(report: EvaluationReport, state: LoopState) -> str:
    """How far it is, and how many answers the scores are of."""
    total = f"{report.total:,}"
    if state.is_over:
        return f"{len(report.items):>5,}/{total} scored  "
    scored = f"{len(report.items):,}".rjust(len(total))
    return f"{report.answered:>5,}/{total} answered, {scored} scored"


def _pace(report: EvaluationReport) -> str:
    """Of answers; empty before the first."""
    pace = per_second(report.share * report.total, report.seconds)
    return f"{rate(pace)}/s" if report.answered else " " * RATE


def _times(report: EvaluationReport, state: LoopState, *, wide: bool) -> str:
    """What it took so far, and what it will yet: the latter where there is room for one."""
    gone, left = (f"{duration(seconds)} " for seconds in (report.seconds, report.seconds_left))
    if state is not LoopState.RUNNING:
        return f"{gone}gone"
    return f"{gone}gone {left}left" if wide else f"{left}left"


def describe_state(state: LoopState, *, stops: bool = False) -> tuple[str, str]:
    """What it does, with its sign, as a part of a line."""
    words, style = STATES[state]
    if stops:
        words = f"{words[0]} stopping"
    return f"{words:<{STATE_WIDTH}}", style


# Before and after


def describe_pairing(pairing: Pairing, before: int, after: int, *, width: int) -> Content:
    """In three lines of `width`: whether it got better, what the other rule says and why where that
    is the contrary, and what became of the items."""
    if why := why_incomparable(pairing):
        return Content(f"{before} → {after}: {why}")
    comparison = pairing.comparison
    counts = {change: comparison.count(change) for change in Change}
    unchanged = counts[Change.STILL_RIGHT] + counts[Change.STILL_WRONG]
    strict, flexible = comparison.strict, comparison.flexible
    lines = describe_flexible(comparison)
    beside = first_fitting(lines, width - len(SIGNED))
    return Content.assemble(
        rise_sign(strict),
        (f" {describe_verdict(strict)}\n", "bold"),
        rise_sign(flexible),
        f" {beside}\nof {len(comparison.items):,} items ",
        RIGHT,
        f" fixed {counts[Change.FIXED]:,}, ",
        WRONG,
        f" broken {counts[Change.BROKEN]:,}, unchanged {unchanged:,} (right "
        f"{counts[Change.STILL_RIGHT]:,}, wrong {counts[Change.STILL_WRONG]:,})",
    )


def why_incomparable(pairing: Pairing) -> str:
    """Why two evaluations are not compared, or not yet; two lines, empty where they are."""
    if pairing.differing:
        names = " and ".join(field.label for field in pairing.differing)
        return (
            f"they cannot be compared, since they differ in {names}.\n"
            "Evaluate with the same settings, or make another one the baseline with b."
        )
    if not (pairing.before.items and pairing.after.items):
        return "compared once the first batch is answered.\n"
    if not pairing.comparison.items:
        so_far = "compared once an item is in both: none is yet.\n"
        return so_far if pairing.is_under_way else "they cannot be compared: no item is in both.\n"
    return ""


def rise_sign(rise: Rise) -> Sign:
    """Which way the score went; it is better or worse where that is hardly chance."""
    sign = change(0.0, rise.share, falls_is_better=False)
    return sign if rise.is_separate else Sign(sign.mark, "")


def draw_rise(pairing: Pairing | None, width: int) -> Content:
    """The rise and its interval on a scale with zero in the middle, in `width` cells."""
    if pairing is None or why_incomparable(pairing):
        return Content("")
    rise = pairing.comparison.strict
    return difference(rise.share, rise.interval, width)


def describe_rise_alone(pairing: Pairing | None) -> Content:
    """The rise alone, for the title."""
    if pairing is None or why_incomparable(pairing):
        return Content("")
    rise = pairing.comparison.strict
    return Content.assemble(rise_sign(rise), (f" {100 * rise.share:+.1f} points", "bold"))


# Items


def item_columns(*, broad: bool) -> tuple[Column, ...]:
    """How many tokens an answer has is told where there is room."""
    return ITEM_COLUMNS if broad else tuple(one for one in ITEM_COLUMNS if one is not TOKENS)


def row_cells(
    item: EvaluatedItem, compared: ComparedItem | None, *, broad: bool
) -> tuple[Cell, ...]:
    """The row of one item; `compared` is it and its answer in the evaluation before."""
    number, outcome, *figures, tokens, ended = item_cells(item, NUMBER_CHARACTERS)
    told = Content.assemble(MARKS[item.outcome], f" {outcome}")
    change = NONE if compared is None else describe_change(compared.change)
    return number, told, *figures, *((tokens,) if broad else ()), ended, change


def describe_change(change: Change) -> Cell:
    """With its sign, where something became of the item."""
    sign = CHANGES.get(change)
    return change.value if sign is None else Content.assemble(sign, f" {change.value}")


def raw(text: str) -> str:
    """A whole text as the model or the data set has it, each newline drawn and obeyed."""
    return visible(text, newline="⏎\n") or "(no text)"
