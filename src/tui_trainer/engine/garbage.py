"""Python's garbage collector while a loop runs."""

import gc
from collections.abc import Generator, Iterator
from typing import TypeVar

Report = TypeVar("Report")


def with_frozen_garbage(reports: Iterator[Report]) -> Generator[Report, None, None]:
    """The reports of a loop, while the collector passes over all objects that there were before.

    A collection looks at every object that may be part of a cycle: the modules of torch and
    transformers are some 400,000, of which none is garbage. Those that the loop makes are
    collected as ever. What became garbage meanwhile and was there before is, when the loop ends.
    """
    gc.collect()
    gc.freeze()
    try:
        yield from reports
    finally:
        gc.unfreeze()
