"""How long a step spends in each phase, seen from outside: the same instrument for every loop.

Each phase begins or ends where any PyTorch training must pass: the model's first layer is called,
`backward` is called and returns, the optimizer begins and ends its step.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from transformers import PreTrainedModel

from tui_trainer.engine.accelerator import accelerator
from tui_trainer.reports.bench import Phases


class PhaseClock:
    """Adds the time since it last looked to the phase that just ended."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.waits = device.type == "cpu"
        """Whether a phase ends when the device is done, which slows a GPU down."""
        self._positions = 0
        self._ignoring = False
        self.reset()

    def reset(self) -> None:
        """Begin a step, with no time in any phase."""
        self._seconds = dict.fromkeys(("data", "forward", "backward", "optimizer", "other"), 0.0)
        self._looked = self._now()

    def take_positions(self) -> int:
        """How many positions the model has read, padding and all, since this was last asked."""
        positions, self._positions = self._positions, 0
        return positions

    @contextmanager
    def ignoring(self) -> Iterator[None]:
        """What is done while the block runs belongs to no phase."""
        self._ignoring = True
        yield
        self._ignoring = False
        self._looked = self._now()

    def end(self, phase: str) -> None:
        """The time since it last looked belongs to `phase`."""
        if self._ignoring:
            return
        now = self._now()
        self._seconds[phase] += now - self._looked
        self._looked = now

    def phases(self, steps: int) -> Phases:
        """Milliseconds a step, of the `steps` since `reset`."""
        return Phases(**{name: 1e3 * total / steps for name, total in self._seconds.items()})

    def _now(self) -> float:
        if self.waits:
            accelerator(self._device).synchronize()
        return time.perf_counter()

    @contextmanager
    def watching(self, model: PreTrainedModel) -> Iterator[None]:
        """Look at the training of `model` while the block runs."""
        backward = torch.autograd.backward

        def watched_backward(*arguments: object, **keywords: object) -> None:
            self.end("forward")
            backward(*arguments, **keywords)  # type: ignore[arg-type]
            self.end("backward")

        hooks = (
            model.base_model.register_forward_pre_hook(self._enter_model, with_kwargs=True),
            register_optimizer_step_pre_hook(lambda *_: self.end("other")),
            register_optimizer_step_post_hook(lambda *_: self.end("optimizer")),
        )
        torch.autograd.backward = watched_backward  # `Tensor.backward` calls it by this name
        try:
            yield
        finally:
            torch.autograd.backward = backward
            for hook in hooks:
                hook.remove()

    def _enter_model(
        self, _: nn.Module, arguments: tuple[object, ...], keywords: dict[str, object]
    ) -> None:
        self.end("data")
        input_ids = arguments[0] if arguments else keywords.get("input_ids")
        if isinstance(input_ids, torch.Tensor) and not self._ignoring:
            self._positions += input_ids.numel()
