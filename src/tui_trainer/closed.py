"""Ending a generator where it is said, and not where the collector of garbage finds it."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TypeVar

Report = TypeVar("Report")


@contextmanager
def closed(reports: Iterator[Report]) -> Iterator[Iterator[Report]]:
    """Around what is done with `reports`: at its end they end too, and what that raises is raised.

    The collector would drop it: a run whose end could not be written would look well.
    """
    try:
        yield reports
    finally:
        if isinstance(reports, Generator):
            reports.close()
