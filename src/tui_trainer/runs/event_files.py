"""A run's losses as TensorBoard's event files, beside its metrics: `--log-to tensorboard`."""

import importlib.util
import math
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.private_files import close_all_to_others

FOLDER = "tensorboard"


class EventFiles:
    """Scalars by step; `tensorboard --logdir` on the folder of all runs shows them together."""

    def __init__(self, run: Path) -> None:
        check_installed()
        from tensorboard.summary import Writer  # noqa: PLC0415  # an extra, and 0.3 s

        self._writer = Writer(str(run / FOLDER))
        close_all_to_others(run / FOLDER)

    def step(self, report: StepReport) -> None:
        """Add a step; a number that is not finite would break the scale of the chart there."""
        for name, number in (("loss", report.loss), ("grad_norm", report.grad_norm)):
            if math.isfinite(number):
                self._writer.add_scalar(f"train/{name}", number, report.step)
        self._writer.add_scalar("train/lr", report.lr, report.step)
        self._writer.add_scalar("train/tokens_per_second", rate(report), report.step)

    def close(self) -> None:
        self._writer.close()


def rate(report: StepReport) -> float:
    """Tokens a second."""
    return report.tokens / report.seconds if report.seconds > 0 else 0.0


def check_installed() -> None:
    """InputError where TensorBoard's package is not there."""
    if importlib.util.find_spec("tensorboard") is None:
        raise InputError(
            "log to tensorboard needs its package: run `pip install 'tui-trainer[tensorboard]'`, "
            "or log to nowhere."
        )
