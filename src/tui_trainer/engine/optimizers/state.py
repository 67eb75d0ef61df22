"""What an optimizer keeps for each parameter, apart from it: copied, put back and counted."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer

from tui_trainer.engine.accelerator import Event
from tui_trainer.engine.kept_memory import begin_copy, bring, is_apart, lay_out

State = dict[Tensor, dict[str, object]]
"""By parameter: AdamW's two moments and its count of steps."""


@dataclass(frozen=True)
class KeptState:
    """An optimizer's state on the host."""

    values: State
    devices: tuple[torch.device, ...]
    """Where each of its tensors belongs; AdamW's counts of steps may be on the host anyway."""
    copied: Event | None = None
    """When the device has copied it; None where that is done."""

    def wait(self) -> None:
        """Have the device write nothing before it has made the copy."""
        if self.copied is not None:
            self.copied.wait()


def copy_state(state: State, into: KeptState | None) -> KeptState:
    """A copy of an optimizer's state, in the memory of `into` where that fits.

    An accelerator copies beside what it does next: `wait` before it writes the state.
    """
    tensors, memory = _tensors(state), _tensors(into.values) if into else []
    if [(t.shape, t.dtype) for t in memory] != [(t.shape, t.dtype) for t in tensors]:
        memory = lay_out(tensors)
    if into is not None:
        into.wait()  # of two copies that go on at once the older could end last
    copied = begin_copy(tensors, memory)
    return KeptState(_with(state, memory), tuple(tensor.device for tensor in tensors), copied)


def take_state(optimizer: Optimizer) -> KeptState:
    """The state of an optimizer, which has none then; of one on the CPU itself, without a copy."""
    state = dict(optimizer.state)
    tensors = _tensors(state)
    if any(is_apart(tensor.device) for tensor in tensors):
        kept = copy_state(state, None)
        kept.wait()
    else:
        kept = KeptState(state, tuple(tensor.device for tensor in tensors))
    optimizer.state.clear()
    return kept


def put_state(optimizer: Optimizer, kept: KeptState) -> None:
    """Give an optimizer the state that was kept of it; on the CPU itself, without a copy."""
    kept.wait()
    kept_tensors = zip(_tensors(kept.values), kept.devices, strict=True)
    tensors = [bring(tensor, device) for tensor, device in kept_tensors]
    optimizer.state.clear()
    optimizer.state.update(_with(kept.values, tensors))


def state_bytes(state: State) -> int:
    """Bytes of the tensors in an optimizer's state."""
    return sum(tensor.nbytes for tensor in _tensors(state))


def _with(state: State, tensors: list[Tensor]) -> State:
    """The same state of other tensors."""
    others = iter(tensors)
    return {
        parameter: {
            name: next(others) if isinstance(value, Tensor) else value
            for name, value in values.items()
        }
        for parameter, values in state.items()
    }


def _tensors(state: State) -> list[Tensor]:
    values = [value for values in state.values() for value in values.values()]
    return [value for value in values if isinstance(value, Tensor)]
