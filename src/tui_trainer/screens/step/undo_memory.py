"""How much memory undo may take, as it is typed."""

import re

from tui_trainer.errors import InputError
from tui_trainer.settings.cell import check_undo_memory
from tui_trainer.settings.typed_numbers import LARGEST_TYPED, read_number, told

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def read_bytes(line: str) -> int:
    """A number of bytes typed by hand, such as `500 MB`; InputError where it is none."""
    found = re.fullmatch(r" *([0-9.]+) *([kmgt]?)b? *", line, re.ASCII | re.IGNORECASE)
    if found is None:
        raise InputError(f"{told(line)} is no amount of memory: type one such as 500 MB or 2 GB.")
    size = read_number(found[1], "The memory for undo", "500 MB") * UNITS[found[2].lower()]
    if size > LARGEST_TYPED:
        raise InputError(f"{told(line)} is more memory than there can be: type 500 MB or 2 GB.")
    return check_undo_memory(round(size))
