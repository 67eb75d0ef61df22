"""The precision that a model is loaded in: what was asked for, or what `auto` takes."""

from dataclasses import dataclass

import torch
from transformers import PreTrainedConfig

from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.loop.usual_needs import usual_needs
from tui_trainer.engine.memory.dry_model import DryModel
from tui_trainer.engine.models.devices import check_precision
from tui_trainer.settings.model import BF16_STOCHASTIC, FP32, MIXED
from tui_trainer.words.numbers import gigabytes

LESS = (
    "Precision auto is {} here: in {} this model needs about {} GB for {}, and {} has {} GB for it."
)


@dataclass(frozen=True)
class ChosenPrecision:
    """In which precision, and why where that is less than `auto` would rather take."""

    name: str
    notes: tuple[str, ...] = ()

    @property
    def dtype(self) -> torch.dtype:
        """What the weights are in."""
        return torch.bfloat16 if self.name.startswith("bf16") else torch.float32


def choose_precision(
    wanted: str, device: torch.device, config: PreTrainedConfig, *, code: bool = False
) -> ChosenPrecision:
    """`auto` is fp32 on a CPU; on a GPU mixed where it has room for the usual uses, or bf16-sr.

    InputError where the device does not have what was asked for.
    """
    here = accelerator(device)
    if wanted != "auto":
        return ChosenPrecision(check_precision(wanted, device))
    if device.type == "cpu" or not here.has_bf16():
        return ChosenPrecision(FP32)
    # What this process holds there is of the model before, in whose place this one comes.
    free = here.memory().free + here.unused() + here.allocated()
    needs = usual_needs(DryModel.of(config, MIXED, remote_code=code), device)
    use, most = max(needs.items(), key=lambda need: need[1])
    if most <= free:
        return ChosenPrecision(MIXED)
    told = BF16_STOCHASTIC, MIXED, gigabytes(most), use, device, gigabytes(free)
    return ChosenPrecision(BF16_STOCHASTIC, (LESS.format(*told),))
