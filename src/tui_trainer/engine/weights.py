"""The weights of a model: which of them train, and all that is done to them as a whole.

Whoever copies, restores, compares, counts or identifies them does it here, so that this is the
one place that says which they are: every parameter of the model that wants a gradient, whole, on
one device.
"""

import hashlib
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from tui_trainer.engine.accelerator import Event
from tui_trainer.engine.kept_memory import begin_copy, brought, lay_out
from tui_trainer.errors import InputError

INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}
"""To compare weights by what is stored: the integer as wide as the float, by width in bytes."""
SAMPLE = 1024
"""Values of each weight that the fingerprint looks at."""

Difference = list[Tensor]
"""For each weight that trains the bits at one time less those at another, as integers; in tensors
of the weights' shape and kind, on the host, whose values as floats mean nothing."""


class Weights:
    """The parameters of one model, a tied one once; those that train are found when this is made.

    It holds the parameters and not the model, so that it can be held by what the model's owner
    holds.
    """

    def __init__(self, model: nn.Module) -> None:
        # Going through the modules to find them takes 130 us, and a step asks several times.
        self.named = dict(model.named_parameters())
        """All of them by name, in the model's order."""
        self.trained = tuple(p for p in self.named.values() if p.requires_grad)
        """Those that an optimizer gets and that an update changes, in the model's order."""
        self._kept: list[Tensor] | None = None
        self._copied: Event | None = None
        """When the copy is made; None where that is certain."""
        self._copied_at: int | None = None
        """The version that the copy is of; None where it may be written over."""

    @property
    def names(self) -> dict[Tensor, str]:
        """The name of each."""
        return {parameter: name for name, parameter in self.named.items()}

    @property
    def device(self) -> torch.device:
        return next(iter(self.named.values())).device

    @property
    def bytes(self) -> int:
        """Of all of them, as a file has them."""
        return sum(parameter.nbytes for parameter in self.named.values())

    @property
    def trained_bytes(self) -> int:
        """Of those that train: as many take their gradients, a copy, or one of Adam's moments."""
        return sum(parameter.nbytes for parameter in self.trained)

    # Copies

    def copy(self) -> list[Tensor]:
        """Those that train as they are now, on the host; the next call writes over them.

        An accelerator copies beside what it does next: `wait_for_copy` before it writes a weight.
        One copy is kept and written again: memory that the system has just given costs seven
        times as much to write (300 ms against 41 for 135 million weights on a CPU).
        """
        copy = self._begin_copy()
        self._copied_at = None  # whoever has it may write over it
        return copy

    def copy_ahead(self) -> None:
        """Make the next copy now; it is made again where a weight is written until then."""
        self._begin_copy()

    def _begin_copy(self) -> list[Tensor]:
        if self._kept is None:
            self._kept = lay_out(self.values())
        if self._copied_at != self.version:
            self.wait_for_copy()  # of two that go on at once the older could end last
            self._copied = begin_copy(self.values(), self._kept)
            self._copied_at = self.version
        return self._kept

    def wait_for_copy(self) -> None:
        """Have the device write nothing before it has made the copy."""
        if self._copied is not None:
            self._copied.wait()
            self._copied = None

    def copy_to_host(self) -> list[Tensor]:
        """Those that train as they are now, in the host's memory, for good."""
        return [weight.to("cpu", copy=True) for weight in self.values()]

    def restore(self, copy: Sequence[Tensor]) -> None:
        """Make the weights those in `copy`, wherever that is, and drop the gradients."""
        self.wait_for_copy()
        for weight, before in zip(self.values(), copy, strict=True):
            weight.copy_(before)
        self.zero_grad()

    def give_copy_away(self) -> None:
        """The last copy is somebody else's from now on."""
        self._kept = self._copied_at = None

    def reuse_memory(self, tensors: list[Tensor]) -> None:
        """Write the next copy in `tensors`, a copy that was given away and nobody needs."""
        if self._kept is None:
            self._kept, self._copied_at = tensors, None

    @property
    def kept_bytes(self) -> int:
        """What is held for the next copy."""
        return sum(tensor.nbytes for tensor in self._kept or ())

    @property
    def new_bytes(self) -> int:
        """What the next copy asks of the host beside what is held for it."""
        return self.trained_bytes if self._kept is None else 0

    # Bits

    def turn_into_difference(self, copy: list[Tensor]) -> int:
        """Write over a `copy` its bits less those of the weights now; how many values changed.

        Over the copy, which takes half the time of comparing with it: that writes a mask (2 ms
        against 4.5 for 4 million weights on a CPU).
        """
        self.wait_for_copy()
        changed = torch.zeros((), dtype=torch.int64, device=self.device)
        for now, before in brought(self.values(), copy, written=True):
            changed += torch.count_nonzero(bits_of(before).sub_(bits_of(now)))
        return int(changed)

    def add_difference(self, difference: Difference) -> None:
        """From the weights after to those before, to the bit; integers wrap around."""
        self.wait_for_copy()
        for weight, change in brought(self.values(), difference):
            bits_of(weight).add_(bits_of(change))

    def subtract_difference(self, difference: Difference) -> None:
        """From the weights before to those after, to the bit."""
        self.wait_for_copy()
        for weight, change in brought(self.values(), difference):
            bits_of(weight).sub_(bits_of(change))

    # What they are

    @property
    def version(self) -> int:
        """A number that changes whenever a weight is written, whoever writes it."""
        return sum(parameter._version for parameter in self.named.values())

    def fingerprint(self) -> str:
        """16 hexadecimal digits of the names, the shapes and a sample of the values of all."""
        digest = hashlib.sha256()
        for name, weight in self.named.items():
            values = weight.detach().flatten()
            sample = values[:: max(1, values.numel() // SAMPLE)].float().cpu()
            digest.update(f"{name} {tuple(weight.shape)}".encode())
            digest.update(sample.numpy().tobytes())
        return digest.hexdigest()[:16]

    def not_finite(self) -> Iterator[str]:
        """The names of those with NaN or infinite values.

        By their norms, which take a quarter of the time that looking at each value does.
        """
        for name, parameter in self.named.items():
            weight = parameter.detach()
            if not torch.linalg.vector_norm(weight).isfinite() and not weight.isfinite().all():
                yield name

    def check_finite(self) -> None:
        """InputError where a weight is NaN or infinite: no file is to have such."""
        if (name := next(self.not_finite(), None)) is not None:
            raise InputError(
                f"The weights are not finite any more ({name} has NaN or infinite values), so "
                "they are not saved: undo the updates that did it, or press R for the loaded "
                "weights."
            )

    # Gradients

    @property
    def gradients(self) -> list[Tensor | None]:
        """Of those that train, None for one that has none."""
        return [parameter.grad for parameter in self.trained]

    @gradients.setter
    def gradients(self, gradients: Sequence[Tensor | None]) -> None:
        for parameter, gradient in zip(self.trained, gradients, strict=True):
            parameter.grad = gradient

    @property
    def have_gradients(self) -> bool:
        """Whether any has one."""
        return any(parameter.grad is not None for parameter in self.trained)

    def zero_grad(self) -> None:
        """Drop the gradients, as `model.zero_grad` does: they are None then."""
        for parameter in self.trained:
            parameter.grad = None

    def grad_norm(self) -> Tensor:
        """The 2-norm of all gradients together, on their device."""
        return together(self.grad_norms())

    def grad_norms(self) -> dict[nn.Parameter, Tensor]:
        """The 2-norm of each gradient, on its device; a weight without one is not in it."""
        graded = {p: p.grad for p in self.trained if p.grad is not None}
        norms = torch._foreach_norm(list(graded.values())) if graded else ()
        return dict(zip(graded, norms, strict=True))

    def values(self) -> list[Tensor]:
        """Those that train, to be written without autograd."""
        return [parameter.detach() for parameter in self.trained]


def together(norms: dict[nn.Parameter, Tensor]) -> Tensor:
    """The 2-norm of all, of that of each: to the bit what `torch.nn.utils.get_total_norm` has."""
    return torch.linalg.vector_norm(torch.stack([*norms.values()])) if norms else torch.tensor(0.0)


def bits_of(tensor: Tensor) -> Tensor:
    """The same memory, each value as the integer that is stored."""
    return tensor.view(INTEGERS[tensor.element_size()])


def values_before(now: Tensor, difference: Tensor) -> Tensor:
    """A weight, or a piece of one, as it was, from the difference of the bits before and `now`."""
    return bits_of(now).add(bits_of(difference)).view(now.dtype)


def count_changed(difference: Tensor) -> Tensor:
    """How many values of a weight, or a piece of one, changed; stays on the device."""
    return torch.count_nonzero(bits_of(difference))
