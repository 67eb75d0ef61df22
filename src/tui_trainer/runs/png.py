"""A chart as a PNG: lines and points on two axes with numbers, as a paper has them.

matplotlib draws it, an extra: it is imported where the first one is drawn, which takes 0.5 s.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_trainer.terminal_text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

NAME_CHARACTERS = 60
NARROW = 30
"""Up to so many times the lowest number as the highest, a log axis tells each digit."""
INCHES, DOTS_AN_INCH = (9.0, 5.0), 150
FAINT = 0.45
"""How opaque a curve is that lies behind another."""
GREY = "0.35"

Point = tuple[float, float]


@dataclass(frozen=True)
class PngCurve:
    """A line through points; or, with a `marker` and no `dashes`, the points alone."""

    points: tuple[Point, ...]
    colour: str
    """As matplotlib has colours: `#rrggbb`, or `C0` for the first of its own."""
    name: str = ""
    """What the legend calls it; without one it is not there."""
    dashes: str = "-"
    marker: str = ""
    is_faint: bool = False
    """Whether it lies behind: the single numbers of an average."""


@dataclass(frozen=True)
class PngRule:
    """What happened at a place of the horizontal axis, in a few words."""

    place: float
    label: str


@dataclass(frozen=True)
class PngChart:
    """All that is drawn; those behind first."""

    curves: tuple[PngCurve, ...]
    x_label: str
    y_label: str
    log: bool = False
    ends: tuple[float, float] | None = None
    """Of the horizontal axis, where not all of it is wanted."""
    whole: bool = False
    """Whether its ticks are whole numbers."""
    tell_x: Callable[[float], str] | None = None
    """A tick of it in words, where that is not its number."""
    rules: tuple[PngRule, ...] = ()
    checkpoints: tuple[float, ...] = ()


def save_png(chart: PngChart, path: Path) -> None:
    """Write it there: 1350 x 750 pixels; OSError where that cannot be."""
    figure_of(chart).savefig(path, format="png", dpi=DOTS_AN_INCH)


def figure_of(chart: PngChart) -> "Figure":
    """A figure of its own: pyplot would keep it, and choose a backend with a window."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=INCHES, layout="constrained")
    axes = figure.add_subplot()
    lines = [(_draw(axes, curve), curve.name) for curve in chart.curves]
    for rule in chart.rules:
        _write_rule(axes, rule)
    if chart.checkpoints:
        lines.append((_mark_checkpoints(axes, chart.checkpoints), "checkpoint"))
    axes.set_xlabel(chart.x_label, parse_math=False)
    axes.set_ylabel(chart.y_label, parse_math=False)  # a number of a run may have any name
    axes.grid(alpha=0.3)
    _scale(axes, chart)
    _name(axes, [(line, name) for line, name in lines if name])
    return figure


def _draw(axes: "Axes", curve: PngCurve) -> "Line2D":
    (line,) = axes.plot(
        [x for x, _ in curve.points],
        [y for _, y in curve.points],
        color=curve.colour,
        linestyle=curve.dashes,
        marker=curve.marker,
        linewidth=0.7 if curve.is_faint else 1.7,
        alpha=FAINT if curve.is_faint else 1.0,
    )
    return line


def _write_rule(axes: "Axes", rule: PngRule) -> None:
    """A dotted line from top to bottom, with its words beside it."""
    axes.axvline(rule.place, color=GREY, linestyle=":", linewidth=1)
    axes.text(
        rule.place,
        0.98,
        rule.label,
        transform=axes.get_xaxis_transform(),
        rotation=90,
        va="top",
        ha="right",
        fontsize=8,
        color=GREY,
    )


def _mark_checkpoints(axes: "Axes", places: Sequence[float]) -> "Line2D":
    """A square on the axis at each."""
    (line,) = axes.plot(
        places,
        [0.0] * len(places),
        transform=axes.get_xaxis_transform(),
        color=GREY,
        linestyle="",
        marker="s",
        fillstyle="none",
        clip_on=False,
    )
    return line


def _scale(axes: "Axes", chart: PngChart) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    if chart.ends is not None:
        axes.set_xlim(*chart.ends)
    if chart.tell_x is not None:
        tell = chart.tell_x
        axes.xaxis.set_major_formatter(lambda place, _: tell(place))
    if chart.whole:
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    if chart.log:
        make_logarithmic(axes)


def _name(axes: "Axes", named: Sequence[tuple["Line2D", str]]) -> None:
    """A name is no formula, and one that begins with an underscore would be left out."""
    if not named:
        return
    legend = axes.legend([line for line, _ in named], [f"{n}" for n in range(len(named))])
    for text, (_, name) in zip(legend.get_texts(), named, strict=True):
        text.set_parse_math(False)
        text.set_text(visible(name, limit=NAME_CHARACTERS))


def make_logarithmic(axes: "Axes") -> None:
    """The axis of losses, with plain numbers as on the screen: 0.6, not 6 x 10^-1."""
    axes.set_yscale("log")
    lowest, highest = axes.get_ylim()
    axes.yaxis.set_major_formatter("{x:g}")
    # Over more than a decade or two there is no room between those.
    axes.yaxis.set_minor_formatter("{x:g}" if highest < NARROW * lowest else "")
