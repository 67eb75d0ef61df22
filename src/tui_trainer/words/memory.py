"""What a loop will need, in words that follow the name of it."""

from tui_trainer.reports.loop import MemoryEstimate
from tui_trainer.words.numbers import gigabytes


def describe_need(estimate: MemoryEstimate) -> str:
    """`needs about 2.8 of the 28 GB that are free for it`."""
    needed, free = gigabytes(estimate.needed_bytes), gigabytes(estimate.available_bytes)
    return f"needs about {needed} of the {free} GB that are free for it"
