"""What an optimizer keeps for each parameter, copied and counted."""

from torch import Tensor

from tui_trainer.engine.kept_memory import lay_out

State = dict[Tensor, dict[str, object]]
"""By parameter: AdamW's two moments and its count of steps."""


def copy_state(state: State, into: State) -> State:
    """A copy of an optimizer's state, in the memory of `into` where that fits."""
    tensors, memory = _tensors(state), _tensors(into)
    if [(t.shape, t.dtype) for t in memory] != [(t.shape, t.dtype) for t in tensors]:
        memory = lay_out(tensors)
    copies = iter([copy.copy_(tensor) for copy, tensor in zip(memory, tensors, strict=True)])
    return {
        parameter: {
            name: next(copies) if isinstance(value, Tensor) else value
            for name, value in values.items()
        }
        for parameter, values in state.items()
    }


def state_bytes(state: State) -> int:
    """Bytes of the tensors in an optimizer's state."""
    return sum(tensor.nbytes for tensor in _tensors(state))


def _tensors(state: State) -> list[Tensor]:
    values = [value for values in state.values() for value in values.values()]
    return [value for value in values if isinstance(value, Tensor)]
