"""Memory in words: what a loop will need, after the name of it; how full a device is."""

from tui_trainer.reports.loop import MemoryEstimate
from tui_trainer.reports.models import DeviceUse
from tui_trainer.words.numbers import gigabytes, percent


def describe_need(estimate: MemoryEstimate) -> str:
    """`needs about 2.8 of the 28 GB that are free for it`."""
    needed, free = gigabytes(estimate.needed_bytes), gigabytes(estimate.available_bytes)
    return f"needs about {needed} of the {free} GB that are free for it"


def describe_use(use: DeviceUse) -> tuple[str, ...]:
    """`27 of 85 GB, others 3.2, 97% busy`; in full first, then with less."""
    full = f"{gigabytes(use.used_bytes)} of {gigabytes(use.total_bytes)} GB"
    others = "" if use.others_bytes is None else f", others {gigabytes(use.others_bytes)}"
    busy = "" if use.busy is None else f", {percent(use.busy)} busy"
    return full + others + busy, full + others, full
