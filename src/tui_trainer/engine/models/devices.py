"""Devices and precisions: what there is, and what `auto` takes."""

from dataclasses import dataclass, replace

import torch
from transformers import AutoModelForCausalLM, PreTrainedConfig

from tui_trainer.engine.accelerator import (
    ACCELERATORS,
    UNANSWERED,
    accelerator,
    accelerator_count,
    why_none,
)
from tui_trainer.errors import InputError
from tui_trainer.reports.models import DeviceReport, DeviceUse
from tui_trainer.settings.model import DEVICE_NOT_KNOWN, FULL_WIDTH, TF32

CPU = torch.device("cpu")
NO_BF16 = "{} does not compute in bf16, which on Apple's takes macOS 14. Use precision fp32."
NO_TF32 = (
    "{} has no TF32: it takes an NVIDIA GPU of compute capability 8.0 (Ampere) or later. Use one, "
    "or precision fp32."
)


@dataclass(frozen=True)
class Chosen:
    """The device that a model is put on, and what is to be said of it."""

    device: torch.device
    notes: tuple[str, ...] = ()


def list_devices() -> list[DeviceReport]:
    """Every device a model can be put on: GPUs first, the one with the most free memory on top.

    Last are those that do not answer, each with the reason: what is wrong with one ends nothing.
    """
    found = [report for kind in ACCELERATORS for report in _list_kind(kind)]
    answering = [report for report in found if not report.problem]
    answering.sort(key=lambda report: -(report.free_bytes or 0))
    return [*answering, _look_at(CPU), *(report for report in found if report.problem)]


def _list_kind(kind: str) -> list[DeviceReport]:
    """Every device of a type; where a fault hides them all, one with that fault."""
    count = accelerator_count(kind)
    if not count and (reason := why_none(kind)):
        return [DeviceReport(kind, "", None, None, reason)]
    return [_look_at(_device(kind, n)) for n in range(count)]


def _device(kind: str, index: int) -> torch.device:
    return torch.device(kind) if kind == "mps" else torch.device(kind, index)


def _look_at(device: torch.device) -> DeviceReport:
    here, label = accelerator(device), ""
    try:
        label = here.name()
        memory, unused = here.glance(), here.unused()
    except UNANSWERED as error:
        return DeviceReport(str(device), label, None, None, _reason(error))
    return DeviceReport(str(device), label, memory.free + unused, memory.total)


def _reason(error: BaseException) -> str:
    """The first line: below it CUDA tells how to debug a program."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def choose_device(wanted: str) -> Chosen:
    """`auto` is the GPU with the most free memory (nodes are shared), else the CPU.

    So is a type alone, `cuda`, among its own. InputError where it is not there or not answering.
    """
    if wanted in ("auto", *ACCELERATORS):
        return _choose_among(wanted)
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise InputError(DEVICE_NOT_KNOWN.format(repr(wanted))) from None
    if device.type == "cpu":
        return Chosen(device)
    if (device.index or 0) >= accelerator_count(device.type):
        raise InputError(_not_there(wanted))
    device = _device(device.type, device.index or 0)
    if problem := _why_silent(device):
        silent = DeviceReport(str(device), "", None, None, problem)
        raise InputError(f"{_silence([silent])} Use another device, auto or cpu.")
    return Chosen(device)


def _choose_among(wanted: str) -> Chosen:
    """The first that answers of all that are listed; the CPU for `auto` alone."""
    listed = list_devices()
    mine = [one for one in listed if wanted == "auto" or one.name.split(":")[0] == wanted]
    silent = [one for one in mine if one.problem]
    for one in mine[: len(mine) - len(silent)]:
        device = torch.device(one.name)
        if problem := _why_silent(device):
            silent.append(replace(one, problem=problem))
        elif device == CPU and silent:
            return Chosen(CPU, (f"{_silence(silent)} The CPU is used.",))
        else:
            return Chosen(device)
    raise InputError(f"{_silence(silent)} Use cpu." if silent else _not_there(wanted))


def _why_silent(device: torch.device) -> str:
    """Empty where a model can be put there, which a context that is made there shows alone."""
    try:
        accelerator(device).memory()
    except UNANSWERED as error:
        return _reason(error)
    return ""


def _silence(silent: list[DeviceReport]) -> str:
    """Which devices do not answer, and why, in a sentence each."""
    return " ".join(f"{one.name} does not answer: {one.problem.rstrip('.')}." for one in silent)


def _not_there(wanted: str) -> str:
    *others, last = [one.name for one in list_devices() if not one.problem]
    there = f"{', '.join(others)} and {last}" if others else last
    return f"There is no device {wanted} on this machine, which has {there}."


def check_precision(wanted: str, device: torch.device) -> str:
    """Return `wanted`, which is not `auto`; InputError where the device does not have it."""
    here = accelerator(device)
    if wanted == TF32 and not here.has_tf32():
        raise InputError(NO_TF32.format(device))
    if wanted not in FULL_WIDTH and not here.has_bf16():
        raise InputError(NO_BF16.format(device))
    return wanted


def count_parameters(config: PreTrainedConfig, *, code: bool = False) -> int:
    """How many parameters a model of this config has, tied ones once; allocates nothing."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, trust_remote_code=code)
    return sum(parameter.numel() for parameter in model.parameters())


def free_memory(device: torch.device) -> int:
    """Bytes that are free on the device now; what torch keeps there unused is among them."""
    here = accelerator(device)
    return here.memory().free + here.unused()


def has_memory_for(size: int, device: torch.device) -> bool:
    """Whether a model of `size` bytes fits on `device` beside what is there."""
    # On the host is the copy that `reload` takes them from: of a CPU's beside themselves.
    on_host = (2 if device.type == "cpu" else 1) * size <= free_memory(CPU)
    return on_host and (device.type == "cpu" or size <= free_memory(device))


def has_room_for_copies(size: int, device: torch.device) -> bool:
    """Whether the host has room for a copy of weights of `size` bytes that were loaded, beside all
    that an update with undo takes there: a copy of them and of the two moments, and on a CPU the
    gradients and the moments themselves too."""
    beside = 6 if device.type == "cpu" else 3
    return (1 + beside) * size <= free_memory(torch.device("cpu"))


def use_of(device: torch.device) -> DeviceUse | None:
    """How full a GPU is, and through whom; None of a CPU, and where it does not answer."""
    try:
        return accelerator(device).use()
    except UNANSWERED:
        return None


def memory_in_use(device: torch.device) -> int:
    """Bytes: what tensors hold on a GPU, what the process holds on a CPU."""
    return accelerator(device).allocated()
