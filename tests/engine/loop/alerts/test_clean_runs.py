"""A run with which nothing is wrong raises no alert, however noisy its losses are."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tui_trainer.engine.engine import Engine
from tui_trainer.reports.loop import alerts_of
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUNED
from tui_trainer.settings.train import TrainSettings

NOISY = TrainSettings(items=5_000, lr=1e-3, checkpoint_at_end=False)
"""An item a step, of up to 128 tokens, each of another length."""
IN_ROWS = replace(
    TUNED, items=5_000, pack=0, epochs=2, batch=2, lr=3e-3, item_attention=False, seed=1
)


def alerts_of_a_run(engine: Engine, settings: TrainSettings) -> tuple[int, list[str]]:
    """How many steps it made, and what it alarmed of."""
    steps, told = 0, []
    for report in engine.train(settings):
        steps += isinstance(report, StepReport)
        told += [alert.says for alert in alerts_of(report)]
    return steps, told


def test_a_short_run_raises_none(qwen3: Engine) -> None:
    assert alerts_of_a_run(qwen3, replace(NOISY, items=150)) == (150, [])


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("model", "settings"), [("Qwen3", NOISY), ("GPT2", IN_ROWS)])
def test_thousands_of_steps_raise_none(
    engine: Engine, model_folder: Callable[[str], Path], model: str, settings: TrainSettings
) -> None:
    engine.load_model(ModelChoice(str(model_folder(model)), "cpu", "fp32"))
    assert alerts_of_a_run(engine, settings) == (5_000, [])
