"""One device alone: Trainer and TRL spread a model over every GPU that they see."""

import os

import torch

from tui_trainer.engine.accelerator import accelerator, accelerator_count

MIG = "MIG-"


def seeing_alone(device: torch.device) -> dict[str, str]:
    """What a process has in its environment that is to see `device` alone, as its first.

    Empty where there is no other of its type. A card is named by its UUID, which every program
    counts alike; a slice of one (MIG) as it was named to this process.
    """
    if accelerator_count(device.type) < 2:
        return {}
    index = device.index or 0
    if device.type != "cuda":
        return _first_of("ZE_AFFINITY_MASK", index)
    if torch.version.hip:
        return _first_of("HIP_VISIBLE_DEVICES", index)
    named = _first_of("CUDA_VISIBLE_DEVICES", index)
    if not named["CUDA_VISIBLE_DEVICES"].startswith(MIG):
        named["CUDA_VISIBLE_DEVICES"] = accelerator(device).uuid()
    return named


def _first_of(variable: str, index: int) -> dict[str, str]:
    """The device of that number among those that this process was given, or that there are."""
    given = os.environ.get(variable, "").split(",")
    return {variable: given[index].strip() if index < len(given) and given[0] else str(index)}
