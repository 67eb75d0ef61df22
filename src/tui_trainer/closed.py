"""Ending a generator where it is said, and not where the collector of garbage finds it."""

import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TypeVar

Report = TypeVar("Report")


@contextmanager
def closed(reports: Iterator[Report]) -> Iterator[Iterator[Report]]:
    """Around what is done with `reports`: at its end they end too, and what that raises is raised.

    The collector would drop it: a run whose end could not be written would look well. Where the
    block itself fails, that is raised, and the log has the other.
    """
    try:
        yield reports
    except GeneratorExit:
        _close(reports)
        raise
    except BaseException:
        try:
            _close(reports)
        except Exception:
            logging.getLogger(__name__).exception("%r was not closed in order", reports)
        raise
    _close(reports)


def _close(reports: Iterator[Report]) -> None:
    if isinstance(reports, Generator):
        reports.close()
