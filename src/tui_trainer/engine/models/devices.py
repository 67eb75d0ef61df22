"""Devices and precisions: what there is, and what `auto` takes."""

import torch
from transformers import AutoModelForCausalLM, PreTrainedConfig

from tui_trainer.engine.accelerator import accelerator, accelerator_count
from tui_trainer.errors import InputError
from tui_trainer.reports.models import DeviceReport
from tui_trainer.settings.model import BF16_STOCHASTIC

# Training with AdamW in fp32 holds weights, gradients, two moments and the weights from before
# the update: 5 x 4 bytes a parameter.
# The share left over is for activations and logits.
MIXED_BYTES_A_PARAMETER = 20
SHARE_FOR_STATE = 0.8


def list_devices() -> list[DeviceReport]:
    """Every device a model can be put on, CUDA first, the one with the most free memory on top."""
    devices = [_report(torch.device("cuda", n)) for n in range(accelerator_count("cuda"))]
    devices.sort(key=lambda device: -(device.free_bytes or 0))
    return [*devices, _report(torch.device("cpu"))]


def _report(device: torch.device) -> DeviceReport:
    here = accelerator(device)
    memory = here.memory()
    return DeviceReport(str(device), here.name(), memory.free, memory.total)


def choose_device(wanted: str) -> torch.device:
    """`auto` is the CUDA device with the most free memory (nodes are shared), else the CPU."""
    if wanted == "auto":
        return torch.device(list_devices()[0].name)
    if wanted == "cuda":
        wanted = next((d.name for d in list_devices() if d.name != "cpu"), "cuda:0")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise InputError(
            f"Device {wanted!r} is not known: use auto, cpu, cuda or cuda:N."
        ) from None
    if device.type == "cuda" and (device.index or 0) >= accelerator_count("cuda"):
        raise InputError(f"There is no device {wanted} on this machine: use auto or cpu.")
    return device


def choose_precision(wanted: str, device: torch.device, config: PreTrainedConfig) -> str:
    """`auto` is fp32 on a CPU; on a GPU mixed where training fits into free memory, or bf16-sr."""
    if wanted != "auto":
        return wanted
    if device.type == "cpu":
        return "fp32"
    # What this process holds there is of the model before, in whose place this one comes.
    here = accelerator(device)
    free = here.memory().free + here.unused() + here.allocated()
    needed = MIXED_BYTES_A_PARAMETER * count_parameters(config)
    return "mixed" if needed <= SHARE_FOR_STATE * free else BF16_STOCHASTIC


def count_parameters(config: PreTrainedConfig) -> int:
    """How many parameters a model of this config has, tied ones once; allocates nothing."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    return sum(parameter.numel() for parameter in model.parameters())


def free_memory(device: torch.device) -> int:
    """Bytes that are free on the device now; what torch keeps there unused is among them."""
    here = accelerator(device)
    return here.memory().free + here.unused()


def has_memory_for(size: int, device: torch.device) -> bool:
    """Whether a model of `size` bytes fits on `device` beside what is there."""
    # On the host the weights are twice, there and in the copy that `reload` takes them from.
    on_host = 2 * size <= free_memory(torch.device("cpu"))
    return on_host and (device.type == "cpu" or size <= free_memory(device))


def memory_in_use(device: torch.device) -> int:
    """Bytes: what tensors hold on a GPU, what the process holds on a CPU."""
    return accelerator(device).allocated()
