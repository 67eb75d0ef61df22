"""What a device has and does that is not the same on each: the one place that asks its own module.

CUDA's module, which is ROCm's too, and that of Intel's XPUs have the same functions by the same
names. Metal's (`mps`) has fewer, and a CPU's has none: what they lack is done the plain way.
`torch.accelerator` knows one type of device a build, and not its name; what it has of memory came
with torch 2.9, and for Metal later. So each is asked by its type.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from tui_trainer.engine import process_memory
from tui_trainer.engine.host_memory import available_memory, total_memory
from tui_trainer.engine.nvml import CardUse, is_there, read_card
from tui_trainer.reports.models import DeviceUse

ACCELERATORS = "cuda", "xpu", "mps"
"""Types of device beside the CPU, as torch names them."""
EMPTY_HOST_CACHE = "_accelerator_emptyHostCache", "_host_emptyCache"
"""What gives pinned memory back, by its names in newer and older versions of torch; neither has a
public one in all."""
UNANSWERED = RuntimeError, AssertionError, torch.cuda.DeferredCudaCallError
"""What is raised by a device that does not answer: a broken or busy one, an old driver, a build
of torch that is not for it."""
NOTHING_THERE = "no NVIDIA driver", "No CUDA GPUs", "not compiled with", "not linked with"
"""In what torch says where no card is, or none was made visible: that is no fault."""
TENSOR_CORES = 8, 0
"""The compute capability from which on CUDA multiplies in TF32, and has flash attention."""


class Event(Protocol):
    """A moment in what a device does."""

    def synchronize(self) -> None:
        """Wait until the device is there."""

    def wait(self) -> None:
        """Have the device begin what it is asked for from now on once it is there."""


@dataclass(frozen=True)
class DeviceMemory:
    """In bytes. What torch keeps there unused does not count as free."""

    free: int
    total: int


@dataclass(frozen=True)
class Arriving:
    """Tensors of a device on their way to the host."""

    tensors: tuple[Tensor, ...]
    copied: Event | None = None

    def wait(self) -> tuple[Tensor, ...]:
        """The tensors, on the host; what the device does after them is not waited for."""
        if self.copied is not None:
            self.copied.synchronize()
        return self.tensors


@dataclass(frozen=True)
class Accelerator:
    """A device with streams and memory of its own: CUDA, ROCm, XPU."""

    device: torch.device
    pins = True
    """Whether copies from and to pinned memory of the host go on beside the device's work."""
    widest = torch.float64
    """The widest type of number that it computes in."""

    @property
    def _module(self) -> Any:  # noqa: ANN401  # torch.cuda or torch.xpu
        return torch.get_device_module(self.device)

    def name(self) -> str:
        return str(self._module.get_device_name(self.device))

    def has_bf16(self) -> bool:
        """Whether it computes in bf16, however slowly."""
        return bool(self._module.is_bf16_supported())

    def has_tf32(self) -> bool:
        """Whether it can multiply fp32 matrices with 11 bits of each number, and torch lets it."""
        if self.device.type != "cuda" or torch.version.hip:
            return False
        return torch.cuda.get_device_capability(self.device) >= TENSOR_CORES

    def has_flash_attention(self) -> bool:
        """Whether torch's own flash kernels are for it."""
        if self.device.type != "cuda":
            return False
        return torch.cuda.get_device_capability(self.device) >= TENSOR_CORES

    def memory(self) -> DeviceMemory:
        """What whoever uses the device leaves of it. Makes a context there: 0.3 to 0.5 GB."""
        return DeviceMemory(*self._module.mem_get_info(self.device))

    def glance(self) -> DeviceMemory:
        """The same without a context, where NVML tells it."""
        card = self._card()
        return self.memory() if card is None else DeviceMemory(card.free, card.total)

    def use(self) -> DeviceUse | None:
        """Who uses how much of it; None where that is the host's memory and nothing else's."""
        card = self._card()
        ours = self.allocated() + self.unused()
        if card is None:
            memory = self.memory()
            return DeviceUse(memory.total - memory.free, memory.total, ours)
        used = card.total - card.free
        mine = card.by_process  # of another process, where two count theirs from 1
        if mine is None or mine < ours:
            return DeviceUse(used, card.total, ours, busy=card.busy)
        return DeviceUse(used, card.total, mine, max(0, used - mine), card.busy)

    def uuid(self) -> str:
        """Of a card of CUDA's, as NVML and CUDA_VISIBLE_DEVICES name it; makes no context."""
        return f"GPU-{torch.cuda.get_device_properties(self.device).uuid}"

    def _card(self) -> CardUse | None:
        """What NVML tells of it; a name by UUID is CUDA's alone."""
        if self.device.type != "cuda" or torch.version.hip or not is_there():
            return None
        return read_card(self.uuid())

    def allocated(self) -> int:
        """Bytes that tensors of this process hold."""
        return int(self._module.memory_allocated(self.device))

    def unused(self) -> int:
        """Bytes that torch keeps for tensors to come."""
        return int(self._module.memory_reserved(self.device)) - self.allocated()

    def peak(self) -> int:
        """The most bytes that tensors held since `reset_peak`."""
        return int(self._module.max_memory_allocated(self.device))

    def reset_peak(self) -> None:
        self._module.reset_peak_memory_stats(self.device)

    def empty_cache(self) -> None:
        """Give back what torch keeps unused."""
        self._module.empty_cache()

    def empty_host_cache(self) -> None:
        """Give back what torch keeps unused of the host's pinned memory."""
        for name in EMPTY_HOST_CACHE:
            if (empty := getattr(torch._C, name, None)) is not None:
                empty()
                return

    def synchronize(self) -> None:
        """Wait until all is done that was asked of it."""
        self._module.synchronize(self.device)

    def rng_state(self) -> tuple[Tensor, ...]:
        return (self._module.get_rng_state(self.device),)

    def set_rng_state(self, state: Tensor) -> None:
        self._module.set_rng_state(state, self.device)

    def send(self, tensor: Tensor) -> Tensor:
        return tensor.pin_memory().to(self.device, non_blocking=True)

    def host_like(self, tensor: Tensor) -> Tensor:
        """Memory of the host for a copy of `tensor`, pinned where that helps."""
        return torch.empty_like(tensor, device="cpu", pin_memory=True)

    def receive(self, tensors: tuple[Tensor, ...]) -> Arriving:
        copies = tuple(
            self.host_like(tensor).copy_(tensor, non_blocking=True) for tensor in tensors
        )
        return Arriving(copies, self.record())

    def record(self) -> Event | None:
        """The moment when all is done that was asked of it until now; None where it is now."""
        moment: Event = self._module.Event()
        self._module.current_stream(self.device).record_event(moment)
        return moment

    def beside(self) -> AbstractContextManager[None]:
        """What the block asks for begins after all that was asked before, and goes on beside what
        comes then. Whoever uses it waits for a `record` made in the block, and lets nothing go
        that it reads until then."""
        return _on_a_stream(self._module, self.device)


