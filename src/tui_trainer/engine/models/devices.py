"""Devices and precisions: what there is, and what `auto` takes."""

from dataclasses import dataclass

import psutil
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedConfig

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
    devices = [_cuda_report(index) for index in range(torch.cuda.device_count())]
    devices.sort(key=lambda device: -(device.free_bytes or 0))
    memory = psutil.virtual_memory()
    return [*devices, DeviceReport("cpu", "CPU", memory.available, memory.total)]


def _cuda_report(index: int) -> DeviceReport:
    free, total = torch.cuda.mem_get_info(index)
    return DeviceReport(f"cuda:{index}", torch.cuda.get_device_name(index), free, total)


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
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"There is no device {wanted} on this machine: use auto or cpu.")
    return device


def choose_precision(wanted: str, device: torch.device, config: PreTrainedConfig) -> str:
    """`auto` is fp32 on a CPU; on a GPU mixed where training fits into free memory, or bf16-sr."""
    if wanted != "auto":
        return wanted
    if device.type == "cpu":
        return "fp32"
    # What this process holds there is of the model before, in whose place this one comes.
    free = torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device)
    needed = MIXED_BYTES_A_PARAMETER * count_parameters(config)
    return "mixed" if needed <= SHARE_FOR_STATE * free else BF16_STOCHASTIC


def count_parameters(config: PreTrainedConfig) -> int:
    """How many parameters a model of this config has, tied ones once; allocates nothing."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    return sum(parameter.numel() for parameter in model.parameters())


def send(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor of the host on `device`, without waiting for what that is doing."""
    if device.type == "cpu":
        return tensor
    return tensor.pin_memory().to(device, non_blocking=True)


@dataclass(frozen=True)
class Arriving:
    """Tensors of a device on their way to the host."""

    tensors: tuple[Tensor, ...]
    copied: torch.cuda.Event | None = None

    def wait(self) -> tuple[Tensor, ...]:
        """The tensors, on the host; what the device does after them is not waited for."""
        if self.copied is not None:
            self.copied.synchronize()
        return self.tensors


def receive(*tensors: Tensor) -> Arriving:
    """Begin to copy `tensors`, all of one device, to the host, without waiting for either."""
    device = tensors[0].device
    if device.type == "cpu":
        return Arriving(tensors)
    copies = tuple(
        torch.empty_like(tensor, device="cpu", pin_memory=True).copy_(tensor, non_blocking=True)
        for tensor in tensors
    )
    copied = torch.cuda.Event()
    copied.record(torch.cuda.current_stream(device))
    return Arriving(copies, copied)


def free_memory(device: torch.device) -> int:
    """Bytes that are free on the device now; what torch keeps there unused is among them."""
    if device.type == "cuda":
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + unused
    return int(psutil.virtual_memory().available)


def has_memory_for(size: int, device: torch.device) -> bool:
    """Whether a model of `size` bytes fits on `device` beside what is there."""
    # On the host the weights are twice, there and in the copy that `reload` takes them from.
    on_host = 2 * size <= free_memory(torch.device("cpu"))
    return on_host and (device.type == "cpu" or size <= free_memory(device))


def memory_in_use(device: torch.device) -> int:
    """Bytes: what torch has allocated on a CUDA device, what the process holds on a CPU."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    return int(psutil.Process().memory_info().rss)
