"""One tuned step under torch's profiler: which kernels, for how long, and the gaps between them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice

import torch
from torch._C._autograd import DeviceType
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile

from tests.gpu.engines import large_model, load
from tests.gpu.record import Record
from tests.gpu.step import Place
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.presets import TUNED, TUNED_CUDA

WARM = 3
FEWEST = 10
"""What a profiler that works sees at least: it may lack the rights to look at a card."""
TOP = 25
FILE = "profile.json"


@dataclass(frozen=True)
class Busy:
    """What a device did from the first kernel to the end of the last."""

    kernels: int
    busy_ms: float
    """With at least one of them running."""
    span_ms: float
    gap_share: float
    """Of the span: where it waited for its next order."""


@dataclass(frozen=True)
class Operation:
    """A kernel, or what the host called where no device is looked at; all of its calls."""

    name: str
    calls: int
    ms: float


def look(place: Place, record: Record) -> None:
    """In mixed, after the warm-up; all of it goes to a file of its own."""
    settings = replace(TUNED, items=100) if place.small else replace(TUNED_CUDA, items=2000)
    reports = load(large_model(place), place.device, "mixed").train(settings)
    steps = (report for report in reports if isinstance(report, StepReport))
    list(islice(steps, WARM))
    events, step = profiled(steps, place)
    kernels = [event for event in events if is_kernel(event)]
    record.at_least("operations that were seen", len(events), FEWEST)
    record.at_least("kernels that were seen", len(kernels), FEWEST, of_a_device=True)
    operations = longest(kernels or events)
    busy = asdict(busy_time(kernels)) if kernels else {}
    record.figure("step", {"tokens": step.tokens, "seconds": step.seconds, **busy})
    record.figure("longest", [asdict(operation) for operation in operations[:5]])
    whole = {"step": asdict(step), **busy, "operations": [asdict(each) for each in operations]}
    (place.folder / FILE).write_text(json.dumps(whole, indent=1))


def profiled(
    steps: Iterable[StepReport], place: Place
) -> tuple[Sequence[FunctionEvent], StepReport]:
    """What happened in the next of `steps`."""
    device = [ProfilerActivity.CUDA] if place.on_device else []
    with profile(activities=[ProfilerActivity.CPU, *device]) as profiler:
        step = next(iter(steps))
        if place.on_device:
            torch.cuda.synchronize(place.device)
    return profiler.events() or [], step


def is_kernel(event: FunctionEvent) -> bool:
    """Copies and fills too; not the names that torch marks stretches of time with."""
    return event.device_type is DeviceType.CUDA and not event.is_user_annotation


def busy_time(kernels: Sequence[FunctionEvent]) -> Busy:
    """What kernels of several streams do at once counts once."""
    spans = sorted((kernel.time_range.start, kernel.time_range.end) for kernel in kernels)
    first = reached = spans[0][0]
    busy = 0.0
    for start, end in spans:
        busy += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    span = reached - first
    return Busy(len(spans), busy / 1e3, span / 1e3, 1 - busy / span)


def longest(events: Sequence[FunctionEvent]) -> list[Operation]:
    """By name, what takes most of the time; that of what one calls is its own."""
    times: dict[str, list[float]] = defaultdict(list)
    for event in events:
        on_device = event.device_type is DeviceType.CUDA
        spent = event.time_range.elapsed_us() if on_device else event.self_cpu_time_total
        times[event.name].append(spent)
    operations = [Operation(name, len(each), sum(each) / 1e3) for name, each in times.items()]
    return sorted(operations, key=lambda operation: -operation.ms)[:TOP]
