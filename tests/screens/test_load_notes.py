"""What loading a model has to say is said in the app too, whatever the model's files hold."""

from dataclasses import replace

from tests.fake_engine import FakeEngine
from tests.pilot import running, until
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.settings.model import ModelChoice

NOTES = "An adapter [/] is not applied.", "The weights of \x1b[31mred are not all numbers."


class NotingEngine(FakeEngine):
    def load_model(self, choice: ModelChoice) -> LearnerStatus:
        status = super().load_model(choice)
        return self._become(replace(status, model=replace(status.model, notes=NOTES)))


async def test_the_notes_of_a_model_are_notifications() -> None:
    async with running(engine=lambda progress: NotingEngine()) as (app, pilot):
        await until(pilot, lambda: len(app._notifications) == 2)
        first, second = (note.message for note in app._notifications)
        assert first == NOTES[0]
        assert "\x1b" not in second
        assert "red are not all numbers." in second
