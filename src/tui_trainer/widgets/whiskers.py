"""A score with what it may be worth, drawn to scale: `━━━━├──●────┤`."""

from textual.content import Content

from tui_trainer.words.signs import CONTEXT, DATA

STEPS = 0.1, 0.2, 0.5, 1.0
"""Where a scale of shares may end."""


def scale_of(highs: list[float]) -> float:
    """Where the scale ends that all these shares lie on."""
    most = max(highs, default=1.0)
    return next((step for step in STEPS if most <= step), STEPS[-1])


def whiskers(share: float, interval: tuple[float, float], width: int, end: float) -> Content:
    """A bar up to the share, and its interval, in `width` cells from 0 to `end`."""
    low, at, high = (_cell(0.0, x, end, width) for x in (interval[0], share, interval[1]))
    cells = ["━" if n < low else " " for n in range(width)]
    return Content.styled(_interval(cells, low, at, high).rstrip(), DATA)


def difference(rise: float, interval: tuple[float, float], width: int) -> Content:
    """A rise and its interval on a scale with zero in its middle, where a line stands."""
    end = max(*map(abs, interval), 1e-9)
    ends = f"{-100 * end:+.0f} ", f" {100 * end:+.0f}"
    room = max(3, width - len("".join(ends)))
    low, at, high, zero = (_cell(-end, x, end, room) for x in (interval[0], rise, interval[1], 0.0))
    line = _interval([" "] * room, low, at, high)
    if line[zero] in " ─":
        line = f"{line[:zero]}┊{line[zero + 1 :]}"
    return Content.assemble((ends[0], CONTEXT), (line, DATA), (ends[1], CONTEXT))


def _cell(start: float, x: float, end: float, width: int) -> int:
    place = round((x - start) / (end - start) * (width - 1))
    return max(0, min(place, width - 1))


def _interval(cells: list[str], low: int, at: int, high: int) -> str:
    cells[low : high + 1] = ["─"] * (high + 1 - low)
    cells[low], cells[high] = "├", "┤"
    cells[at] = "●"
    return "".join(cells)
