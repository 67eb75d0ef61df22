"""A score with what it may be worth."""

from tui_trainer.reports.evaluation import Score
from tui_trainer.words.numbers import percent


def describe_score(score: Score) -> str:
    """Its share, the items behind it and their interval."""
    low, high = score.interval
    ends = f"{low:.1%} to {high:.1%}"
    return f"{percent(score.share, 1)} ({score.right:,} of {score.items:,}; 95%: {ends})"
