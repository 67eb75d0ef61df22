"""Each setting as a command of the palette: its form opens with the cursor on it."""

from collections.abc import Iterator
from dataclasses import dataclass

from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.cell import CellSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.fields import SettingField, fields_of
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings


@dataclass(frozen=True)
class FormPlace:
    """Where the form of a dataclass of settings is."""

    screen: str
    """One of the tabs."""
    of: str
    """Whose settings they are, as a title has it."""
    kind: type
    opened_by: tuple[str, ...] = ()
    """The actions of that screen that lead to where the form is opened."""

    def actions(self, field: SettingField) -> tuple[str, ...]:
        """What opens the form there at a setting, one after another."""
        return *self.opened_by, f"settings('{field.name}')"


FORMS = (
    FormPlace("gsm8k", "GSM8K", TrainSettings),
    FormPlace("step", "Step", CellSettings),
    FormPlace("predict", "Predict", Sampling),
    FormPlace("gsm8k", "an evaluation", EvaluationSettings, ("evaluations",)),
    FormPlace("runs", "the bench", BenchSettings, ("benches",)),
)


def forms_from(screen: str) -> Iterator[tuple[FormPlace, SettingField]]:
    """Every setting, those of that screen first."""
    for place in sorted(FORMS, key=lambda place: place.screen != screen):
        for field in fields_of(place.kind):
            yield place, field
