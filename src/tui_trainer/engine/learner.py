"""The Learner: a model, its tokenizer and its optimizer, as a notebook's cells share them."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from itertools import chain

import torch
from torch import Tensor
from torch.optim import Optimizer
from transformers import PreTrainedModel

from tui_trainer.device_errors import is_of_the_device
from tui_trainer.engine.accelerator import send
from tui_trainer.engine.data.batching import MicroBatch
from tui_trainer.engine.history import History, default_budget
from tui_trainer.engine.memory.ample import is_ample
from tui_trainer.engine.memory.dry_model import DryModel
from tui_trainer.engine.memory.generation_need import one_pass_need
from tui_trainer.engine.memory.update_need import UpdateNeed, update_need
from tui_trainer.engine.models.devices import has_room_for_copies, use_of
from tui_trainer.engine.models.dropout import Dropout
from tui_trainer.engine.models.input_range import InputRange
from tui_trainer.engine.models.loading import ReadAgain
from tui_trainer.engine.models.model_report import embedding_rows
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.engine.optimizers.state import KeptState, put_state
from tui_trainer.engine.optimizers.step_seen import step_seen
from tui_trainer.engine.random_numbers import Rng, get_rng, set_rng
from tui_trainer.engine.snapshot import LoadedWeights
from tui_trainer.engine.training_setup import TrainingSetup
from tui_trainer.engine.ways.model_checks import ModelChecks
from tui_trainer.engine.weights import Weights
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import SEED, Action
from tui_trainer.reports.models import LearnerStatus, ModelReport
from tui_trainer.reports.phases import ZERO_GRAD
from tui_trainer.settings.cell import check_dropout
from tui_trainer.settings.model import BF16_STOCHASTIC

PROBE, PROBE_DROPOUT = 32, 0.5  # tokens and a probability that show whether dropout does anything


class Learner:
    """A model that learns. Only the worker thread touches it.

    Whoever runs the model puts it into the mode that it needs, and leaves it there.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        vocabulary: Vocabulary,
        report: ModelReport,
        updates_when_loaded: int = 0,
        again: ReadAgain | None = None,
        read: list[Tensor] | None = None,
    ) -> None:
        """`read` are the weights that train on the host, where they were before they went to an
        accelerator; None where they are not there."""
        self.updates_when_loaded = updates_when_loaded
        """How many updates a checkpoint's weights had behind them when they were loaded."""
        self.model = model
        self.vocabulary = vocabulary
        self.report = report
        self.device = torch.device(report.device)
        self.range = InputRange(report.name, embedding_rows(model), report.context)
        """What every text and every batch is held against before it is sent."""
        self.loops = 0
        """How many training loops were begun."""
        self.weights = Weights(model)
        stochastic = report.precision == BF16_STOCHASTIC
        self.setup = TrainingSetup(self.weights, Dropout(model), stochastic=stochastic)
        is_ample = has_room_for_copies(self.weights.trained_bytes, self.device)
        self.loaded = LoadedWeights(self.weights, again, copying=is_ample, read=read)
        self.history = History(self.weights, self.setup, default_budget())
        torch.manual_seed(SEED)

    @property
    def updates(self) -> int:
        """How many the weights are away from the loaded ones, whoever made them."""
        return self.history.updates

    @property
    def status(self) -> LearnerStatus:
        return LearnerStatus(
            self.report,
            self.updates,
            self.setup.lr,
            self.setup.optimizer_name,
            self.setup.training,
            self.history.report,
            self.history.unsaved,
            self.setup.dropout.largest,
            self.setup.dropout.p is None,
            self.setup.dropout.words,
            use_of(self.device),
        )

    def action(self, what: str, text: str = "") -> Action:
        """Something done with the settings as they are now."""
        return self.setup.action(what, self.vocabulary.undoubled(text))

    @cached_property
    def checks(self) -> ModelChecks:
        """Which ways of running the model were found to give what the plain one gives."""
        return ModelChecks(self.model, self.weights, self.vocabulary, self.report)

    @cached_property
    def dry_model(self) -> DryModel:
        """The model's shapes alone: what running it needs of memory is counted with them."""
        return DryModel.like(self.model, self.report.precision)

    def update_need(self, tokens: int) -> UpdateNeed:
        """What the training cell needs on the device for a text of so many tokens."""
        setup = self.setup
        return update_need(
            *(self.dry_model, setup.optimizer_name, setup.stepping, tokens),
            training=setup.training,
            dropout=setup.dropout.p,
        )

    def has_ample_room(self, tokens: int) -> bool:
        """Whether any use of a text of so many tokens has room, without counting what it needs."""
        return is_ample(self.weights.bytes, tokens * self.report.vocabulary, self.device)

    def pass_need(self, tokens: int) -> int:
        """Bytes that a forward pass over one text of so many tokens takes on the device."""
        return one_pass_need(self.dry_model, tokens)

    def copy_ahead(self) -> None:
        """Copy what undo needs of before the next update, where that is sure to have room."""
        if self.has_ample_room(0):
            self.history.copy_ahead()

    @cached_property
    def end_ids(self) -> frozenset[int]:
        """The IDs that end a text: the model's and the tokenizer's, which may disagree."""
        configs = self.model.generation_config, self.model.config.get_text_config()
        configured = [getattr(config, "eos_token_id", None) for config in configs]
        several = [ids if isinstance(ids, list) else [ids] for ids in configured]
        ids = (*chain(*several), self.vocabulary.tokenizer.eos_token_id)
        return frozenset(token_id for token_id in ids if token_id is not None)

    def set_dropout(self, p: float | None) -> None:
        """Another dropout probability of the training cell, None for the model's own; InputError
        where it would do nothing.

        Found by looking: of two forward passes in train mode none is like the other.
        """
        if p is not None and check_dropout(p) and not self._drops:
            raise InputError(
                f"{self.report.architecture} runs the same in train mode whatever its dropout is: "
                "there is no place in it that could drop anything."
            )
        self.setup.dropout.p = p

    @cached_property
    @torch.no_grad()
    def _drops(self) -> bool:
        """Whether train mode is noisy; draws no random number that anybody else would have."""
        length = min(PROBE, self.report.context or PROBE)
        ids = torch.arange(length, device=self.device)[None] % self.range.rows
        rng, p = get_rng(self.device), self.setup.dropout.p
        self.setup.dropout.p = PROBE_DROPOUT
        self.model.train()
        try:
            with self.autocast(), self.setup.dropout.in_use():
                first, second = (self.model(input_ids=ids, use_cache=False) for _ in range(2))
        finally:
            self.setup.dropout.p = p
            self.model.eval()
            set_rng(self.device, rng)
        return not torch.equal(first.logits, second.logits)

    def reload(self) -> None:
        """The loaded weights, bit for bit, a fresh optimizer, and the same random numbers.

        InputError where memory was too short to keep them and their files are others now.
        """
        self.loaded.check()
        if not self.loaded.is_copied:
            self._make_room()
        self.loaded.restore()
        self.setup.set_optimizer(self.setup.optimizer_name)
        self.history.clear()
        torch.manual_seed(SEED)

    def _make_room(self) -> None:
        """Let go of all that a reload does away with, before the weights are there twice."""
        self.weights.zero_grad()
        self.weights.give_copy_away()
        self.history.release_memory()
        self.setup.set_optimizer(self.setup.optimizer_name)

    @contextmanager
    def restored_on_failure(
        self,
        optimizer: Optimizer,
        state: KeptState | None = None,
        *,
        copying: bool = True,
        calls: int = 1,
    ) -> Iterator[list[Tensor]]:
        """Around one update: gives the weights as they are now, puts them back where it fails.

        Then no gradients are left, the mode is eval, and an optimizer of the Learner that had
        begun its step has the `state` of before, or starts afresh where that was not kept. Without
        `copying` no weights are kept, and a failure inside `optimizer.step` becomes an InputError
        that says that the update is half made; `calls` of it make the whole.
        """
        weights = self.weights.copy() if copying else []
        rng, had_gradients = get_rng(self.device), self.weights.have_gradients
        was_current = self.history.is_current
        copies = (self.weights.wait_for_copy, *([state.wait] if state else []))
        with step_seen(optimizer, first=copies, calls=calls) as step:
            try:
                yield weights
            except BaseException as error:
                self._drop_passes(rng, had_gradients)
                if copying:
                    self._take_back(weights, optimizer if step.begun else None, state, was_current)
                elif step.is_half_made and not is_of_the_device(error):  # it may be lost
                    raise InputError(
                        f"The optimizer failed in the middle of an update ({error}), so the "
                        "weights are between two updates: press R to reload the model."
                    ) from error
                raise

    def _drop_passes(self, rng: Rng, had_gradients: bool) -> None:
        """What forward and backward passes that failed left, and the numbers that they drew."""
        self.model.eval()
        self.weights.zero_grad()
        set_rng(self.device, rng)
        if had_gradients:
            self.history.add_phase(Action(ZERO_GRAD))

    def _take_back(
        self,
        weights: list[Tensor],
        stepped: Optimizer | None,
        state: KeptState | None,
        was_current: bool,
    ) -> None:
        """The weights before an update that failed; `stepped` had begun it from `state`.

        What it has now is of no update that was made, and where `state` was not kept neither is
        what undo would put back there.
        """
        self.weights.restore(weights)
        if stepped is self.setup.optimizer:
            if state is not None:
                put_state(stepped, state)
            else:
                self.setup.set_optimizer(self.setup.optimizer_name)
                self.history.forget_changes()
        if was_current:
            self.history.mark_current()

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
        return self.send_ids(ids)

    def send_ids(self, ids: Sequence[int]) -> Tensor:
        """The IDs of one text on the device [1, position]; InputError where one is out of range."""
        self.range.check_ids(ids)
        self.range.check_positions(len(ids) - 1)
        return send(torch.tensor([ids]), self.device)

    def send(self, batch: MicroBatch) -> MicroBatch:
        """A batch of the host on the device; InputError where an ID or position is out of range."""
        self.range.check(batch.input_ids, batch.position_ids)
        return batch.to(self.device)
