"""Whether a way of running a model gives what the plain way gives: found by looking, once.

Models differ in what they make of padding, positions, masks and caches, and no list of names would
know the next one. So two short texts are read alone, as the notebook reads them, and then in the
way in question; where the logits are others, or the model raises anything at all, that way is not
taken. The measure is what a text in front changes in a text's logits: of that, rounding is a
hundred thousandth in fp32 and up to a twentieth in bf16, a leak from a sixth to all.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel

from tui_trainer.device_errors import not_deterministic
from tui_trainer.engine.data.batching import MicroBatch, model_inputs, pad
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.packing import pack
from tui_trainer.engine.finite import check_numbers
from tui_trainer.engine.models.device_faults import is_of_the_machine
from tui_trainer.engine.models.model_report import embedding_rows
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.engine.random_numbers import get_rng, set_rng
from tui_trainer.engine.tf32 import tf32
from tui_trainer.engine.ways.cached_batch import CachedBatch
from tui_trainer.engine.ways.cast_weights import CastWeights
from tui_trainer.engine.ways.causal_attention import attention_without_mask
from tui_trainer.engine.ways.chunked_loss import is_plain_head
from tui_trainer.engine.ways.item_attention import attention_within_items
from tui_trainer.engine.ways.varlen_kernel import VarlenKernel
from tui_trainer.engine.weights import Weights
from tui_trainer.errors import InputError
from tui_trainer.reports.models import ModelReport

LENGTHS = 9, 6
"""Tokens of the two texts: more than the 4 that the convolution of a state-space model sees."""
SHARES = {torch.float32: 0.01, torch.bfloat16: 0.14}
"""How far logits may be off, in parts of what a text in front changes in them."""
SHARE_UNDER_AUTOCAST = 0.3
"""There bf16 is compared with fp32, and that nothing leaks was seen in fp32 before."""
ROUNDING = {torch.float32: 1e-5, torch.bfloat16: 1e-2}
"""In parts of their size, they may be so far off where a text in front changes nothing."""
MOVED = {torch.float32: 1e-3, torch.bfloat16: 0.05}
"""What the last token may change in the logits before it, in parts of what it changes in its own.

Nothing, but for rounding where an expert is given other tokens together.
"""
COMPARED = 16
"""Positions at the end of each text that are looked at."""
OTHER_NUMBERS = "it gives other numbers"
BARRED = 1e30
"""Beyond it a logit is no number of the model: it bars an entry of the vocabulary."""
ONE_BY_ONE = 2
"""Tokens of a text that are read with the cache of those before."""
SPANS = "window", "chunk", "block_size", "index_topk"
"""In the name of what a config calls the length from which on a model reads a text otherwise."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Alone:
    """Two texts, and what a model says of each in a forward pass of its own."""

    long: Example
    short: Example
    logits: dict[Example, Tensor]
    """Of the last COMPARED positions: [position, vocabulary]."""
    effect: float
    """What a text in front changes in the logits of another, in parts of their size."""


