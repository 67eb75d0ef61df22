"""When something on disk was begun, to put what is listed in its order."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path


def began(written: str, path: Path) -> float:
    """The moment that ISO 8601 writes, in seconds since 1970; where it is none, when `path` changed
    last."""
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromisoformat(written).timestamp()
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0
