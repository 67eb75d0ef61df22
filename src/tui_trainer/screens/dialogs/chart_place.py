"""The dialog that asks which place of a chart is to be read."""

from functools import partial

from tui_trainer.errors import InputError
from tui_trainer.screens.dialogs.entry import Entry

Ends = tuple[float, float]


def place_entry(what: str, ends: Ends, now: float) -> Entry[float]:
    """A number of the axis, which is called `what`, from its first to its last."""
    first, last = map(_told, ends)
    question = f"Which {what} to read, from {first} to {last}"
    return Entry(f"go to {what}", question, _told(now).replace(",", ""), partial(_read, what, ends))


def _read(what: str, ends: Ends, typed: str) -> float:
    """InputError where it is no number of the axis."""
    low, high = ends
    try:
        place = float(typed.replace(",", ""))
    except ValueError:
        place = float("nan")
    if not low <= place <= high:
        raise InputError(f"Type a {what} from {_told(low)} to {_told(high)}.")
    return place


def _told(place: float) -> str:
    return f"{place:,.0f}" if place == round(place) else f"{place:,.4g}"
