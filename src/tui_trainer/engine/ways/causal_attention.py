"""Attention of rows of one text each, without a mask: nothing that comes after a token is seen.

For an attention that it knows transformers makes a mask where one is needed, and to find that out
it asks the device once in each forward pass: whether positions begin anew in a row, whether the
attention mask hides anything. On a GPU the host waits for the answer. A row that is filled up on
the right needs none: what fills it comes after every token that counts.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from transformers import AttentionInterface, PreTrainedModel

from tui_trainer.engine.ways.item_attention import attention_named

NAME = "tui_trainer_causal"
"""The same function as `sdpa`, by a name for which transformers makes no mask."""

AttentionInterface.register(NAME, AttentionInterface()["sdpa"])


@contextmanager
def attention_without_mask(model: PreTrainedModel) -> Iterator[None]:
    """Inside, the model attends to every token before each, and is to be given no mask."""
    with attention_named(model, NAME):
        yield
