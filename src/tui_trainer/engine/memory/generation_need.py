"""What generating takes of memory: the prompts' pass, then the keys and values of all tokens."""

from functools import partial

import torch
from transformers import PreTrainedModel

from tui_trainer.engine.memory.dry_model import DryModel
from tui_trainer.engine.memory.live_bytes import LiveBytes
from tui_trainer.engine.ways.cached_batch import CachedBatch


def generation_need(dry: DryModel, rows: int, prompt: int, longest: int) -> int:
    """Bytes beside the weights for `rows` texts at once that grow from `prompt` tokens to
    `longest`, with a cache."""
    read = ("prompts", rows, prompt), lambda model, _: grow(model, rows, prompt)
    write = ("last token", rows, longest), partial(last_token, rows=rows, longest=longest)
    return max(dry.forward(*read, rows * prompt), dry.forward(*write, rows * longest))


def grow(model: PreTrainedModel, rows: int, length: int) -> CachedBatch:
    """Texts of so many tokens that were read."""
    batch = CachedBatch(model, [[0] * length] * rows, 0)
    batch.next_logits()
    return batch


def last_token(model: PreTrainedModel, live: LiveBytes, rows: int, longest: int) -> None:
    """The newest of texts that are then `longest` tokens: what was before it does not count."""
    batch = grow(model, rows, longest - 1)
    live.begin_again()
    batch.append(torch.zeros(rows, dtype=torch.long), list(range(rows)))
    batch.next_logits()


def one_pass_need(dry: DryModel, tokens: int) -> int:
    """Bytes beside the weights of a forward pass over one text, with the logits of each token."""

    def read(model: PreTrainedModel, _live: LiveBytes) -> object:
        return model(input_ids=dry.ids(1, tokens), use_cache=False).logits.float()

    return dry.forward(("pass", tokens), read, tokens)
