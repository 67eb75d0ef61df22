"""A model that is shapes alone: what running it would hold is counted by running it.

No list of architectures would know what autograd keeps of each, what a tied matrix costs in the
backward pass, or when the most is held. So the model is made of tensors that have a shape and no
memory (torch's `FakeTensorMode`), and its own code, autograd and the loss run on them: a second for
28 blocks, of any width and any length of text.

They are tensors of the CPU, whatever device is asked about: a build of torch for CPUs alone indexes
no others. What differs there is an optimizer's temporaries, which are counted beside it.
"""

import copy
from unittest.mock import patch
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from transformers import AutoModelForCausalLM, masking_utils, PreTrainedConfig, PreTrainedModel

from tui_trainer.engine.memory.live_bytes import LiveBytes
from tui_trainer.engine.memory.stand_ins import StandIns
from tui_trainer.engine.models.dropout import Dropout

Pass = Callable[[PreTrainedModel], Tensor]
"""From a model to a loss."""


class DryModel:
    """A model of a config without a number in it; `precision` is as in a `ModelChoice`."""

    def __init__(
        self, config: PreTrainedConfig, precision: str, *, remote_code: bool = False
    ) -> None:
        self._mode = FakeTensorMode(allow_non_fake_inputs=True)
        self._is_mixed = precision == "mixed"
        dtype = torch.bfloat16 if precision.startswith("bf16") else torch.float32
        with torch.device("meta"):
            self.model: PreTrainedModel = AutoModelForCausalLM.from_config(
                copy.deepcopy(config), dtype=dtype, trust_remote_code=remote_code
            )
        with self._mode:
            self.model.to_empty(device="cpu")
            self.model.tie_weights()  # each is one of its own now
        self.dropout = Dropout(self.model)
        self.vocabulary = int(config.get_text_config().vocab_size)

    @property
    def weight_sizes(self) -> list[int]:
        """Bytes of each weight, a tied one once."""
        return [parameter.nbytes for parameter in self.model.parameters()]

    def ids(self, rows: int, positions: int) -> Tensor:
        """Token IDs [row, position], without a number in them."""
        with self._mode:
            return torch.zeros(rows, positions, dtype=torch.long)

    def like(self, tensor: Tensor) -> Tensor:
        """A tensor of the shape of a real one."""
        return self._mode.from_tensor(tensor)

    def backward_bytes(self, loss_of: Pass, *, passes: int = 1) -> int:
        """The most that `passes` forward and backward passes hold beside the weights.

        The gradients, which stay from one to the next, are among it.
        """
        with self._counting() as live:
            for _ in range(passes):
                with self._autocast():
                    loss = loss_of(self.model)
                loss.backward()
                del loss
            return live.most

    def forward_bytes(self, run: Callable[[PreTrainedModel], object]) -> int:
        """The most that a pass without gradients holds beside the weights."""
        with self._counting() as live, torch.no_grad(), self._autocast():
            run(self.model)
            return live.most

    @contextmanager
    def _counting(self) -> Iterator[LiveBytes]:
        live = LiveBytes()
        with ExitStack() as entered:
            entered.enter_context(torch.random.fork_rng(devices=[]))
            entered.enter_context(self._mode)
            entered.enter_context(StandIns())
            entered.enter_context(rows_of_one_text())
            entered.enter_context(live)
            for tensor in (*self.model.parameters(), *self.model.buffers()):
                live.count(tensor)
            live.now = live.most = 0
            yield live
        for parameter in self.model.parameters():
            parameter.grad = None

    def _autocast(self) -> AbstractContextManager[object]:
        return torch.autocast("cpu", dtype=torch.bfloat16) if self._is_mixed else nullcontext()


def rows_of_one_text() -> AbstractContextManager[object]:
    """transformers looks in the positions, which have no numbers here, for several texts a row."""
    return patch.object(masking_utils, "find_packed_sequence_indices", lambda _: None)
