"""A precision as it is told beside the device that it is on."""

from tui_trainer.settings.model import FP32


def describe_precision(device: str, precision: str, deterministic: bool = False) -> str:
    """`fp32 (TF32 off)` on CUDA, where fp32 is also the name of what others compute in TF32.

    After it, where that was asked for, that the same bits come each time.
    """
    off = " (TF32 off)" if precision == FP32 and device.startswith("cuda") else ""
    return f"{precision}{off}{', deterministic' if deterministic else ''}"
