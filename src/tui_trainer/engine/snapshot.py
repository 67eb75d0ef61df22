"""The weights as they were loaded, to be had again: a copy on the host, or their files anew."""

from collections.abc import Sequence

from torch import Tensor

from tui_trainer.engine.models.loading import ReadAgain
from tui_trainer.engine.weights import Weights
from tui_trainer.errors import InputError

CHANGED = (
    "{} has other weights now than when it was loaded, or none, and memory was too short to keep a "
    "copy, so the loaded weights cannot be had again: undo updates (u), or load a model (m)."
)


def as_read(weights: Weights) -> list[Tensor]:
    """Those that train, before they go from the host to an accelerator, to be kept for good.

    So they need not come back from there. What is a file's own memory is copied: the file may be
    written over.
    """
    values = weights.values()
    return [value if value.untyped_storage().resizable() else value.clone() for value in values]


class LoadedWeights:
    """What a reload gives back, bit for bit.

    A copy needs neither the files nor the network again, and takes as much of the host's memory as
    the weights. Where that is short they are read again, if it is known how.
    """

    def __init__(
        self,
        weights: Weights,
        again: ReadAgain | None,
        *,
        copying: bool = True,
        read: list[Tensor] | None = None,
    ) -> None:
        """`read` are the weights on the host, as they were before they went to an accelerator."""
        self._weights = weights
        self._again = again
        self._files = again.files() if again else None
        self._fingerprint = weights.fingerprint() if again else ""
        keeps = copying or again is None
        self._copy = (read or weights.copy_to_host()) if keeps else None

    @property
    def is_copied(self) -> bool:
        return self._copy is not None

    def give_up(self) -> int:
        """Let go of the copy where the weights can be read again; how many bytes that gives."""
        if self._again is None or self._copy is None or self._again.files() != self._files:
            return 0
        size, self._copy = sum(tensor.nbytes for tensor in self._copy), None
        return size

    def check(self) -> None:
        """InputError where the weights cannot be had again."""
        if self._copy is None and self._again and self._again.files() != self._files:
            raise InputError(CHANGED.format(self._again.name))

    def restore(self) -> None:
        """Make the weights the loaded ones, and drop the gradients; InputError as `check`."""
        self.check()
        self._weights.restore(self._read() if self._copy is None else self._copy)

    def _read(self) -> Sequence[Tensor]:
        assert self._again is not None  # else there is a copy
        read = Weights(self._again.read())
        if read.fingerprint() != self._fingerprint:
            raise InputError(CHANGED.format(self._again.name))
        names = self._weights.names
        return [read.named[names[weight]].detach() for weight in self._weights.trained]
