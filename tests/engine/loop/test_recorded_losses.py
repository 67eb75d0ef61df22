"""Losses of 30 steps, recorded once: what moves code about must leave every bit of them.

`python -m tests.engine.loop.test_recorded_losses` records them anew, where numbers
are meant to change.
"""

import json
import platform
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import tests
from tests.at_length import first_is_quick
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.progress import UNHEARD
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUNED
from tui_trainer.settings.train import TrainSettings

RECORDED = Path(tests.__file__).parent / "recorded_losses.json"
STEPS = 30
SETTINGS = {
    "tutorial": (TrainSettings(items=STEPS), "fp32"),
    "tuned": (replace(TUNED, items=120, pack=128, lr=1e-3, clip=None), "fp32"),
    "padded": (
        TrainSettings(
            items=2 * STEPS,
            batch=2,
            padding="left",
            answer_only=True,
            weight_decay=0.1,
            schedule="cosine",
            warmup=3,
            shuffle=True,
            lr=1e-3,
        ),
        "fp32",
    ),
    "stochastic rounding": (TrainSettings(items=STEPS, accumulation=1, lr=1e-3), "bf16-sr"),
}


def losses_of(name: str) -> list[str]:
    """Of the first steps, to the bit."""
    settings, precision = SETTINGS[name]
    engine = Engine(UNHEARD)
    engine.load_model(ModelChoice("builtin", "cpu", precision))
    steps = (report for report in engine.train(settings) if isinstance(report, StepReport))
    return [report.loss.hex() for _, report in zip(range(STEPS), steps, strict=False)]


def machine() -> dict[str, object]:
    """What the last bits depend on beside the code."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return {
        "processor": names[0] if names else platform.processor(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }


@pytest.mark.parametrize(
    "name",
    first_is_quick("tuned", *(name for name in SETTINGS if name != "tuned")),
)
def test_losses_are_those_recorded(name: str) -> None:
    recorded = json.loads(RECORDED.read_text())
    found, expected = losses_of(name), recorded["losses"][name]
    assert len(found) == len(expected) == STEPS
    if machine() == recorded["machine"]:
        assert found == expected
    else:  # other kernels add in another order, and each step carries it on
        values = [[float.fromhex(loss) for loss in losses] for losses in (found, expected)]
        assert values[0] == pytest.approx(values[1], rel=0.01)
        assert values[0][0] == pytest.approx(values[1][0], rel=1e-2 if "round" in name else 1e-5)


if __name__ == "__main__":
    losses = {name: losses_of(name) for name in SETTINGS}
    RECORDED.write_text(json.dumps({"machine": machine(), "losses": losses}, indent=1) + "\n")
