"""Greedy answers to a batch of prompts: the forward pass, a token at a time, with its KV cache."""

import inspect
from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import Cache

from tui_trainer.engine.evaluation_reports import Answer, Ending
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.roomy_cache import give_room
from tui_trainer.engine.scoring import STOP_STRINGS, cut_at_stop

# A stop string just completed lies in so many last tokens, since each has at least a byte of it.
STOP_TOKENS = max(len(stop.encode()) for stop in STOP_STRINGS)


class GreedyGeneration:
    """The most likely token after token, for several prompts at once; `step` appends one to each.

    Prompts are padded on the left, so that the next token of every row is at the same place. A row
    that has ended leaves the batch. The weights must not change between two steps: the cache holds
    keys and values that they made.
    """

    def __init__(self, learner: Learner, prompts: Sequence[Sequence[int]], max_tokens: int) -> None:
        self._learner = learner
        self._max_tokens = max_tokens
        self._prompt_lengths = [len(prompt) for prompt in prompts]
        self._written: list[list[int]] = [[] for _ in prompts]
        self._answers: dict[int, Answer] = {}
        context = learner.report.context
        self._context = context if context is not None else max(self._prompt_lengths) + max_tokens
        for row, length in enumerate(self._prompt_lengths):
            if length >= self._context:
                self._answers[row] = Answer("", Ending.CONTEXT, 0)
        self._rows = [row for row in range(len(prompts)) if row not in self._answers]
        """Which prompts are still being answered, in the order of the tensors' rows."""
        self._begin([prompts[row] for row in self._rows])

    def _begin(self, prompts: Sequence[Sequence[int]]) -> None:
        width = max(map(len, prompts), default=0)
        pad = self._learner.vocabulary.pad_id
        device = self._learner.device
        rows = [[pad] * (width - len(prompt)) + list(prompt) for prompt in prompts]
        mask = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]
        # All three are [row, position]; the mask covers what is in the cache too.
        self._input_ids = torch.tensor(rows, dtype=torch.long, device=device)
        self._mask = torch.tensor(mask, dtype=torch.long, device=device)
        # Counted from each prompt's first token, whatever the padding before it.
        self._position_ids = (self._mask.cumsum(dim=-1) - 1).clamp(min=0)
        self._cache: Cache | None = None

    @property
    def is_done(self) -> bool:
        return not self._rows

    @property
    def share(self) -> float:
        """A lower bound of how much is done: rows that have ended, or tokens of the budget."""
        longest = max((len(self._written[row]) for row in self._rows), default=0)
        return max(len(self._answers) / len(self._written), longest / self._max_tokens)

    @property
    def tokens(self) -> int:
        """Generated so far."""
        return sum(map(len, self._written))

    @property
    def answers(self) -> list[Answer]:
        """Of every prompt, once all have ended."""
        return [self._answers[row] for row in range(len(self._written))]

    def step(self) -> None:
        """One forward pass over the newest tokens, and the most likely next one of each row."""
        model = self._learner.model
        model.eval()
        with torch.no_grad(), self._learner.autocast():
            output = model(
                input_ids=self._input_ids,
                attention_mask=self._mask,
                position_ids=self._position_ids,
                past_key_values=self._cache,
                use_cache=True,
                **last_logits_only(model),
            )
        if self._cache is None:
            give_room(output.past_key_values)
        newest = output.logits[:, -1].argmax(dim=-1)  # [row]
        self._go_on(newest, self._take(newest.tolist()), output.past_key_values)

    def _take(self, newest: list[int]) -> list[int]:
        """Append the newest token of each row; the tensors' rows that have not ended by it."""
        kept = []
        for place, (row, token) in enumerate(zip(self._rows, newest, strict=True)):
            self._written[row].append(token)
            ending = self._ending(row, token)
            if ending is None:
                kept.append(place)
            else:
                self._answers[row] = self._answer(row, ending)
        self._rows = [self._rows[place] for place in kept]
        return kept

    def _go_on(self, newest: Tensor, kept: list[int], cache: Cache) -> None:
        """The next step's input: the newest tokens of the rows that go on, one place further."""
        if len(kept) < len(newest):
            places = torch.tensor(kept, dtype=torch.long, device=newest.device)
            newest, self._mask = newest[places], self._mask[places]
            self._position_ids = self._position_ids[places]
            cache.batch_select_indices(places)
        self._cache = cache if kept else None
        self._input_ids = newest[:, None]
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(kept), 1)], dim=-1)
        self._position_ids = self._position_ids[:, -1:] + 1

    def _ending(self, row: int, token: int) -> Ending | None:
        """Why the answer ends with its newest token; None where it goes on."""
        written = self._written[row]
        if token in self._learner.end_ids:
            return Ending.END_OF_TEXT
        if cut_at_stop(self._decode(written[-STOP_TOKENS:]))[1] is not None:
            return Ending.STOP_STRING
        if len(written) >= self._max_tokens:
            return Ending.BUDGET
        if self._prompt_lengths[row] + len(written) >= self._context:
            return Ending.CONTEXT
        return None

    def _answer(self, row: int, ending: Ending) -> Answer:
        written = self._written[row]
        ids = written[:-1] if ending is Ending.END_OF_TEXT else written
        text, _ = cut_at_stop(self._decode(ids))
        return Answer(text, ending, len(written))

    def _decode(self, ids: list[int]) -> str:
        return str(self._learner.vocabulary.tokenizer.decode(ids, skip_special_tokens=False))


def last_logits_only(model: torch.nn.Module) -> dict[str, int]:
    """Asks for the last position's logits alone, where the model can: the others are not needed.

    For 32 prompts of 200 tokens and a vocabulary of 150,000 they would hold 3.8 GB in fp32.
    """
    takes_it = "logits_to_keep" in inspect.signature(model.forward).parameters
    return {"logits_to_keep": 1} if takes_it else {}
