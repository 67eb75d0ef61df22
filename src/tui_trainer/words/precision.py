"""A precision as it is told beside the device that it is on."""

from tui_trainer.settings.model import FP32


def describe_precision(device: str, precision: str) -> str:
    """`fp32 (TF32 off)` on CUDA, where fp32 is also the name of what others compute in TF32."""
    return (
        f"{precision} (TF32 off)" if precision == FP32 and device.startswith("cuda") else precision
    )
