"""A package a screen, with its style; what they share lies beside them."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_trainer.screens.work_screen import WorkScreen

SCREEN_CLASSES = {
    "tokens": "TokensScreen",
    "predict": "PredictScreen",
    "loss": "LossScreen",
    "step": "StepScreen",
    "gsm8k": "Gsm8kScreen",
    "runs": "RunsScreen",
}


def screen_class(name: str) -> "type[WorkScreen]":
    """Imported when it is first asked for: all are a quarter of the time to the first frame."""
    module = import_module(f"tui_trainer.screens.{name}.screen")
    kind: type[WorkScreen] = getattr(module, SCREEN_CLASSES[name])
    return kind