class ModelChecks:
    """The ways of running one model that were looked at; each is looked at once.

    It leaves the model in eval mode, draws no random number and changes no weight. Raises
    InputError where the model's logits are not numbers, so that nothing can be said.
    """

    def __init__(
        self, model: PreTrainedModel, weights: Weights, vocabulary: Vocabulary, report: ModelReport
    ) -> None:
        self._model = model
        self._weights = weights
        self._vocabulary = vocabulary
        self._context = report.context
        self._is_mixed = report.precision == "mixed"
        self._alone: dict[tuple[int, int], Alone] = {}
        self._alone_of = -1
        """The version of the weights that they are of."""
        self._found: dict[tuple[object, ...], bool] = {}
        self._raised: dict[object, str] = {}
        """What was said where a way raised."""

    def pads(self, side: str, longest: int) -> bool:
        """Whether texts of at most `longest` tokens may be padded on that side."""

        def looks_right(alone: Alone) -> bool:
            batch = pad([alone.long, alone.short], side, self._vocabulary.pad_id)
            return self._agrees(batch, alone)

        return self._at_lengths(f"padding {side}", longest, looks_right)

    def packs(self, longest: int) -> bool:
        """Whether several texts may share a row of at most `longest` tokens."""
        return self._at_lengths("packing", longest, self._agrees_packed)

    def attends_within_items(self, longest: int, kernel: VarlenKernel | None = None) -> bool:
        """Whether they may with attention that needs no mask, in fp32 and as the model computes.

        By the `kernel`, where one is given and takes what the model computes.
        """

        def looks_right(alone: Alone) -> bool:
            with attention_within_items(self._model, kernel):
                right = self._agrees_packed(alone, within_items=True)
                if right and self._is_mixed:
                    with self._compute():
                        right = self._agrees_packed(alone, within_items=True)
            return right

        return self._at_lengths(("attention within items", kernel), longest, looks_right)

    def why_not_by(self, kernel: VarlenKernel) -> str:
        """What is wrong with attention within items by this kernel, where that was found."""
        return self._raised.get(("attention within items", kernel), OTHER_NUMBERS)

    def attends_without_mask(self, longest: int) -> bool:
        """Whether rows of one text each, filled up on the right, need no mask."""

        def looks_right(alone: Alone) -> bool:
            batch = pad([alone.long, alone.short], "right", self._vocabulary.pad_id)
            with attention_without_mask(self._model):
                return self._agrees(batch, alone, masked=False)

        return self._at_lengths("no mask", longest, looks_right)

    def answers_in_batches(self, longest: int) -> bool:
        """Whether texts may grow together, to at most `longest` tokens, with a cache."""
        return self._at_lengths("batches with a cache", longest, self._agrees_growing)

    def has_plain_head(self) -> bool:
        """Whether the logits may be made in chunks."""

        def looks_right() -> bool:
            with self._compute():
                return is_plain_head(self._model)

        return self._once(("plain head",), looks_right)

    def casts_weights_once(self) -> bool:
        """Whether bf16 compute gives the same bits with weights that were cast before."""

        def looks_right() -> bool:
            ids = probe_ids(embedding_rows(self._model), LENGTHS[0], 0)
            with self._compute():
                plain = read_text(self._model, ids)
                with CastWeights(self._model).in_use():
                    return torch.equal(read_text(self._model, ids), plain)

        return self._is_mixed and self._once(("weights cast once",), looks_right)

    # Looked at once each

    def _at_lengths(self, way: object, longest: int, looks_right: Callable[[Alone], bool]) -> bool:
        """For short texts, and for those that reach past what the model sees at once."""
        every = lengths_to_look_at(self._model.config, longest, self._context)
        return all(self._once((way, n), self._given_alone(looks_right, n)) for n in every)

    def _given_alone(
        self, looks_right: Callable[[Alone], bool], lengths: tuple[int, int]
    ) -> Callable[[], bool]:
        return lambda: looks_right(self._read_alone(lengths))

    def _once(self, way: tuple[object, ...], looks_right: Callable[[], bool]) -> bool:
        if way not in self._found:
            with untouched(self._model):
                self._found[way] = self._holds(way, looks_right)
        return self._found[way]

    def _holds(self, way: tuple[object, ...], looks_right: Callable[[], bool]) -> bool:
        """A model that raises is not made for it, whatever it raises; the plain way is there."""
        try:
            return looks_right()
        except InputError:
            raise
        except Exception as error:
            if is_of_the_machine(error, self._model.device):
                raise
            log.info("%s is not made for %s", type(self._model).__name__, way, exc_info=True)
            self._raised[way[0]] = first_line(error)
            return False

    # What is compared

    def _read_alone(self, lengths: tuple[int, int]) -> Alone:
        """Once for all ways, unless the weights were trained between two of them."""
        if self._alone_of != (version := self._weights.version):
            self._alone, self._alone_of = {}, version
        if lengths not in self._alone:
            self._alone[lengths] = self._read_texts(lengths)
        return self._alone[lengths]

    def _read_texts(self, lengths: tuple[int, int]) -> Alone:
        size = embedding_rows(self._model)
        long, short = (
            Example(0, "", probe_ids(size, length, first), 1, 1, False)
            for first, length in enumerate(lengths)
        )
        logits = {example: self._plain_logits(example.ids) for example in (long, short)}
        return Alone(long, short, logits, self._effect_on(short, logits[short]))

    def _effect_on(self, text: Example, logits: Tensor) -> float:
        """What another text in front changes in the `logits` that a model gives a text alone."""
        in_front = probe_ids(embedding_rows(self._model), LENGTHS[1], len(LENGTHS))
        after = self._plain_logits((*in_front, *text.ids))
        return difference(after[-len(text.ids) :], logits)

    def _plain_logits(self, ids: tuple[int, ...]) -> Tensor:
        logits = last_positions(read_text(self._model, ids))
        check_numbers(logits)
        return logits

    def _agrees_packed(self, alone: Alone, *, within_items: bool = False) -> bool:
        """In one row and in two; the long text comes second, or a row's chunks would be its own."""
        row = alone.short, alone.long
        end = self._vocabulary.end_of_text
        batches = (pack(rows, end, self._context) for rows in ([row], [row, row[:1]]))
        return all(self._agrees(batch, alone, within_items=within_items) for batch in batches)

    def _agrees(
        self, batch: MicroBatch, alone: Alone, *, within_items: bool = False, masked: bool = True
    ) -> bool:
        batch = batch.to(self._model.device)
        inputs = model_inputs(batch, within_items=within_items, masked=masked)
        logits = self._model(**inputs).logits
        return all(
            self._is_close(
                logits[place.row, place.start : place.start + len(place.example.ids)],
                alone.logits[place.example],
                alone.effect,
            )
            for place in batch.places
        )

    def _agrees_growing(self, alone: Alone) -> bool:
        """Token by token after the first pass; at the end the longer text has left the batch."""
        texts = alone.long, alone.short
        prompts = [text.ids[:-ONE_BY_ONE] for text in texts]
        batch = CachedBatch(self._model, prompts, self._vocabulary.pad_id)
        for left in range(ONE_BY_ONE, -1, -1):
            rows = texts if left else texts[1:]
            logits = batch.next_logits()
            for found, text in zip(logits, rows, strict=True):
                expected = alone.logits[text][-1 - left]
                if not self._is_close(found[None], expected[None], alone.effect):
                    return False
            if left:
                newest = torch.tensor([text.ids[-left] for text in texts], device=logits.device)
                batch.append(newest, [0, 1] if left > 1 else [1])
        return True

    def _is_close(self, found: Tensor, expected: Tensor, effect: float) -> bool:
        kind, share = rounding_of(self._model), SHARES[rounding_of(self._model)]
        if torch.is_autocast_enabled(self._model.device.type):
            kind, share = torch.bfloat16, SHARE_UNDER_AUTOCAST
        limit = max(ROUNDING[kind], share * effect)
        return difference(last_positions(found), expected) <= limit

    def _compute(self) -> AbstractContextManager[object]:
        """As in a loop: bf16 where the precision is mixed."""
        if self._is_mixed:
            return torch.autocast(self._model.device.type, dtype=torch.bfloat16)
        return nullcontext()


