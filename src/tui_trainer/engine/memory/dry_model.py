"""A model that is shapes alone: what running it would hold is counted by running it.

No list of architectures would know what autograd keeps of each, what a tied matrix costs in the
backward pass, or when the most is held. So the model is made of tensors that have a shape and no
memory (torch's fake tensors), and its own code, autograd and the loss run on them: a second for
28 blocks, of any width and for any length of text.

They are tensors of the CPU, whatever device is asked about: a build of torch for CPUs alone indexes
no others. What differs there is the optimizer's step, which is counted beside it.
"""

import copy
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from unittest.mock import patch

import torch
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    PreTrainedConfig,
    PreTrainedModel,
    masking_utils,
)

from tui_trainer.engine.memory.live_bytes import LiveBytes, rounded_up
from tui_trainer.engine.memory.shapes_alone import ShapesAlone
from tui_trainer.engine.models.dropout import Dropout
from tui_trainer.engine.models.model_report import context_of
from tui_trainer.settings.model import BF16_STOCHASTIC

log = logging.getLogger(__name__)

KEPT = 4
"""Models whose shapes are kept: making them takes a tenth of a second."""
Pass = Callable[[PreTrainedModel], tuple[Tensor, ...]]
"""From a model to a loss, and what else is kept until the next pass."""


@dataclass(frozen=True)
class Held:
    """In bytes, beside the weights."""

    most: int
    """At once, at any moment."""
    left: int
    """At the end."""


class DryModel:
    """The shapes of a model, to be run; `precision` is as in a `ModelChoice`, and not `auto`."""

    def __init__(self, model: PreTrainedModel, precision: str) -> None:
        """`model` is on torch's device `meta`, and nobody else's."""
        self._mode = ShapesAlone()
        self._is_mixed = precision == "mixed"
        self.model = model
        with self._mode:
            model.to_empty(device="cpu")
            model.tie_weights()  # each has a tensor of its own now
        self.weight_sizes = [rounded_up(parameter.nbytes) for parameter in model.parameters()]
        """Bytes that each weight takes, a tied one once."""
        self.is_stochastic = precision == BF16_STOCHASTIC
        self.itemsize = dtype_of(precision).itemsize
        self.context = context_of(model)
        self.dropout = Dropout(model)
        """Of the training cell, as `TrainingSetup` has it."""
        self.counted: dict[tuple[object, ...], Held] = {}
        """What was counted already, by what was run."""
        self._most: dict[tuple[object, ...], int] = {}
        """The same of what was run without gradients."""

    @classmethod
    def like(cls, model: PreTrainedModel, precision: str) -> "DryModel":
        """The shapes of a model that is loaded: of the same again those of before, with what was
        counted of them."""
        told = {**model.config.to_dict(), "_name_or_path": ""}
        key = type(model).__name__, precision, json.dumps(told, sort_keys=True, default=str)
        if key not in _kept:
            with torch.device("meta"):
                shapes = type(model)._from_config(
                    copy.deepcopy(model.config), dtype=dtype_of(precision)
                )
            _kept[key] = cls(shapes, precision)
            for oldest in list(_kept)[:-KEPT]:
                del _kept[oldest]
        return _kept[key]

    @classmethod
    def of(
        cls, config: PreTrainedConfig, precision: str, *, remote_code: bool = False
    ) -> "DryModel":
        """The shapes that a model of this config would have."""
        with torch.device("meta"):
            shapes = AutoModelForCausalLM.from_config(
                copy.deepcopy(config), dtype=dtype_of(precision), trust_remote_code=remote_code
            )
        return cls(shapes, precision)

    def ids(self, rows: int, positions: int) -> Tensor:
        """Token IDs [row, position], without a number in them."""
        with self._mode:
            return torch.zeros(rows, positions, dtype=torch.long)

    def shape_of(self, tensor: Tensor) -> Tensor:
        """A tensor like a real one, without its numbers."""
        return self._mode.from_tensor(tensor)

    def backward(
        self, run: Pass, positions: int, *, accumulating: bool = False, masked: bool = False
    ) -> Held:
        """What a forward and a backward pass hold; the gradients are left, and count.

        `positions` is rows times their length, for a model whose code cannot do without numbers.
        `accumulating` is whether there are gradients before, to which these are added, and `masked`
        whether transformers makes a mask of positions for texts that share a row.
        """
        try:
            return self._count_pass(run, accumulating, masked)
        except Exception as error:  # whatever a model's own code raises
            self._tell(error)
            weights = sum(self.weight_sizes)
            each = rough_position_bytes(self.model)
            return Held(weights + positions * each, weights + positions * each // 4)
        finally:
            self.model.zero_grad()

    def _count_pass(self, run: Pass, accumulating: bool, masked: bool) -> Held:
        with self._counting(masked) as live:
            if accumulating:
                for parameter in self.model.parameters():
                    parameter.grad = torch.empty_like(parameter)
            with self._autocast():
                kept = run(self.model)
            kept[0].backward()
            return Held(live.most, live.now)

    def forward(
        self,
        key: tuple[object, ...],
        run: Callable[[PreTrainedModel, LiveBytes], object],
        positions: int,
    ) -> int:
        """The most that `run` holds without gradients, or since it had the count begin again.

        What has the `key` of something before takes what that took.
        """
        if key not in self._most:
            self._most[key] = self._count_forward(run, positions)
        return self._most[key]

    def _count_forward(
        self, run: Callable[[PreTrainedModel, LiveBytes], object], positions: int
    ) -> int:
        self.model.eval()
        try:
            with self._counting() as live, torch.no_grad(), self._autocast():
                run(self.model, live)
                return live.most
        except Exception as error:
            self._tell(error)
            return positions * rough_position_bytes(self.model) // 2

    @contextmanager
    def _counting(self, masked: bool = False) -> Iterator[LiveBytes]:
        live = self._mode.live = LiveBytes()
        rows = nullcontext() if masked else one_text_a_row()
        with torch.random.fork_rng(devices=[]), self._mode, rows:
            live.leave_out(*self.model.parameters(), *self.model.buffers())
            yield live

    def _tell(self, error: Exception) -> None:
        log.info("%s cannot be run dry: %s", type(self.model).__name__, error)

    def _autocast(self) -> AbstractContextManager[object]:
        return torch.autocast("cpu", dtype=torch.bfloat16) if self._is_mixed else nullcontext()


_kept: dict[tuple[str, str, str], DryModel] = {}


def dtype_of(precision: str) -> torch.dtype:
    """What the weights of a model in this precision are stored in."""
    return torch.bfloat16 if precision.startswith("bf16") else torch.float32


def rough_position_bytes(model: PreTrainedModel) -> int:
    """More than one position holds for the backward pass: what goes into each weight and what
    comes out of it, and the logits, with copies and gradients of theirs, in fp32."""
    inside = sum(sum(weight.shape) for weight in model.parameters())
    logits = model.config.get_text_config().vocab_size
    return (6 * inside + 4 * logits) * torch.float32.itemsize


def one_text_a_row() -> AbstractContextManager[object]:
    """transformers looks for several in the positions, which have no numbers here."""
    return patch.object(masking_utils, "find_packed_sequence_indices", lambda _: None)
