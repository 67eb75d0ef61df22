"""A run's figures for other programs: all of them as CSV, its loss curve as a PNG."""

import csv
import importlib.util
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_trainer.errors import InputError
from tui_trainer.runs.curve import LossCurve, XAxis
from tui_trainer.runs.home import METRICS_FILE, is_at_home
from tui_trainer.runs.metrics import ChangeLine, MetricsLine, StepLine, ValidationLine, read_lines
from tui_trainer.runs.private_files import create_file
from tui_trainer.terminal_text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CSV, PNG = SUFFIXES = ".csv", ".png"
STEP_COLUMNS = StepLine.__struct_fields__
VALIDATION_COLUMNS = {
    "validation_loss": "loss",
    "validation_question_loss": "question_loss",
    "validation_answer_loss": "answer_loss",
}
"""What a column of the CSV is called in the metrics file."""
ON_STEP = "updates_on_step"
"""Made on Step after this step and before the next."""
COLUMNS = (*STEP_COLUMNS, *VALIDATION_COLUMNS, ON_STEP)
X_LABELS = {XAxis.STEP: "step", XAxis.TOKEN: "tokens trained on", XAxis.TIME: "seconds of training"}
NAME_CHARACTERS = 60
LINES = "-", "--", "-.", ":"
NARROW = 30
"""Up to so many times the lowest loss as the highest, a log axis tells each digit."""
INCHES, DOTS_AN_INCH = (9.0, 5.0), 150


@dataclass(frozen=True)
class NamedCurve:
    """A curve and what the picture's legend calls it."""

    name: str
    curve: LossCurve


def check_export(path: Path, *suffixes: str) -> None:
    """InputError where nothing can be written there, before anything is read.

    `suffixes` are those that its name may end with; without any it is `SUFFIXES`.
    """
    known = suffixes or SUFFIXES
    if not is_file_name(str(path)) or path.suffix.lower() not in known:
        raise InputError(f"{path} does not end with {' or '.join(known)}: give such a name.")
    if os.path.lexists(path):
        raise InputError(f"{path} is there already: give another name.")
    if not os.path.isdir(path.parent):  # noqa: PTH112  # Path's raises where it may not look
        raise InputError(f"There is no folder {path.parent}: make it, or give another one.")
    if path.suffix.lower() == PNG and importlib.util.find_spec("matplotlib") is None:
        raise InputError(
            "A PNG needs matplotlib: run `pip install 'tui-trainer[png]'`, or write a .csv."
        )


def is_file_name(path: str) -> bool:
    """Whether the system can have a file of that name."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


# CSV


def write_csv(run: Path, path: Path) -> int:
    """A row a step, and what was measured after it in the same row; how many rows it has.

    A measurement before the first step has a row of its own, step 0. InputError where the
    metrics are damaged or the file cannot be written.
    """
    rows = 0
    with written(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for row in _rows(run):
            writer.writerow(row)
            rows += 1
    return rows


def _rows(run: Path) -> Iterator[dict[str, float | None]]:
    row: dict[str, float | None] = {}
    for line, _ in read_lines(run / METRICS_FILE):
        cells = _cells(line)
        if row and cells and row["step"] != cells["step"]:
            yield row
            row = {}
        if ON_STEP in cells:
            cells[ON_STEP] = (row.get(ON_STEP) or 0) + (cells[ON_STEP] or 0)
        row |= cells
    if row:
        yield row


def _cells(line: MetricsLine) -> dict[str, float | None]:
    """What a line has for the row of its step: numbers alone, which no spreadsheet takes for
    a formula."""
    if isinstance(line, StepLine):
        return {name: getattr(line, name) for name in STEP_COLUMNS}
    if isinstance(line, ChangeLine):
        return {"step": line.step, ON_STEP: line.updates}
    if isinstance(line, ValidationLine):
        measured = {name: getattr(line, source) for name, source in VALIDATION_COLUMNS.items()}
        return {"step": line.step} | measured
    return {}


# PNG


def write_png(curves: Sequence[NamedCurve], path: Path, axis: XAxis, *, log: bool) -> None:
    """The curves in one chart; of a single one the lowest and highest losses too, faint."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # an extra, and 0.5 s

    # A figure of its own: pyplot would keep it, and choose a backend with a window.
    figure = Figure(figsize=INCHES, layout="constrained")
    axes = figure.add_subplot()
    for number, named in enumerate(curves):
        places = named.curve.places(axis)
        style = LINES[number % len(LINES)]  # for who sees no colours, or prints
        x, y = [place for place, _ in places], [loss for _, loss in places]
        (line,) = axes.plot(x, y, style, label=f"{number}")
        if len(curves) == 1:
            buckets = named.curve.buckets
            lowest, highest = [b.lowest for b in buckets], [b.highest for b in buckets]
            color = line.get_color()
            axes.fill_between(x, lowest, highest, color=color, alpha=0.25, linewidth=0.5)
    axes.set_xlabel(X_LABELS[axis])
    axes.set_ylabel("loss (nats), moving average")
    if log:
        make_logarithmic(axes)
    axes.grid(alpha=0.3)
    for text, named in zip(axes.legend().get_texts(), curves, strict=True):
        # A name is no formula, and one that begins with an underscore would be left out.
        text.set_parse_math(False)
        text.set_text(visible(named.name, limit=NAME_CHARACTERS))
    with written(path) as beside:
        figure.savefig(beside, format="png", dpi=DOTS_AN_INCH)


def make_logarithmic(axes: "Axes") -> None:
    """The axis of losses, with plain numbers as on the screen: 0.6, not 6 x 10^-1."""
    axes.set_yscale("log")
    lowest, highest = axes.get_ylim()
    axes.yaxis.set_major_formatter("{x:g}")
    # Over more than a decade or two there is no room between those.
    axes.yaxis.set_minor_formatter("{x:g}" if highest < NARROW * lowest else "")


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Gives a file beside `path`, renamed to it where the block ends well: whole or not at all.

    Where the user names a place outside this program's own, others may read it as the umask says.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        create_file(beside, private=is_at_home(path)).close()
        yield beside
        beside.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror or error}).") from error
    finally:
        with suppress(OSError):  # what was not made is not there
            beside.unlink()
