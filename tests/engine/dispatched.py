"""Which operations torch runs, below autograd and autocast: by name, as often as they come."""

from collections import Counter
from collections.abc import Mapping, Sequence

from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

ASKS = "_local_scalar_dense", "nonzero", "equal", "is_nonzero", "_unique2", "masked_select"
"""What on a GPU waits until the device has an answer: `item`, `bool`, `tolist`, a mask as index."""


class Dispatched(TorchDispatchMode):
    """Around what is to be counted."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Sequence[type],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        self.counts[func.overloadpacket.__name__] += 1
        return func(*args, **(kwargs or {}))

    @property
    def asked(self) -> dict[str, int]:
        """How often the host asked for a number of the device."""
        return {name: self.counts[name] for name in ASKS if self.counts[name]}
