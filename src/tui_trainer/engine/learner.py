"""The Learner: a model, its tokenizer and its optimizer, as a notebook's cells share them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from itertools import chain
from weakref import ref

import torch
from torch import Tensor
from torch.optim import Optimizer
from transformers import PreTrainedModel

from tui_trainer.engine.finite import weight_not_finite
from tui_trainer.engine.history import History, default_budget
from tui_trainer.engine.models.dropout import Dropout
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.engine.optimizers.optim import make_optimizer, set_lr
from tui_trainer.engine.random_numbers import get_rng, set_rng
from tui_trainer.engine.room import lay_out
from tui_trainer.engine.ways.model_checks import ModelChecks
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import SEED, Action
from tui_trainer.reports.models import LearnerStatus, ModelReport
from tui_trainer.reports.phases import ZERO_GRAD
from tui_trainer.settings.train import BF16_STOCHASTIC, TUTORIAL_LR, check_dropout, check_lr

PROBE, PROBE_DROPOUT = 32, 0.5  # tokens and a probability that show whether dropout does anything
# To compare weights by what is stored: the integer as wide as the float, by width in bytes.
INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


class Learner:
    """A model that learns. Only the worker thread touches it.

    `updates` counts how many updates the weights are away from the loaded ones, whoever made
    them. `training` is the mode of the training cell: train (dropout on) or eval. Whoever
    runs the model puts it into the mode that it needs, and leaves it there.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        vocabulary: Vocabulary,
        report: ModelReport,
        updates_when_loaded: int = 0,
    ) -> None:
        self.updates_when_loaded = updates_when_loaded
        """How many updates a checkpoint's weights had behind them when they were loaded."""
        self.model = model
        # Going through the modules to find them takes 130 us, and a step asks several times.
        self._parameters = tuple(model.parameters())
        self.vocabulary = vocabulary
        self.report = report
        self.device = torch.device(report.device)
        self.updates = 0
        self.loops = 0
        """How many training loops were begun."""
        self.training = True
        self.dropout = Dropout(model)
        """Of the training cell alone: whoever else runs the model has the model's own."""
        self.optimizer_name = "AdamW"
        self.optimizer = self.make_optimizer("AdamW", TUTORIAL_LR)
        self.optimizer_number = self._optimizers_made = 1
        # On the host, so that `reload` needs neither the files nor the network again.
        self._loaded = [weight.to("cpu", copy=True) for weight in self._weights()]
        self._copy: list[Tensor] | None = None
        self.history = History(ref(self), default_budget(self.device))
        torch.manual_seed(SEED)

    @property
    def lr(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def status(self) -> LearnerStatus:
        return LearnerStatus(
            self.report,
            self.updates,
            self.lr,
            self.optimizer_name,
            self.training,
            self.history.report,
            self.history.unsaved,
            self.dropout.largest,
            self.dropout.words,
        )

    def action(self, what: str, text: str = "") -> Action:
        """Something done with the settings as they are now."""
        settings = self.lr, self.optimizer_name, self.optimizer_number, self.training
        return Action(what, self.vocabulary.undoubled(text), *settings, self.dropout.p)

    @cached_property
    def checks(self) -> ModelChecks:
        """Which ways of running the model were found to give what the plain one gives."""
        return ModelChecks(self.model, self.vocabulary, self.report)

    @cached_property
    def end_ids(self) -> frozenset[int]:
        """The IDs that end a text: the model's and the tokenizer's, which may disagree."""
        configs = self.model.generation_config, self.model.config.get_text_config()
        configured = [getattr(config, "eos_token_id", None) for config in configs]
        several = [ids if isinstance(ids, list) else [ids] for ids in configured]
        ids = (*chain(*several), self.vocabulary.tokenizer.eos_token_id)
        return frozenset(token_id for token_id in ids if token_id is not None)

    def set_lr(self, lr: float) -> None:
        """Change the learning rate; the optimizer's state stays."""
        set_lr(self.optimizer, check_lr(lr))

    def set_dropout(self, p: float) -> None:
        """Another dropout probability of the training cell; InputError where it would do nothing.

        Found by looking: of two forward passes in train mode none is like the other.
        """
        if check_dropout(p) and not self._drops:
            raise InputError(
                f"{self.report.architecture} runs the same in train mode whatever its dropout is: "
                "there is no place in it that could drop anything."
            )
        self.dropout.p = p

    @cached_property
    @torch.no_grad()
    def _drops(self) -> bool:
        """Whether train mode is noisy; draws no random number that anybody else would have."""
        ids = torch.arange(PROBE, device=self.device)[None] % self.report.vocabulary
        rng, p = get_rng(self.device), self.dropout.p
        self.dropout.p = PROBE_DROPOUT
        self.model.train()
        try:
            with self.autocast(), self.dropout.in_use():
                first, second = (self.model(input_ids=ids, use_cache=False) for _ in range(2))
        finally:
            self.dropout.p = p
            self.model.eval()
            set_rng(self.device, rng)
        return not torch.equal(first.logits, second.logits)

    def set_optimizer(self, name: str) -> None:
        """A fresh optimizer at the same learning rate."""
        self._optimizers_made += 1
        self.use_optimizer(self.make_optimizer(name, self.lr), name, self._optimizers_made)

    def make_optimizer(
        self, name: str, lr: float, weight_decay: float | None = None, *, fused: bool = False
    ) -> Optimizer:
        """A fresh optimizer of the model's weights, made for its precision; nobody uses it yet."""
        stochastic = self.report.precision == BF16_STOCHASTIC
        return make_optimizer(
            name, self.model, lr, weight_decay, fused=fused, stochastic=stochastic
        )

    def use_optimizer(self, optimizer: Optimizer, name: str, number: int) -> None:
        """An optimizer that was made before; `number` tells it from the others."""
        self.optimizer, self.optimizer_name, self.optimizer_number = optimizer, name, number

    def reload(self) -> None:
        """The loaded weights, bit for bit, a fresh optimizer, and the same random numbers."""
        self.restore_weights(self._loaded)
        self.set_optimizer(self.optimizer_name)
        self.updates = 0
        self.history.clear()
        torch.manual_seed(SEED)

    def copy_weights(self) -> list[Tensor]:
        """The weights as they are now, on the model's device; the next call writes over them.

        One copy is kept and written again: memory that the system has just given costs seven
        times as much to write (300 ms against 41 for 135 million weights on a CPU).
        """
        if self._copy is None:
            self._copy = lay_out(self._weights())
        for copy, parameter in zip(self._copy, self._weights(), strict=True):
            copy.copy_(parameter)
        return self._copy

    def make_room(self) -> None:
        """Get the memory for the next copy now, every page of it."""
        if self._copy is None:
            self._copy = lay_out(self._weights())
            for copy in self._copy:
                copy.zero_()

    def give_copy_away(self) -> None:
        """The last copy is somebody else's from now on."""
        self._copy = None

    def take_room(self, tensors: list[Tensor]) -> None:
        """Tensors that nobody needs any more, to write the next copy in."""
        if self._copy is None:
            self._copy = tensors

    @property
    def spare_bytes(self) -> int:
        """What a loop need not ask for: the copy of the weights, and what undo holds until then."""
        copy = sum(tensor.nbytes for tensor in self._copy or ())
        return copy + self.history.bytes

    def add_bits(self, bits: list[Tensor], sign: int = 1) -> None:
        """Add to the bits of each weight, taken as an integer, those in `bits`, or subtract them.

        Integers wrap around, so the one takes back the other whatever the bits are.
        """
        for weight, change in zip(self._weights(), bits, strict=True):
            kind = INTEGERS[weight.element_size()]
            weight.view(kind).add_(change.view(kind), alpha=sign)

    def restore_weights(self, weights: list[Tensor]) -> None:
        """Make the weights those in `weights`, and drop the gradients."""
        for parameter, before in zip(self._weights(), weights, strict=True):
            parameter.copy_(before)
        self.model.zero_grad()

    def count_moved(self, weights: list[Tensor]) -> int:
        """How many weights have another stored value than in `weights`, which this uses up.

        The difference of the bits as integers is written over `weights`: half the time of
        comparing, which writes a mask (2 ms against 4.5 for 4 million weights on a CPU).
        """
        moved = torch.zeros((), dtype=torch.int64, device=self.device)
        for now, before in zip(self._weights(), weights, strict=True):
            bits = INTEGERS[now.element_size()]
            moved += torch.count_nonzero(before.view(bits).sub_(now.view(bits)))
        return int(moved)

    def check_finite(self) -> None:
        """InputError where a weight is NaN or infinite: no file is to have such."""
        if (name := weight_not_finite(self.model)) is not None:
            raise InputError(
                f"The weights are not finite any more ({name} has NaN or infinite values), so "
                "they are not saved: undo the updates that did it, or press R for the loaded "
                "weights."
            )

    @property
    def weights_version(self) -> int:
        """A number that changes whenever a weight is written, whoever writes it."""
        return sum(parameter._version for parameter in self._parameters)

    def _weights(self) -> list[Tensor]:
        return [parameter.detach() for parameter in self._parameters]

    @contextmanager
    def restored_on_failure(
        self, optimizer: Optimizer, *, copying: bool = True
    ) -> Iterator[list[Tensor]]:
        """Around one update: gives the weights as they are now, puts them back where it fails.

        Then no gradients are left, the mode is eval, and an optimizer of the Learner that had
        begun its step starts afresh. Without `copying` no weights are kept, and a failure inside
        `optimizer.step` becomes an InputError that says that the update is half made.
        """
        weights = self.copy_weights() if copying else []
        rng = get_rng(self.device)
        had_gradients = any(p.grad is not None for p in self._parameters)
        was_current = self.history.is_current
        begun: list[bool] = []
        ended: list[bool] = []
        hooks = (
            optimizer.register_step_pre_hook(lambda *_: begun.append(True)),
            optimizer.register_step_post_hook(lambda *_: ended.append(True)),
        )
        try:
            yield weights
        except BaseException as error:
            self.model.eval()
            self.model.zero_grad()
            set_rng(self.device, rng)
            if had_gradients:
                self.history.add_phase(Action(ZERO_GRAD))
            if copying:
                self.restore_weights(weights)
                if begun and optimizer is self.optimizer:
                    self.set_optimizer(self.optimizer_name)
                    self.history.forget_changes()
                if was_current:
                    self.history.mark()
            elif begun and not ended:
                raise InputError(
                    f"The optimizer failed in the middle of an update ({error}), so the weights "
                    "are between two updates: press R to reload the model."
                ) from error
            raise
        finally:
            for hook in hooks:
                hook.remove()

    def autocast(self) -> AbstractContextManager[object]:
        """bf16 compute over fp32 weights where the precision is `mixed`, else nothing."""
        if self.report.precision == "mixed":
            return torch.autocast(self.device.type, dtype=torch.bfloat16)
        return nullcontext()

    def input_ids(self, text: str, generated: tuple[int, ...] = ()) -> Tensor:
        """The token IDs of `text` and then `generated` [1, position]; InputError where none or
        too many."""
        ids = [*self.vocabulary.ids(text), *generated]
        if not ids:
            raise InputError("The text is empty: type at least one token.")
        context = self.report.context
        if context is not None and len(ids) > context:
            raise InputError(
                f"The text has {len(ids):,} tokens and {self.report.name} takes {context:,}: "
                "shorten it."
            )
        return torch.tensor([ids], device=self.device)
