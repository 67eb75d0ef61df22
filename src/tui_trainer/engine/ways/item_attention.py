"""Attention that stays inside each item of a packed row, without a mask.

With a mask of [position, position] a row of 2,048 tokens costs what one item of 2,048 would: for
eleven items of 190 tokens, eleven times the attention. Here each item attends on its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel

from tui_trainer.engine.data.item_lengths import ItemLengths
from tui_trainer.engine.ways.varlen_kernel import VarlenKernel

NAME = "tui_trainer_items"
"""As transformers knows it, which makes no mask for a name without a mask function."""
NAME_OF_KERNEL = "tui_trainer_items_kernel"


def attend_within_items(
    _module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    _mask: Tensor | None,
    *,
    items: ItemLengths,
    kernel: VarlenKernel | None = None,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_others: object,
) -> tuple[Tensor, None]:
    """Causal attention of each item; `query`, `key` and `value` are [row, head, position, width].

    By the `kernel`, where there is one and it takes them, else one item after the other. Gives
    [row, position, head, width], as transformers wants it. Raises NotImplementedError where the
    model wants what this has not.
    """
    if softcap is not None:
        raise NotImplementedError("Attention scores that are capped need the eager attention.")
    rows, positions = query.shape[0], query.shape[2]
    kind = _computed_in(value)
    query, key, value = query.to(kind), key.to(kind), value.to(kind)
    if kernel is not None and not dropout and kernel.takes(query, key, value, sliding_window):
        q, k, v = (tensor.transpose(1, 2).flatten(0, 1) for tensor in (query, key, value))
        attended = kernel(q, k, v, items.ends, positions, scaling, sliding_window)
    else:
        q, k, v = (tensor.transpose(0, 1).flatten(1, 2) for tensor in (query, key, value))
        attended = _attend_one_by_one(q, k, v, items, dropout, scaling, sliding_window)
    return attended.reshape(rows, positions, *attended.shape[1:]), None


def _computed_in(value: Tensor) -> torch.dtype:
    """A kernel takes one type: under autocast positions are turned in fp32, and it is of bf16."""
    device = value.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else value.dtype


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


@cache
def _by(kernel: VarlenKernel) -> Callable[..., tuple[Tensor, None]]:
    """One function for each, or the compiler would begin anew."""
    return partial(attend_within_items, kernel=kernel)


@contextmanager
def attention_within_items(model: PreTrainedModel, kernel: VarlenKernel | None) -> Iterator[None]:
    """Inside, the model attends within the items that are passed to it as `items`."""
    if kernel is not None:
        AttentionInterface.register(NAME_OF_KERNEL, _by(kernel))
    with attention_named(model, NAME if kernel is None else NAME_OF_KERNEL):
        yield


@contextmanager
def attention_named(model: PreTrainedModel, name: str) -> Iterator[None]:
    """Inside, the model attends as `name` says, where it can be told.

    `set_attn_implementation` goes through all modules: 1 ms with 28 blocks, in each forward pass.
    """
    config, before = model.config, model.config._attn_implementation
    if model._can_set_attn_implementation():
        config._attn_implementation = name
    try:
        yield
    finally:
        config._attn_implementation = before
