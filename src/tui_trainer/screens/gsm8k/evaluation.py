"""The part of GSM8K that evaluates: now, or only to look at the evaluations there are."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui_trainer.screens.evaluation.view import EvaluationScreen
from tui_trainer.screens.gsm8k.checkpoints import Gsm8kCheckpoints
from tui_trainer.session.going_on import EVALUATION
from tui_trainer.settings.train import TrainSettings

EVALUATE = Binding.Group("Eval", compact=True)


class Gsm8kEvaluation(Gsm8kCheckpoints):
    """Opens the evaluation screen over the loop, on held-out items of what the loop trains on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "e",
            "evaluate",
            "Evaluate",
            id="evaluate",
            tooltip="Evaluate the weights as they are now, zero-shot",
            group=EVALUATE,
        ),
        Binding(
            "E",
            "evaluations",
            "Evaluations",
            id="evaluations",
            tooltip="The evaluations there are, before and after",
            group=EVALUATE,
        ),
    ]

    @property
    def trains_with(self) -> TrainSettings:
        """The settings of the run on show."""
        raise NotImplementedError

    def action_evaluate(self) -> None:
        self.open_evaluations(self.trains_with, evaluate=not self.session.is_live(EVALUATION))

    def action_evaluations(self) -> None:
        self.open_evaluations(self.trains_with, evaluate=False)

    def open_evaluations(self, training: TrainSettings, *, evaluate: bool) -> None:
        """Show them, and suggest to evaluate held-out items of what `training` trains on."""
        self.session.evaluations.suggest(training)
        self.app.push_screen(EvaluationScreen(self.session, evaluate=evaluate))
