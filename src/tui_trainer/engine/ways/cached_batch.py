"""Several texts that grow together: one forward pass gives each its next token's logits."""

import inspect
from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import Cache, PreTrainedModel

from tui_trainer.engine.ways.preallocated_cache import preallocate


class CachedBatch:
    """Texts padded on the left, so that the next token of each is at the same place, with the
    keys and values of what was read before.

    Where it gives what each text gives alone is for `model_checks` to say: models differ. The
    weights must not change between two passes, since the cache is of those before.
    """

    def __init__(self, model: PreTrainedModel, texts: Sequence[Sequence[int]], pad_id: int) -> None:
        self._model = model
        width = max(map(len, texts), default=0)
        rows = [[pad_id] * (width - len(text)) + list(text) for text in texts]
        mask = [[0] * (width - len(text)) + [1] * len(text) for text in texts]
        # All three are [row, position]; the mask covers what is in the cache too.
        self._input_ids = torch.tensor(rows, dtype=torch.long, device=model.device)
        self._mask = torch.tensor(mask, dtype=torch.long, device=model.device)
        # Counted from each text's first token, whatever the padding before it.
        self._position_ids = (self._mask.cumsum(dim=-1) - 1).clamp(min=0)
        self._cache: Cache | None = None

    @torch.no_grad()
    def next_logits(self) -> Tensor:
        """The logits after the last token of each text: [row, vocabulary]."""
        output = self._model(
            input_ids=self._input_ids,
            attention_mask=self._mask,
            position_ids=self._position_ids,
            past_key_values=self._cache,
            use_cache=True,
            **last_logits_only(self._model),
        )
        if self._cache is None:
            preallocate(output.past_key_values)
        self._cache = output.past_key_values
        logits: Tensor = output.logits[:, -1]
        return logits

    def append(self, newest: Tensor, kept: Sequence[int]) -> None:
        """Go on with the rows in `kept` alone, each longer by its token of `newest` [row]."""
        if len(kept) < len(newest):
            places = torch.tensor(kept, dtype=torch.long, device=newest.device)
            newest, self._mask = newest[places], self._mask[places]
            self._position_ids = self._position_ids[places]
            if self._cache is not None:
                self._cache.batch_select_indices(places)
        self._input_ids = newest[:, None]
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(kept), 1)], dim=-1)
        self._position_ids = self._position_ids[:, -1:] + 1


def last_logits_only(model: torch.nn.Module) -> dict[str, int]:
    """Asks for the last position's logits alone, where the model can: the others are not needed.

    For 32 prompts of 200 tokens and a vocabulary of 150,000 they would hold 3.8 GB in fp32.
    """
    takes_it = "logits_to_keep" in inspect.signature(model.forward).parameters
    return {"logits_to_keep": 1} if takes_it else {}
