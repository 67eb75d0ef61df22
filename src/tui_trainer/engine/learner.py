"""The Learner: a model, its tokenizer and its optimizer, as a notebook's cells share them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor
from torch.optim import SGD, AdamW, Optimizer
from transformers import PreTrainedModel

from tui_trainer.engine.errors import InputError
from tui_trainer.engine.reports import LearnerStatus, ModelReport
from tui_trainer.engine.settings import TUTORIAL_LR, check_lr, check_optimizer
from tui_trainer.engine.tokens import Vocabulary


def make_optimizer(name: str, model: PreTrainedModel, lr: float) -> Optimizer:
    """A fresh optimizer over all parameters, everything but `lr` at torch's defaults."""
    check_lr(lr)
    return {"AdamW": AdamW, "SGD": SGD}[check_optimizer(name)](model.parameters(), lr=lr)


class Learner:
    """A model that learns. Only the worker thread touches it.

    `updates` counts how many updates the weights are away from the loaded ones, whoever made
    them. `training` is the mode of the training cell: train (dropout on) or eval.
    """

    def __init__(self, model: PreTrainedModel, vocabulary: Vocabulary, report: ModelReport) -> None:
        self.model = model
        self.vocabulary = vocabulary
        self.report = report
        self.device = torch.device(report.device)
        self.updates = 0
        self.training = True
        self.optimizer_name = "AdamW"
        self.optimizer = make_optimizer("AdamW", model, TUTORIAL_LR)
        # On the host, so that `reload` needs neither the files nor the network again.
        self._loaded = [p.detach().to("cpu", copy=True) for p in model.parameters()]

    @property
    def lr(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def status(self) -> LearnerStatus:
        return LearnerStatus(self.report, self.updates, self.lr, self.optimizer_name, self.training)

    def set_lr(self, lr: float) -> None:
        """Change the learning rate; the optimizer's state stays."""
        check_lr(lr)
        for group in self.optimizer.param_groups:
            group["lr"] = lr

    def set_optimizer(self, name: str) -> None:
        """A fresh optimizer at the same learning rate."""
        self.optimizer = make_optimizer(name, self.model, self.lr)
        self.optimizer_name = name

    def reload(self) -> None:
        """The loaded weights, bit for bit, and a fresh optimizer."""
        self.restore_weights(self._loaded)
        self.set_optimizer(self.optimizer_name)
        self.updates = 0

    def copy_weights(self) -> list[Tensor]:
        """The weights as they are now, on the model's device."""
        return [parameter.detach().clone() for parameter in self.model.parameters()]

    @torch.no_grad()
    def restore_weights(self, weights: list[Tensor]) -> None:
        """Put back what `copy_weights` gave, and drop the gradients."""
        for parameter, before in zip(self.model.parameters(), weights, strict=True):
            parameter.copy_(before)
        self.model.zero_grad()

    @contextmanager
    def restored_on_failure(self) -> Iterator[list[Tensor]]:
        """Gives the weights as they are now, and puts them back where the block fails.

        The optimizer keeps its state unless the failure came from its own step, which may
        have changed a part of it: then it starts afresh.
        """
        weights = self.copy_weights()
        stepped: list[bool] = []
        hook = self.optimizer.register_step_pre_hook(lambda *_: stepped.append(True))
        try:
            yield weights
        except BaseException:
            self.restore_weights(weights)
            if stepped:
                self.set_optimizer(self.optimizer_name)
            raise
        finally:
            hook.remove()

    @torch.no_grad()
    def count_moved(self, weights: list[Tensor]) -> int:
        """How many weights have another stored value than in `weights`."""
        pairs = zip(self.model.parameters(), weights, strict=True)
        return int(sum(torch.count_nonzero(now != before) for now, before in pairs))

    def autocast(self) -> AbstractContextManager[object]:
        """bf16 compute over fp32 weights where the precision is `mixed`, else nothing."""
        if self.report.precision == "mixed":
            return torch.autocast(self.device.type, dtype=torch.bfloat16)
        return nullcontext()

    def input_ids(self, text: str) -> Tensor:
        """The token IDs of `text` [1, position]; InputError where none or too many."""
        ids = self.vocabulary.ids(text)
        if not ids:
            raise InputError("The text is empty: type at least one token.")
        context = self.report.context
        if context is not None and len(ids) > context:
            raise InputError(
                f"The text has {len(ids):,} tokens and {self.report.name} takes {context:,}: "
                "shorten it."
            )
        return torch.tensor([ids], device=self.device)
