"""`ctrl+s`: what is on show as a file: its text, its picture, or its chart."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from textual.app import App

from tui_trainer.errors import InputError
from tui_trainer.runs.figures import PNG, check_png, is_file_name
from tui_trainer.runs.home import given_path
from tui_trainer.runs.png import PngChart, save_png
from tui_trainer.runs.whole_file import exported_file
from tui_trainer.screens.dialogs.entry import Entry, current_folder
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.disk import in_thread
from tui_trainer.session.questions import Choice, Question
from tui_trainer.terminal.drawn import drawn_text
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.png import png_of

Return = TypeVar("Return")
TOLD_AFTER = 0.2  # seconds
TEXT, PICTURE = ".txt", ".svg"
IN_HAND = ".-in-hand Chart"
QUESTION = (
    "Save what is on show as which file? What its name ends with says what: {kinds}. A name "
    "without a directory is in {here}."
)


@dataclass(frozen=True)
class OnShow:
    """What was on show when it was asked for, before the dialog came: by a file's suffix, what
    writes it to a path, and what that is."""

    name: str
    kinds: Mapping[str, tuple[str, Callable[[Path], None]]]

    @property
    def question(self) -> str:
        kinds = (f"{suffix} {what}" for suffix, (what, _) in self.kinds.items())
        return QUESTION.format(kinds=", ".join(kinds), here=current_folder())

    def read_target(self, line: str) -> Path:
        """The file that was typed; InputError where nothing can be written there."""
        path = given_path(line.strip()).absolute()
        if not is_file_name(str(path)) or path.suffix.lower() not in self.kinds:
            *others, last = self.kinds
            raise InputError(f"A file's name ends with {', '.join(others)} or {last} here.")
        if path.suffix.lower() == PNG:
            check_png()
        if not os.path.isdir(path.parent):  # noqa: PTH112  # Path's raises where it may not look
            raise InputError(f"There is no folder {path.parent}: make it, or give another one.")
        if os.path.isdir(path):  # noqa: PTH112
            raise InputError(f"{path} is a folder: give a file's name.")
        return path

    def free_name(self) -> str:
        """One that no file here has."""
        number, name = 1, f"{self.name}{TEXT}"
        while os.path.lexists(name):
            number += 1
            name = f"{self.name}-{number}{TEXT}"
        return name


def on_show(app: App[Return], screen: WorkScreen | None) -> OnShow:
    """What is shown now, dialogs included; of `screen` its chart."""
    name = screen.NAME if screen else str(app.TITLE)
    text, picture = drawn_text(app), app.export_screenshot(title=name)
    kinds = {
        TEXT: ("its text", partial(write_text, text)),
        PICTURE: ("a picture of it", partial(write_text, picture)),
    }
    if screen is not None and (chart := chart_in_hand(screen)) is not None:
        what = f"the chart {visible(chart.title)}".strip()
        kinds[PNG] = what, partial(write_chart, png_of(chart))
    return OnShow(name, kinds)


def chart_in_hand(screen: WorkScreen) -> Chart | None:
    """The one that has the focus, or is in hand on a wall, else the first on show; None where no
    curve is."""
    there = [chart for chart in screen.query(Chart) if chart.is_seen and chart.has_curve]
    first = [chart for chart in there if chart.has_focus or chart in screen.query(IN_HAND)]
    return next(iter(first or there), None)


def write_chart(chart: PngChart, path: Path) -> None:
    """As `write_text`."""
    with exported_file(path) as beside:
        save_png(chart, beside)


def write_text(text: str, path: Path) -> None:
    """Whole or not at all; InputError where it cannot be written."""
    with exported_file(path) as beside:
        beside.write_text(text, encoding="utf-8")


async def save_view(app: App[Return], shown: OnShow) -> None:
    """Ask for the file until it is written, or the user goes elsewhere."""
    name = shown.free_name()
    while True:
        path = await app.push_screen_wait(
            Entry("save view", shown.question, name, shown.read_target)
        )
        if path is None:
            return
        name = str(path)
        if (not os.path.lexists(path) or await _may_overwrite(app, path)) and await _is_written(
            app, shown, path
        ):
            return


async def _is_written(app: App[Return], shown: OnShow, path: Path) -> bool:
    """Write it; whether it is there the user is told in any case."""
    what, write = shown.kinds[path.suffix.lower()]
    # What draws a chart is imported with the first one, which takes a second or more.
    told = app.set_timer(
        TOLD_AFTER, lambda: app.notify(f"Writing {what} …", markup=False, timeout=2)
    )
    try:
        await in_thread(partial(write, path))
    except InputError as error:
        app.notify(visible(str(error)), severity="error", markup=False, timeout=10)
        return False
    finally:
        told.stop()
    app.notify(visible(str(path)), title="Saved", markup=False, timeout=10)
    return True


async def _may_overwrite(app: App[Return], path: Path) -> bool:
    question = Question(
        f"Overwrite it? There is {visible(str(path))} already.",
        (Choice("n", "another name"), Choice("o", "overwrite")),
    )
    return await app.push_screen_wait(QuestionDialog(question)) == "o"
