"""The part of Runs that looks into a run's folder: details, export, delete."""

from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.runs.checkpoints import folder_bytes
from tui_trainer.runs.curve import XAxis, read_curve
from tui_trainer.runs.figures import CSV, NamedCurve, check_export, write_csv, write_png
from tui_trainer.runs.home import given_path, plain_name
from tui_trainer.runs.listing import RunOnDisk, check_deletable, delete_whole
from tui_trainer.screens.dialogs.entry import Entry
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.runs.checkpoints import NO_RUN, RunCheckpoints
from tui_trainer.screens.runs.details import RunDetails
from tui_trainer.screens.runs.words import (
    NAME_CHARACTERS,
    describe_contents,
    describe_left,
    details,
)
from tui_trainer.session.disk import in_thread
from tui_trainer.session.questions import Choice, Question
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.overlay_chart import OverlayChart
from tui_trainer.words.numbers import counted

FILES = Binding.Group("Files ", compact=True)


class RunFiles(RunCheckpoints):
    """What is long on disk is done in a thread."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "details",
            "Info",
            key_display="⏎",
            id="details",
            tooltip="All settings of the run, its model, data and versions",
        ),
        Binding(
            "x",
            "export",
            "Export",
            id="export",
            tooltip="Write the steps of this run as CSV, or the curves on show as PNG",
            group=FILES,
        ),
        Binding(
            "d",
            "delete",
            "Delete",
            id="delete",
            tooltip="Delete this run; asks first",
            group=FILES,
        ),
    ]

    @property
    def overlaid(self) -> list[RunOnDisk]:
        """The runs in the chart."""
        raise NotImplementedError

    @property
    def chart(self) -> OverlayChart:
        raise NotImplementedError

    def list_anew(self) -> None:
        """The runs have changed."""
        raise NotImplementedError

    @work
    async def action_details(self) -> None:
        if (run := self.selected_run) is not None:
            size = await in_thread(lambda: folder_bytes(run.folder))
            title = visible(run.name, limit=NAME_CHARACTERS)
            self.app.push_screen(RunDetails(title, details(run, size)))

    @work
    async def action_export(self) -> None:
        if (run := self.selected_run) is None:
            return
        question = (
            f"File to write: a .csv of every step of {visible(run.name, limit=NAME_CHARACTERS)}, "
            "or a .png of the curves on show"
        )
        initial = f"{plain_name(run.name)}{CSV}"
        path = await self.app.push_screen_wait(Entry(question, initial, read_path))
        if path is None:
            return
        chart = self.chart
        export = partial(export_run, run, self.overlaid, path, chart.axis, log=chart.log_axis)
        try:
            self.notify(await in_thread(export), markup=False)
        except InputError as error:
            self.session.report_failure(Failure(str(error)))

    @work
    async def action_delete(self) -> None:
        if (row := self.selected) is None:
            self.notify(NO_RUN, markup=False)
            return
        if self.session.reads_from(row.folder):
            self.notify("This run is being read: wait for it.", severity="warning", markup=False)
            return
        try:
            check_deletable(row.folder)
            size = await in_thread(lambda: folder_bytes(row.folder))
            name = visible(row.folder.name, limit=NAME_CHARACTERS)
            question = f"Delete {name}: {describe_contents(row, size)}? Nothing brings it back."
            answers = Choice("n", "keep"), Choice("y", "delete")
            if await self.app.push_screen_wait(QuestionDialog(Question(question, answers))) == "y":
                deletion = await in_thread(lambda: delete_whole(row.folder))
                if deletion.left:
                    self.notify(describe_left(row, deletion), markup=False, timeout=10)
        except InputError as error:
            self.session.report_failure(Failure(str(error)))
        self.list_anew()
        await self.session.refresh()  # its checkpoint may have been all that had these weights


def read_path(text: str) -> Path:
    """The path that was typed; InputError where nothing can be written there."""
    path = given_path(text.strip())
    check_export(path)
    return path


def export_run(
    run: RunOnDisk, overlaid: list[RunOnDisk], path: Path, axis: XAxis, *, log: bool
) -> str:
    """Write `run` as CSV, or those `overlaid` as PNG; what was written, in words."""
    if path.suffix.lower() == CSV:
        what = f"{write_csv(run.folder, path):,} rows"
    else:
        curves = [NamedCurve(other.name, read_curve(other.folder)) for other in overlaid]
        write_png(curves, path, axis, log=log)
        curve = "curve" if len(curves) == 1 else "curves"
        what = f"the {curve} of {counted(len(curves), 'run')} by {axis.value}"
    return f"{visible(str(path.absolute()))} has {what}."
