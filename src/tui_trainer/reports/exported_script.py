"""What an export came to: no torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExportReport:
    """The files of an export, and what is to be said about it."""

    path: str
    files: tuple[str, ...] = ()
    """Absolute paths of what was written, the script or notebook first."""
    existing: tuple[str, ...] = ()
    """Files that are there already; where there are some, nothing was written."""
    notes: tuple[str, ...] = ()
    """A sentence for each thing that the script needs, or cannot repeat."""
