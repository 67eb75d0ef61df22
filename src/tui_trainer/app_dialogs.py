"""The dialogs that the app opens, each imported when it is asked for, with all that it needs.

The charts alone, which the one that saves can write, are a tenth of the time to the first frame.
"""

# ruff: noqa: PLC0415

from typing import TYPE_CHECKING, TypeVar

from textual import work
from textual.app import App

from tui_trainer.session.session import Session

if TYPE_CHECKING:
    from tui_trainer.protocol.events import DeviceLost
    from tui_trainer.session.questions import Question
    from tui_trainer.widgets.chart.chart import Chart

Return = TypeVar("Return")


class OpensDialogs(App[Return]):
    """An app that asks, and is asked."""

    session: Session
    _saves_view = False

    async def put_question(self, question: "Question") -> str | None:
        """The key of the answer; None where it was left without one."""
        from tui_trainer.screens.dialogs.question import QuestionDialog

        return await self.push_screen_wait(QuestionDialog(question))

    @work
    async def tell_device_lost(self, lost: "DeviceLost") -> None:
        """What is on disk, and how to go on."""
        from tui_trainer.screens.dialogs.device_lost import DeviceLostDialog

        session = self.session
        restarts = session.worker.outlives_view
        if await self.push_screen_wait(DeviceLostDialog(lost, session.saved, restarts=restarts)):
            await self.run_action("reload")

    @work
    async def action_pick_model(self) -> None:
        """The model that was picked in the place of this one."""
        from tui_trainer.screens.dialogs.model_picker import ModelPicker

        choice = await self.push_screen_wait(ModelPicker(self.session))
        if choice is not None:
            await self.session.load(choice)

    @work
    async def action_save_view(self) -> None:
        """Whatever is on show as a file; but not the dialog that asks for the file."""
        from tui_trainer.screens.dialogs.save_view import on_show, save_view
        from tui_trainer.screens.work_screen import work_screen_of

        if self._saves_view:
            return
        self._saves_view = True
        try:
            await save_view(self, on_show(self, work_screen_of(self)))
        finally:
            self._saves_view = False

    @work
    async def on_chart_place_asked(self, message: "Chart.PlaceAsked") -> None:
        """The place of a chart that is read next."""
        from tui_trainer.screens.dialogs.chart_place import place_entry

        place = await self.push_screen_wait(place_entry(message.what, message.ends, message.now))
        if place is not None:
            message.chart.read_at(place)
