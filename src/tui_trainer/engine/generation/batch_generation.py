"""Greedy answers to several prompts: a forward pass, and the most likely token, until they end."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import chain

from torch import Tensor

from tui_trainer.engine.finite import check_numbers
from tui_trainer.engine.generation.predict import forward
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.ways.cached_batch import CachedBatch
from tui_trainer.engine.ways.cast_weights import CastWeights
from tui_trainer.reports.evaluated_items import Answer, Ending
from tui_trainer.reports.scoring import STOP_STRINGS, cut_at_stop

# A stop string just completed lies in so many last tokens, since each has at least a byte of it.
STOP_TOKENS = max(len(stop.encode()) for stop in STOP_STRINGS)
NO_BATCHES = (
    "In a batch with a cache this model would answer otherwise than alone, so its answers are "
    "generated one at a time and without a cache, which takes longer."
)


class GreedyGeneration:
    """The most likely token after token, for several prompts; `step` appends some.

    Where the model is made for it, all prompts go on together, with a cache of keys and values,
    and a row that has ended leaves. Else one is answered after the other, and the whole text is
    read for each token. The weights must not change between two steps.
    """

    def __init__(self, learner: Learner, prompts: Sequence[Sequence[int]], max_tokens: int) -> None:
        self._learner = learner
        self._max_tokens = max_tokens
        self._prompts = prompts
        self._written: list[list[int]] = [[] for _ in prompts]
        self._answers: dict[int, Answer] = {}
        self._context = longest_text(learner, prompts, max_tokens)
        for row, prompt in enumerate(prompts):
            if len(prompt) >= self._context:
                self._answers[row] = Answer("", Ending.CONTEXT, 0)
        self._rows = [row for row in range(len(prompts)) if row not in self._answers]
        """Which prompts are still being answered, in the order of the batch's rows."""
        self._batch: CachedBatch | None = None
        if self._rows and answers_together(learner, prompts, max_tokens):
            texts = [prompts[row] for row in self._rows]
            learner.range.check_ids(chain.from_iterable(texts))
            self._batch = CachedBatch(learner.model, texts, learner.vocabulary.pad_id)
        self._casts_once = learner.checks.casts_weights_once()
        self._cast_weights: CastWeights | None = None

    @property
    def is_done(self) -> bool:
        return not self._rows

    @property
    def share(self) -> float:
        """A lower bound of how much is done: rows that have ended, or tokens of the budget."""
        done = self.ended / len(self._written)
        if self._batch is None:
            return done
        longest = max((len(self._written[row]) for row in self._rows), default=0)
        return max(done, longest / self._max_tokens)

    @property
    def ended(self) -> int:
        """How many answers have ended."""
        return len(self._answers)

    @property
    def tokens(self) -> int:
        """Generated so far."""
        return sum(map(len, self._written))

    @property
    def answers(self) -> list[Answer]:
        """Of every prompt, once all have ended."""
        return [self._answers[row] for row in range(len(self._written))]

    def step(self) -> None:
        """One forward pass, and the most likely next token of each text that was read in it.

        Raises InputError where the logits are not numbers.
        """
        with self._weights_cast():
            if self._batch is None:
                self._step_alone()
            else:
                self._step_together(self._batch)

    def _weights_cast(self) -> AbstractContextManager[None]:
        """Where the model computes in another type than its weights have, they are cast once."""
        if not self._casts_once:
            return nullcontext()
        if self._cast_weights is None:
            self._cast_weights = CastWeights(self._learner.model)
        return self._cast_weights.in_use()

    def _step_together(self, batch: CachedBatch) -> None:
        self._learner.model.eval()
        with self._learner.autocast():
            newest = most_likely(batch.next_logits())
        kept = self._take(self._rows, newest.tolist())
        self._rows = [self._rows[place] for place in kept]
        if kept:
            self._learner.range.check_ids(self._written[row][-1] for row in self._rows)
            batch.append(newest, kept)

    def _step_alone(self) -> None:
        row = self._rows[0]
        ids = [*self._prompts[row], *self._written[row]]
        logits = forward(self._learner, self._learner.send_ids(ids))
        if not self._take([row], most_likely(logits[:, -1]).tolist()):
            del self._rows[0]

    def _take(self, rows: Sequence[int], newest: Sequence[int]) -> list[int]:
        """Append the newest token of each of `rows`; the places of those that it does not end."""
        kept = []
        for place, (row, token) in enumerate(zip(rows, newest, strict=True)):
            self._written[row].append(token)
            ending = self._ending(row, token)
            if ending is None:
                kept.append(place)
            else:
                self._answers[row] = self._answer(row, ending)
        return kept

    def _ending(self, row: int, token: int) -> Ending | None:
        """Why the answer ends with its newest token; None where it goes on."""
        written = self._written[row]
        if token in self._learner.end_ids:
            return Ending.END_OF_TEXT
        if cut_at_stop(self._decode(written[-STOP_TOKENS:]))[1] is not None:
            return Ending.STOP_STRING
        if len(written) >= self._max_tokens:
            return Ending.BUDGET
        if len(self._prompts[row]) + len(written) >= self._context:
            return Ending.CONTEXT
        return None

    def _answer(self, row: int, ending: Ending) -> Answer:
        written = self._written[row]
        ids = written[:-1] if ending is Ending.END_OF_TEXT else written
        # As lm-evaluation-harness: it stops where the raw text does, and reads the text without
        # special tokens, where a stop string may come together that was none before.
        text, _ = cut_at_stop(self._decode(ids, skip_special_tokens=True))
        return Answer(text, ending, len(written), self._decode(written))

    def _decode(self, ids: list[int], *, skip_special_tokens: bool = False) -> str:
        decode = self._learner.vocabulary.tokenizer.decode
        return str(decode(ids, skip_special_tokens=skip_special_tokens))


def answers_together(learner: Learner, prompts: Sequence[Sequence[int]], max_tokens: int) -> bool:
    """Whether several of these may be answered at once, and be answered as each alone."""
    return learner.checks.answers_in_batches(longest_text(learner, prompts, max_tokens))


def longest_text(learner: Learner, prompts: Sequence[Sequence[int]], max_tokens: int) -> int:
    """How many tokens a prompt and its answer have at most; never more than the context."""
    longest = max(map(len, prompts), default=0) + max_tokens
    context = learner.report.context
    return longest if context is None else min(longest, context)


def most_likely(logits: Tensor) -> Tensor:
    """The ID of the largest of each row of `logits` [row, vocabulary]: [row].

    A row that holds NaN has it for its largest, so all of it need not be looked at twice.
    """
    largest = logits.max(dim=-1)
    check_numbers(largest.values)
    return largest.indices
