"""How far something is that lies between two steps."""

from tui_trainer.reports.loop import PartReport
from tui_trainer.words.numbers import percent


def describe_part(part: PartReport) -> str:
    """What it is, and how much of it is done where that can be told."""
    return part.what if part.share is None else f"{part.what} {percent(part.share):>4}"