@contextmanager
def _on_a_stream(module: Any, device: torch.device) -> Iterator[None]:  # noqa: ANN401
    stream = module.Stream(device)
    stream.wait_stream(module.current_stream(device))
    with module.stream(stream):
        yield


class Metal(Accelerator):
    """The GPU of an Apple chip: one memory with the host, and no fp64."""

    pins = False
    widest = torch.float32

    def name(self) -> str:
        return str(torch.backends.mps.get_name())

    def has_bf16(self) -> bool:
        return torch.backends.mps.is_macos_or_newer(14, 0)

    def glance(self) -> DeviceMemory:
        return self.memory()

    def use(self) -> DeviceUse | None:
        return None

    def memory(self) -> DeviceMemory:
        """What Metal recommends to take at most, and the machine has."""
        most = torch.mps.recommended_max_memory()
        left = most - torch.mps.driver_allocated_memory()
        return DeviceMemory(max(0, min(left, available_memory())), most)

    def allocated(self) -> int:
        return torch.mps.current_allocated_memory()

    def unused(self) -> int:
        return torch.mps.driver_allocated_memory() - self.allocated()

    def peak(self) -> int:
        """What the driver holds: Metal keeps no peak, but what was let go stays in its cache."""
        return torch.mps.driver_allocated_memory()

    def reset_peak(self) -> None:
        torch.mps.empty_cache()

    def synchronize(self) -> None:
        torch.mps.synchronize()

    def send(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.device)

    def host_like(self, tensor: Tensor) -> Tensor:
        return torch.empty_like(tensor, device="cpu")

    def receive(self, tensors: tuple[Tensor, ...]) -> Arriving:
        return Arriving(tuple(tensor.to("cpu") for tensor in tensors))

    def record(self) -> Event | None:
        self.synchronize()
        return None

    def beside(self) -> AbstractContextManager[None]:
        return nullcontext()