def check_causal(model: PreTrainedModel, name: str) -> None:
    """Raise InputError where a position sees the token that it is to predict.

    Found by changing the last token of a text. A model whose logits are not numbers passes.
    """
    try:
        with untouched(model):
            causal = any(_is_causal(model, first) for first in range(2))
    except Exception as error:
        if is_of_the_machine(error, model.device) or not_deterministic(error):
            raise
        raise InputError(
            f"{name} cannot read a text by itself ({first_line(error)}): choose another model."
        ) from error
    if not causal:
        raise InputError(
            f"{name} is not a decoder-only language model: its positions see the tokens after "
            "them, so that its loss would mean nothing. Choose another model."
        )


def _is_causal(model: PreTrainedModel, first: int) -> bool:
    *before, last, other = probe_ids(embedding_rows(model), LENGTHS[0] + 1, first)
    one, two = (last_positions(read_text(model, (*before, end))) for end in (last, other))
    moved = (one - two).norm(dim=-1)
    return not moved[:-1].norm() > MOVED[rounding_of(model)] * moved[-1]


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


@contextmanager
def untouched(model: PreTrainedModel) -> Iterator[None]:
    """Eval mode, no graph and no TF32; random numbers that a model draws even so are put back."""
    model.eval()
    rng = get_rng(model.device)
    try:
        with torch.no_grad(), tf32(False):
            yield
    finally:
        set_rng(model.device, rng)


def rounding_of(model: PreTrainedModel) -> torch.dtype:
    """What a model's numbers are rounded to where it computes as it is stored."""
    return torch.float32 if model.dtype == torch.float32 else torch.bfloat16


def read_text(model: PreTrainedModel, ids: tuple[int, ...]) -> Tensor:
    """The logits [position, vocabulary] of one text, as the notebook gets them."""
    input_ids = torch.tensor([ids], device=model.device)
    logits: Tensor = model(input_ids=input_ids, use_cache=False).logits[0]
    return logits


def last_positions(logits: Tensor) -> Tensor:
    """The last COMPARED of `logits` [position, vocabulary] in fp32, the barred ones as 0."""
    last = logits[-COMPARED:].float()
    return last.masked_fill(last.abs() > BARRED, 0.0)


def difference(found: Tensor, expected: Tensor) -> float:
    """In parts of what was expected (relative L2)."""
    return ((found - expected).norm() / expected.norm()).item()


def probe_ids(vocabulary: int, length: int, first: int) -> tuple[int, ...]:
    """Tokens of a text, from the middle of the vocabulary: special ones lie at its ends."""
    half = vocabulary // 2
    return tuple(half + (first + 7 * n) % (vocabulary - half) for n in range(length))


def lengths_to_look_at(
    config: PreTrainedConfig, longest: int, context: int | None
) -> list[tuple[int, int]]:
    """Of the two texts; twice, where a text of `longest` tokens is past what the model sees.

    The longer text is then twice as long as that, if it may be: less would change little.
    """
    spans = [span for span in spans_of(config) if span < longest]
    if not spans:
        return [LENGTHS]
    room = min(longest - LENGTHS[1] - 1, context or longest)  # the other text, and a separator
    return [LENGTHS, (max(LENGTHS[0], min(2 * max(spans) + LENGTHS[1], room)), LENGTHS[1])]


def spans_of(config: PreTrainedConfig) -> list[int]:
    """The lengths of windows and chunks that a config names."""
    named = config.get_text_config().to_dict().items()
    return [
        value
        for name, value in named
        if isinstance(value, int) and value > 1 and any(span in name for span in SPANS)
        if not name.endswith(("layers", "pattern"))  # how many have one, or which
    ]
