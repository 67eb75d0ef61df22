"""What was done, written as a script or a notebook: asks for the file, and before it overwrites."""

from pathlib import Path

from tui_trainer.engine.export.files import read_target
from tui_trainer.protocol.keeping import Export, NameExport
from tui_trainer.reports.exported_script import ExportReport
from tui_trainer.screens.dialogs.entry import Entry, current_folder
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.questions import Choice, Question
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.keys import WEIGHTS, key

QUESTION = (
    "Write what was done since the weights were loaded, in plain PyTorch: a script (.py) or a "
    "notebook (.ipynb). A name without a directory is in {here}."
)


EXPORT = key(
    "x", "export", "export", "Write what was done as a Python script or a notebook", WEIGHTS
)
"""The key of `ScriptExport`."""


class ScriptExport:
    """Writes what was done to the model, on the screen of the key and elsewhere."""

    def __init__(self, screen: WorkScreen) -> None:
        self._screen, self._session = screen, screen.session

    async def write(self) -> None:
        """Ask for the file until it is written, or the user goes elsewhere."""
        if self._session.status is None:
            self._screen.notify("The model is still being loaded.", markup=False)
            return
        name = await self._session.ask(NameExport())
        while name is not None:
            entry = Entry("export", QUESTION.format(here=current_folder()), name, read_target)
            target = await self._screen.app.push_screen_wait(entry)
            if target is None or await self._export(target):
                return
            if self._screen.app.screen is not self._screen:  # a failure is on show, or another one
                return
            name = str(target)

    async def _export(self, target: Path) -> bool:
        """Whether it is written; else another name is to be asked for."""
        report = await self._write(target, overwrite=False)
        if report is not None and report.existing:
            if not await self._may_overwrite(report.existing):
                return False
            report = await self._write(target, overwrite=True)
        if report is None:
            return False
        self._screen.notify(describe_export(report), title="Exported", markup=False, timeout=10)
        return True

    async def _write(self, target: Path, *, overwrite: bool) -> ExportReport | None:
        return await self._session.ask(Export(str(target), overwrite))

    async def _may_overwrite(self, existing: tuple[str, ...]) -> bool:
        question = Question(
            f"Overwrite? There is {visible(' and '.join(existing))} already.",
            (Choice("n", "another name"), Choice("o", "overwrite")),
        )
        return await self._session.put(question) == "o"


def describe_export(report: ExportReport) -> str:
    """Where it is, and what is to be known of it: a line each."""
    return "\n".join(map(visible, (*report.files, *report.notes)))
