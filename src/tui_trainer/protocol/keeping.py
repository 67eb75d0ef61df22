"""Requests that write what there is to disk."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tui_trainer.errors import InputError
from tui_trainer.protocol.request import Request
from tui_trainer.reports.exported_script import ExportReport
from tui_trainer.reports.runs import CheckpointReport, End, Kept, SavedReport

if TYPE_CHECKING:
    from tui_trainer.protocol.answers import Answers


@dataclass(frozen=True)
class Save(Request[Kept]):
    """Write the weights where they belong."""

    doing: ClassVar[str] = "Saving"
    is_seen_by_all: ClassVar[bool] = True

    def answered_by(self, engine: "Answers") -> Kept:
        return _kept(engine.save())


@dataclass(frozen=True)
class EndWork(Request[End]):
    """The last that is asked; with `saves` updates that no file has are saved."""

    saves: bool

    def answered_by(self, engine: "Answers") -> End:
        kept, failure = Kept(), ""
        try:
            has_any = self.saves and engine.status() is not None
            kept = _kept(engine.save()) if has_any else kept
        except InputError as error:
            failure = str(error)
        return End(kept, failure, engine.stopped_run())


def _kept(saved: CheckpointReport | SavedReport | None) -> Kept:
    return Kept(model=saved) if isinstance(saved, SavedReport) else Kept(checkpoint=saved)


@dataclass(frozen=True)
class NameExport(Request[str]):
    """A file name for what was done; refused where there is nothing to export."""

    def answered_by(self, engine: "Answers") -> str:
        return engine.export_name()


@dataclass(frozen=True)
class Export(Request[ExportReport]):
    """Write what was done since the weights were loaded, as a script or a notebook."""

    doing: ClassVar[str] = "Exporting"
    line: str
    """The file, as it was typed."""
    overwrite: bool = False

    def answered_by(self, engine: "Answers") -> ExportReport:
        return engine.export(self.line, overwrite=self.overwrite)
