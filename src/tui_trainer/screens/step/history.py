"""Undo and redo on Step, and how much memory they may take."""

import re
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_trainer.errors import InputError
from tui_trainer.protocol.updates import Redo, SetUndoBudget, Undo
from tui_trainer.screens.dialogs.entry import Entry
from tui_trainer.screens.step.phases import StepPhases
from tui_trainer.screens.step.updates import UPDATES
from tui_trainer.session.going_on import Act
from tui_trainer.settings.cell import check_undo_memory
from tui_trainer.settings.typed_numbers import LARGEST_TYPED, read_number, told
from tui_trainer.words.numbers import byte_count

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def read_bytes(line: str) -> int:
    """A number of bytes typed by hand, such as `500 MB`; InputError where it is none."""
    found = re.fullmatch(r" *([0-9.]+) *([kmgt]?)b? *", line, re.ASCII | re.IGNORECASE)
    if found is None:
        raise InputError(f"{told(line)} is no amount of memory: type one such as 500 MB or 2 GB.")
    size = read_number(found[1], "The memory for undo", "500 MB") * UNITS[found[2].lower()]
    if size > LARGEST_TYPED:
        raise InputError(f"{told(line)} is more memory than there can be: type 500 MB or 2 GB.")
    return check_undo_memory(round(size))


class StepHistory(StepPhases):
    """The part of Step that goes back and forth between the weights it made."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "undo", "Undo", id="undo", tooltip="Take the last update back", group=UPDATES),
        Binding(
            "r", "redo", "Redo", id="redo", tooltip="Make the undone update again", group=UPDATES
        ),
        Binding(
            "h",
            "undo_memory",
            "Memory",
            id="undo-memory",
            tooltip="How much memory undo may take",
            group=UPDATES,
        ),
    ]

    @work
    async def action_undo(self) -> None:
        if not self.session.refuses(Act.UPDATE) and not self.piles_up(Undo.doing):
            await self.session.change(Undo())

    @work
    async def action_redo(self) -> None:
        if not self.session.refuses(Act.UPDATE) and not self.piles_up(Redo.doing):
            await self.session.change(Redo())

    @work
    async def action_undo_memory(self) -> None:
        if self.session.status is None:
            return
        now = byte_count(self.session.status.history.budget)
        budget = await self.app.push_screen_wait(Entry("Memory for undo", now, read_bytes))
        if budget is not None:
            await self.session.change(SetUndoBudget(budget))
