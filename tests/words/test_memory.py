"""What a loop will need, in words."""

from tui_trainer.reports.loop import MemoryEstimate
from tui_trainer.words.memory import describe_need


def test_sizes_have_three_digits() -> None:
    texts = [
        describe_need(MemoryEstimate(int(n * 1e9), 78_000_000_000)) for n in (0.283, 2.83, 28.3)
    ]
    assert texts == [
        f"needs about {n} of the 78 GB that are free for it" for n in ("0.28", "2.8", "28")
    ]
