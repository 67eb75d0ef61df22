"""What the worker does right now."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Doing:
    """Read by the interface to show what it waits for."""

    what: str
    since: float
    """In seconds of `time.monotonic`, which all processes of a machine share."""
    loop: str | None = None
    """The name of the loop whose step it is."""
