"""A run's figures for other programs: all of them as CSV, its loss curve as a PNG."""

import csv
import importlib.util
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.runs.curve import LossCurve, XAxis, place_of
from tui_trainer.runs.home import METRICS_FILE
from tui_trainer.runs.metrics import ChangeLine, MetricsLine, StepLine, ValidationLine, read_lines
from tui_trainer.runs.png import PngChart, PngCurve, Point, save_png
from tui_trainer.runs.whole_file import exported_file

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
LINES = "-", "--", "-.", ":"


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
    if path.suffix.lower() == PNG:
        check_png()


def check_png() -> None:
    """InputError where what draws a PNG is not installed."""
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError(
            "A PNG needs matplotlib: run `pip install 'tui-trainer[png]'`, or name another file."
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
    with exported_file(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
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
        cells = {name: getattr(line, name) for name in STEP_COLUMNS}
        return cells | {"clipped": int(line.clipped)}
    if isinstance(line, ChangeLine):
        return {"step": line.step, ON_STEP: line.updates}
    if isinstance(line, ValidationLine):
        measured = {name: getattr(line, source) for name, source in VALIDATION_COLUMNS.items()}
        return {"step": line.step} | measured
    return {}


# PNG


def write_png(curves: Sequence[NamedCurve], path: Path, axis: XAxis, *, log: bool) -> None:
    """The curves in one chart; of a single one the lowest and highest losses too, faint."""
    drawn: list[PngCurve] = []
    for number, named in enumerate(curves):
        dashes = LINES[number % len(LINES)]  # for who sees no colours, or prints
        average, colour = tuple(named.curve.places(axis)), f"C{number}"
        if len(curves) == 1:
            drawn.append(PngCurve(_range(named.curve, axis), colour, is_faint=True))
        drawn.append(PngCurve(average, colour, named.name, dashes))
    chart = PngChart(tuple(drawn), X_LABELS[axis], "loss (nats), moving average", log)
    with exported_file(path) as beside:
        save_png(chart, beside)


def _range(curve: LossCurve, axis: XAxis) -> tuple[Point, ...]:
    """Up and down between the lowest and the highest of each bucket."""
    placed = [(place_of(bucket, axis), bucket) for bucket in curve.buckets]
    return tuple((x, y) for x, bucket in placed for y in (bucket.highest, bucket.lowest))
