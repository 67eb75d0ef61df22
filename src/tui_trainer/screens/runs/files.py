"""What can be made of a run's folder: details, an export, nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.runs.checkpoints import folder_bytes
from tui_trainer.runs.curve import XAxis, read_curve
from tui_trainer.runs.figures import CSV, NamedCurve, check_export, write_csv, write_png
from tui_trainer.runs.home import given_path, plain_name
from tui_trainer.runs.listing import RunOnDisk, check_deletable, delete_whole
from tui_trainer.screens.dialogs.entry import Entry
from tui_trainer.screens.runs.columns import Listed
from tui_trainer.screens.runs.details import RunDetails
from tui_trainer.screens.runs.words import describe_contents, describe_left, details
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.disk import in_thread
from tui_trainer.session.questions import Choice, Question
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import counted
from tui_trainer.words.runs import NAME_CHARACTERS


@dataclass(frozen=True)
class CurvesOnShow:
    """What the chart shows."""

    runs: Sequence[RunOnDisk]
    axis: XAxis
    log: bool


class RunFiles:
    """What is long on disk is done in a thread."""

    def __init__(
        self,
        screen: WorkScreen,
        *,
        curves: Callable[[], CurvesOnShow],
        changed: Callable[[], None],
    ) -> None:
        """`curves` are on show now; `changed` hears that there may be another list of runs."""
        self._screen, self._session = screen, screen.session
        self._curves, self._changed = curves, changed

    async def show_details(self, run: RunOnDisk) -> None:
        size = await in_thread(lambda: folder_bytes(run.folder))
        title = visible(run.name, limit=NAME_CHARACTERS)
        self._screen.app.push_screen(RunDetails(title, details(run, size)))

    async def export(self, run: RunOnDisk) -> None:
        """Write its steps, or all curves on show, to a file that the user names."""
        question = (
            f"File to write: a .csv of every step of {visible(run.name, limit=NAME_CHARACTERS)}, "
            "or a .png of the curves on show"
        )
        entry = Entry("export", question, f"{plain_name(run.name)}{CSV}", read_path)
        if (path := await self._screen.app.push_screen_wait(entry)) is None:
            return
        curves = self._curves()
        try:
            written = await in_thread(lambda: export_run(run, curves, path))
            self._screen.notify(written, markup=False)
        except InputError as error:
            self._session.report_failure(Failure(str(error)))

    async def delete(self, row: Listed) -> None:
        """Delete a run, or what cannot be read as one; asks first."""
        if self._session.reads_from(row.folder):
            self._screen.notify(
                "This run is being read: wait for it.", severity="warning", markup=False
            )
            return
        try:
            if await self._is_to_go(row):
                await self._delete(row)
        except InputError as error:
            self._session.report_failure(Failure(str(error)))

    async def _is_to_go(self, row: Listed) -> bool:
        """What was answered; InputError where it cannot be deleted."""
        check_deletable(row.folder)
        size = await in_thread(lambda: folder_bytes(row.folder))
        name = visible(row.folder.name, limit=NAME_CHARACTERS)
        words = f"Delete this run? {name}: {describe_contents(row, size)}. Nothing brings it back."
        if self._has_weights_of(row):
            words += " The weights in memory, which are those of its end, stay there alone."
        choices = Choice("n", "keep"), Choice("y", "delete")
        return await self._session.put(Question(words, choices)) == "y"

    def _has_weights_of(self, row: Listed) -> bool:
        """Whether the weights that are loaded are what it ended with, and in no other file."""
        status, saved = self._session.status, self._session.saved
        is_saved = status is not None and status.updates > 0 and not status.unsaved
        return is_saved and saved is not None and saved.name == row.folder.name

    async def _delete(self, row: Listed) -> None:
        try:
            deletion = await in_thread(lambda: delete_whole(row.folder))
        finally:
            self._changed()
            # Its checkpoint may have been all that had these weights.
            await self._session.refresh()
        if deletion.left:
            self._screen.notify(describe_left(row, deletion), markup=False, timeout=10)


def read_path(text: str) -> Path:
    """The path that was typed; InputError where nothing can be written there."""
    path = given_path(text.strip())
    check_export(path)
    return path


def export_run(run: RunOnDisk, on_show: CurvesOnShow, path: Path) -> str:
    """Write `run` as CSV, or the curves on show as PNG; what was written, in words."""
    if path.suffix.lower() == CSV:
        what = f"{write_csv(run.folder, path):,} rows"
    else:
        curves = [NamedCurve(other.name, read_curve(other.folder)) for other in on_show.runs]
        write_png(curves, path, on_show.axis, log=on_show.log)
        curve = "curve" if len(curves) == 1 else "curves"
        what = f"the {curve} of {counted(len(curves), 'run')} by {on_show.axis.value}"
    return f"{visible(str(path.absolute()))} has {what}."
