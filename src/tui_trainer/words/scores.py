"""An evaluation in words: a score with what it may be worth, and what became of an item."""

from tui_trainer.reports.evaluated_items import EvaluatedItem
from tui_trainer.reports.evaluation import Comparison, Rise, Score, Tally
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import counted, percent

NONE = "-"


def describe_score(score: Score) -> str:
    """Its share, the items behind it and their interval."""
    low, high = score.interval
    ends = f"{low:.1%} to {high:.1%}"
    return f"{share(score)} ({score.right:,} of {score.items:,}; 95%: {ends})"


def share(score: Score) -> str:
    """Of right answers; a dash where nothing was scored."""
    return percent(score.share, 1) if score.items else NONE


def interval(score: Score) -> str:
    """What the share may be with 95% confidence, in few characters."""
    if not score.items:
        return NONE
    low, high = score.interval
    return f"{100 * low:.1f} to {high:.1%}"


def describe_outcomes(found: Tally) -> str:
    """What became of the items, each counted once; then how many of these were cut, whatever became
    of them."""
    return (
        f"{found.strict.right:,} right, {found.wrong:,} wrong, {found.format_failures:,} no ####; "
        f"of these {found.cut:,} cut"
    )


def describe_rise(rise: Rise) -> str:
    """The rise in points, and whether its interval separates it from zero."""
    low, high = rise.interval
    points = f"{100 * rise.share:+.1f} points (95%: {100 * low:+.1f} to {100 * high:+.1f})"
    return f"{points}, {'' if rise.is_separate else 'not '}separate from zero"


def describe_points(rise: Rise) -> str:
    """The same in few characters."""
    return f"{_points(rise)}{'' if rise.is_separate else ', may be chance'}"


def describe_verdict(rise: Rise) -> str:
    """Whether the model got better, in a word, and by which rule and figures."""
    word = "Better" if rise.share > 0 else "Worse"
    if not rise.is_separate:
        word = "May be chance" if rise.share else "No change seen"
    return f"{word}. Strict counts: {_from_to(rise)}, {_points(rise)}"


def describe_flexible(comparison: Comparison) -> tuple[str, ...]:
    """The rise by the other rule, and why where one of the two fell and the other did not: in full
    first, then with less."""
    went = _from_to(comparison.flexible)
    why = why_divided(comparison)
    if not why:
        return (f"Flexible: {went}, {describe_points(comparison.flexible)}",)
    return tuple(f"Flexible (last number): {went}: {words}" for words in why)


def why_divided(comparison: Comparison) -> tuple[str, ...]:
    """What the answers after have that one rule minds and the other does not, where one score fell
    and the other did not; in full first, then with less."""
    if not comparison.is_divided:
        return ()
    if comparison.strict.share < 0:
        formless = comparison.formless
        return (f"{_answers(formless)} no ####",) if formless else ()
    if not comparison.overrun:
        return ()
    why = f"{counted(comparison.overrun, 'answer')} wrote on past ####"
    return f"{why}; with end of text a run learns to stop", why


def _answers(number: int) -> str:
    return f"{counted(number, 'answer')} {'has' if number == 1 else 'have'}"


def _from_to(rise: Rise) -> str:
    return f"{share(rise.before)} → {share(rise.after)}"


def _points(rise: Rise) -> str:
    low, high = rise.interval
    return f"{100 * rise.share:+.1f} (95%: {100 * low:+.1f} to {100 * high:+.1f})"


def item_cells(item: EvaluatedItem, limit: int) -> tuple[str, ...]:
    """The row of one item, each number in `limit` characters: its place, what became of it, the
    numbers that decided that, its tokens, and what ended it."""
    return (
        str(item.problem),
        item.outcome.value,
        number(item.strict, limit),
        number(item.flexible, limit),
        number(item.expected_number, limit),
        str(item.answer.tokens),
        item.answer.ending.value,
    )


def number(text: str | None, limit: int) -> str:
    """A number as it was written, in at most `limit` characters; a dash where there is none."""
    return NONE if text is None else visible(text, limit=limit)
