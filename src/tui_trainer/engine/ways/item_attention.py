"""Attention that stays inside each item of a packed row, without a mask.

With a mask of [position, position] a row of 2,048 tokens costs what one item of 2,048 would: for
eleven items of 190 tokens, eleven times the attention. Here each item attends on its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel

from tui_trainer.engine.data.item_lengths import ItemLengths

NAME = "tui_trainer_items"
"""As transformers knows it, which makes no mask for a name without a mask function."""


def attend_within_items(
    _module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    _mask: Tensor | None,
    *,
    items: ItemLengths,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_others: object,
) -> tuple[Tensor, None]:
    """Causal attention of each item; `query`, `key` and `value` are [row, head, position, width].

    Gives [row, position, head, width], as transformers wants it. Raises NotImplementedError
    where the model wants what this has not.
    """
    if softcap is not None:
        raise NotImplementedError("Attention scores that are capped need the eager attention.")
    rows, positions = query.shape[0], query.shape[2]
    # Under autocast positions are turned in fp32, and the values come in bf16: a kernel takes one.
    query, key = query.to(value.dtype), key.to(value.dtype)
    q, k, v = (tensor.transpose(0, 1).flatten(1, 2) for tensor in (query, key, value))
    if has_kernel(query) and not dropout and sliding_window is None:
        attended = _attend_by_kernel(q, k, v, items, positions, scaling)
    else:
        attended = _attend_one_by_one(q, k, v, items, dropout, scaling, sliding_window)
    return attended.reshape(rows, positions, *attended.shape[1:]), None


def has_kernel(query: Tensor) -> bool:
    """Whether one kernel attends to all items: flash attention, which takes no fp32."""
    return query.is_cuda and query.dtype != torch.float32 and torch.__version__ >= "2.13"


def _attend_by_kernel(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    items: ItemLengths,
    longest: int,
    scaling: float | None,
) -> Tensor:
    """[head, token, width] to [token, head, width], on CUDA."""
    from torch.nn.attention.varlen import varlen_attn  # noqa: PLC0415  # older torch lacks it

    attended = varlen_attn(
        query.transpose(0, 1),
        key.transpose(0, 1),
        value.transpose(0, 1),
        items.ends,
        items.ends,
        longest,
        longest,
        scale=scaling,
        window_size=(-1, 0),  # each token sees those before it
        enable_gqa=len(query) > len(key),
    )
    assert isinstance(attended, Tensor)  # without return_aux it is nothing else
    return attended


# The compiler would begin anew for each row, since other items are in it.
@torch.compiler.disable  # type: ignore[untyped-decorator]  # torch does not say what it gives
def _attend_one_by_one(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    items: ItemLengths,
    dropout: float,
    scaling: float | None,
    sliding_window: int | None,
) -> Tensor:
    """[head, token, width] to [token, head, width], one call an item.

    One split for all, whose backward pass is one concatenation: that of a slice would fill a
    tensor as large as the whole for each item.
    """
    parts = [tensor[None].split(items.lengths, dim=2) for tensor in (query, key, value)]
    attended = []
    for q, k, v in zip(*parts, strict=True):
        mask = _window(q, sliding_window)
        attended.append(
            F.scaled_dot_product_attention(
                *(q, k, v, mask, dropout, mask is None),
                scale=scaling,
                enable_gqa=len(query) > len(key),
            )
        )
    return torch.cat(attended, dim=2)[0].transpose(0, 1)


def _window(query: Tensor, width: int | None) -> Tensor | None:
    """Which keys each position of an item sees, where not all before it: [position, position]."""
    length = query.shape[2]
    if width is None or length <= width:
        return None
    behind = torch.arange(length, device=query.device)
    behind = behind[:, None] - behind
    return (behind >= 0) & (behind < width)


AttentionInterface.register(NAME, attend_within_items)


@contextmanager
def attention_within_items(model: PreTrainedModel) -> Iterator[None]:
    """Inside, the model attends within the items that are passed to it as `items`."""
    before = model.config._attn_implementation
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)
