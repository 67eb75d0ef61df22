"""Undo and redo on Step, and how much memory they may take."""

import re
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_trainer.engine.actions import HistoryReport
from tui_trainer.engine.errors import InputError
from tui_trainer.engine.settings import check_budget
from tui_trainer.screens.entry import Entry
from tui_trainer.screens.step_settings import StepSettings
from tui_trainer.widgets.status_line import byte_count

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
UNDO = Binding.Group("Undo", compact=True)


def read_bytes(line: str) -> int:
    """A number of bytes typed by hand, such as `500 MB`; InputError where it is none."""
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]*)?)\s*([kmgt]?)b?\s*", line.lower())
    if found is None:
        raise InputError(f"{line!r} is no amount of memory: type one such as 500 MB or 2 GB.")
    return check_budget(round(float(found[1]) * UNITS[found[2]]))


def describe_history(report: HistoryReport) -> str:
    """How far back and forth one can go, and the memory that takes."""
    redo = f" redo {report.redo}" if report.redo else ""
    memory = f"{byte_count(report.bytes)}/{byte_count(report.budget)}"
    return f"undo {report.undo}{redo} · {memory}"


class StepHistory(StepSettings):
    """The part of Step that goes back and forth between the weights it made."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "undo", "Undo", id="undo", tooltip="Take the last update back", group=UNDO),
        Binding("r", "redo", "Redo", id="redo", tooltip="Make the undone update again", group=UNDO),
        Binding(
            "h",
            "undo_memory",
            "Memory",
            id="undo-memory",
            tooltip="How much memory undo may take",
            group=UNDO,
        ),
    ]

    @work
    async def action_undo(self) -> None:
        if self.may_train():
            await self.session.change(lambda engine: engine.undo(), "Undoing")

    @work
    async def action_redo(self) -> None:
        if self.may_train():
            await self.session.change(lambda engine: engine.redo(), "Redoing")

    @work
    async def action_undo_memory(self) -> None:
        if self.session.status is None:
            return
        now = byte_count(self.session.status.history.budget)
        budget = await self.app.push_screen_wait(Entry("Memory for undo", now, read_bytes))
        if budget is not None:
            await self.session.change(lambda engine: engine.set_undo_budget(budget), "")

    def may_train(self) -> bool:
        """Whether nothing else trains the model; else the user is told what does."""
        if self.session.holds_weights():
            return False
        reason = ""
        if self.session.status is None:
            reason = "The model is still being loaded."
        elif self.session.is_live("gsm8k"):
            reason = "The GSM8K loop trains this model: stop it on its screen (5) first."
        elif self.session.is_live("step"):
            reason = "Update after update is being made: press p to pause first."
        if reason:
            self.notify(reason, severity="warning", markup=False)
        return not reason
