"""Memory in words: what a loop will need, and how full a device is."""

from tui_trainer.reports.loop import MemoryEstimate
from tui_trainer.reports.models import DeviceUse
from tui_trainer.words.memory import describe_need, describe_use


def test_sizes_have_three_digits() -> None:
    texts = [
        describe_need(MemoryEstimate(int(n * 1e9), 78_000_000_000)) for n in (0.283, 2.83, 28.3)
    ]
    assert texts == [
        f"needs about {n} of the 78 GB that are free for it" for n in ("0.28", "2.8", "28")
    ]


def test_how_full_a_device_is_is_told_in_full_and_with_less() -> None:
    whole = DeviceUse(27_300_000_000, 85_000_000_000, 24_100_000_000, 3_200_000_000, 0.971)
    assert describe_use(whole) == (
        "27 of 85 GB, others 3.2, 97% busy",
        "27 of 85 GB, others 3.2",
        "27 of 85 GB",
    )
    assert set(describe_use(DeviceUse(27_300_000_000, 85_000_000_000, 1))) == {"27 of 85 GB"}
