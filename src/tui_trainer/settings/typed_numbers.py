"""Numbers as a person types them, on a screen or for a command: one grammar for all. No torch.

Python's own `int` and `float` take more than anyone means: `1_0` is 10 to them, so are full-width
digits, and `nan` is a number.
"""

import math
import re

from tui_trainer.errors import InputError

WHOLE = re.compile(r"[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)", re.ASCII)
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
SIZE = re.compile(r"([0-9.]+) *([kmgt]?)b?", re.ASCII | re.IGNORECASE)
UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
LARGEST_TYPED = 2**63 - 1  # what torch takes as a seed, a count or an index
DIGITS_AT_MOST = 19
CHARACTERS_TOLD = 40
POWERS_BELOW = 0.1
"""A learning rate is told by its power of ten: which is ten times another is seen at once."""
ALL_DIGITS = 17
"""Of a float."""


def read_whole(text: str, what: str) -> int:
    """A whole number such as 500, -1 or 7,473; InputError, which names it `what`, for all else."""
    typed = text.strip()
    if not WHOLE.fullmatch(typed):
        raise InputError(f"{what} takes a whole number, not {told(text)}.")
    digits = typed.replace(",", "").lstrip("+-").lstrip("0") or "0"
    number = int(digits) if len(digits) <= DIGITS_AT_MOST else math.inf
    if number > LARGEST_TYPED:
        limit = "at least -(2^63 - 1)" if typed.startswith("-") else "at most 2^63 - 1"
        raise InputError(f"{what} takes a whole number of {limit}, not {told(text)}.")
    return -int(digits) if typed.startswith("-") else int(digits)


def read_number(text: str, what: str, such_as: str = "1e-5") -> float:
    """A finite number such as 1e-5; InputError, which names it `what`, for all else."""
    typed = text.strip()
    if not NUMBER.fullmatch(typed):
        raise InputError(f"{what} takes a number such as {such_as}, not {told(text)}.")
    number = float(typed)
    if math.isinf(number):
        raise InputError(f"{what} takes a number below 1.8e308, not {told(text)}.")
    mantissa = re.split("[eE]", typed)[0]
    if number == 0 and mantissa.strip("+-0."):
        raise InputError(f"{what} takes 0 or a number above 4.9e-324, not {told(text)}.")
    return number


def read_size(line: str, what: str) -> int:
    """A number of bytes such as `500 MB`; InputError, which names it `what`, for all else."""
    found = SIZE.fullmatch(line.strip())
    if found is None:
        raise InputError(f"{told(line)} is no amount of memory: type one such as 500 MB or 2 GB.")
    size = read_number(found[1], what, "500 MB") * UNITS[found[2].upper()]
    if size > LARGEST_TYPED:
        raise InputError(f"{told(line)} is more memory than there can be: type 500 MB or 2 GB.")
    return round(size)


def size_as_typed(size: int) -> str:
    """Bytes as they can be typed: reading that gives the same number."""
    for unit, factor in reversed(UNITS.items()):
        if unit and size and size % factor == 0:
            return f"{size // factor} {unit}B"
    return str(size)


def as_typed(number: float) -> str:
    """A number as it can be typed, with all its digits: reading it gives the same number."""
    short = f"{number:g}"
    return short if float(short) == number else repr(number)


def by_power(number: float, digits: int) -> str:
    """So many digits at most, and a power of ten: 1e-5, 1.2e-4."""
    mantissa, _, exponent = f"{number:.{digits - 1}e}".partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


def lr_as_typed(lr: float) -> str:
    """A learning rate as it can be typed, with all its digits: as `words.numbers.learning_rate`."""
    if not 0 < lr < POWERS_BELOW:
        return as_typed(lr)
    told = (by_power(lr, digits) for digits in range(1, ALL_DIGITS + 1))
    return next(text for text in told if float(text) == lr)


def told(text: str) -> str:
    """What was typed, in quotes, as much of it as a sentence has room for."""
    cut = text if len(text) <= CHARACTERS_TOLD else text[: CHARACTERS_TOLD - 1] + "…"
    return repr(cut)
