"""What PyTorch runs, below autograd and autocast: by name, and what it asks of a device."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tui_trainer.engine.memory.live_bytes import LiveBytes

ASKS = "_local_scalar_dense", "nonzero", "equal", "is_nonzero", "_unique2", "masked_select"
"""What on a GPU waits until the device has an answer: `item`, `bool`, `tolist`, a mask as index."""


class Dispatched(TorchDispatchMode):
    """Around what is to be counted."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self._counts_now = True
        self.on_host: set[int] = set()
        """Where the numbers lie that an optimizer keeps on the host, wherever its weights are."""

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Inside, nothing is counted."""
        self._counts_now = False
        try:
            yield
        finally:
            self._counts_now = True

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Sequence[type],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        first = next(iter(args), None)
        is_known = isinstance(first, Tensor) and first.data_ptr() in self.on_host
        self.counts[func.overloadpacket.__name__] += self._counts_now and not is_known
        return func(*args, **(kwargs or {}))

    @property
    def asked(self) -> dict[str, int]:
        """How often the host asked for a number of the device."""
        return {name: self.counts[name] for name in ASKS if self.counts[name]}


class Kernels(TorchDispatchMode):
    """Counts what is asked of one type of device; `meta`, which has no numbers, will do."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self._device = device
        self.count = 0
        """Operations, but for those that give a view or memory that nobody has written."""
        self.bytes = 0
        """Read and written by them."""
        self.held = LiveBytes()
        """Of what was asked for inside."""

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Sequence[type],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        given = self._tensors_in((args, kwargs))
        self.held.leave_out(*given)
        made = func(*args, **(kwargs or {}))
        result = self._tensors_in(made)
        self.held.see(result)
        if (given or result) and not func.is_view and "empty" not in func.name():
            self.count += 1
            self.bytes += sum(tensor.nbytes for tensor in (*given, *result))
        return made

    def _tensors_in(self, values: object) -> list[Tensor]:
        tensors = (value for value in tree_leaves(values) if isinstance(value, Tensor))
        return [tensor for tensor in tensors if tensor.device.type == self._device]