class Host(Accelerator):
    """The CPU: what is asked of it is done when it has answered."""

    pins = False

    def name(self) -> str:
        return "CPU"

    def has_bf16(self) -> bool:
        return True

    def glance(self) -> DeviceMemory:
        return self.memory()

    def use(self) -> DeviceUse | None:
        return None

    def memory(self) -> DeviceMemory:
        return DeviceMemory(available_memory(), total_memory())

    def allocated(self) -> int:
        """What the process holds."""
        return process_memory.held()

    def peak(self) -> int:
        """What the process held at most."""
        return process_memory.peak()

    def reset_peak(self) -> None:
        process_memory.reset_peak()

    def unused(self) -> int:
        return 0

    def empty_cache(self) -> None:
        """torch keeps none."""

    def empty_host_cache(self) -> None:
        """Nothing is pinned for it."""

    def synchronize(self) -> None:
        """It has no queue."""

    def rng_state(self) -> tuple[Tensor, ...]:
        """None beside the one that every device has."""
        return ()

    def send(self, tensor: Tensor) -> Tensor:
        return tensor

    def host_like(self, tensor: Tensor) -> Tensor:
        return torch.empty_like(tensor)

    def receive(self, tensors: tuple[Tensor, ...]) -> Arriving:
        return Arriving(tensors)

    def record(self) -> Event | None:
        return None

    def beside(self) -> AbstractContextManager[None]:
        return nullcontext()


KINDS = {"cuda": Accelerator, "xpu": Accelerator, "mps": Metal}


def is_accelerator(device: torch.device) -> bool:
    """Whether the host goes on while it works, and waits where it asks it for a number."""
    return device.type in KINDS


def accelerator(device: torch.device) -> Accelerator:
    """What `device` has and does."""
    return KINDS.get(device.type, Host)(device)


def accelerator_count(kind: str) -> int:
    """How many devices of a type torch sees; asking makes no context."""
    return int(torch.get_device_module(kind).device_count())


def cuda_has_begun() -> bool:
    """Whether torch has read what there is: some of its environment is read then alone."""
    return torch.cuda.is_initialized()


def why_none(kind: str) -> str:
    """Why torch sees no device of a type where one may be: an old driver. Empty where none is."""
    if kind != "cuda":
        return ""
    try:
        torch.cuda.init()
    except UNANSWERED as error:
        reason = str(error).split(" Please ")[0]
        return "" if any(words in reason for words in NOTHING_THERE) else reason
    return ""


def send(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor of the host on `device`, without waiting for what that is doing."""
    return accelerator(device).send(tensor)


def receive(*tensors: Tensor) -> Arriving:
    """Begin to copy `tensors`, all of one device, to the host, without waiting for either."""
    return accelerator(tensors[0].device).receive(tensors)
