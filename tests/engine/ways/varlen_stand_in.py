"""What `varlen_attn` computes, on a CPU: an operation that the compiler does not look into."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx


def _by_item(
    ends: Tensor, window: int, scale: float | None, *tensors: Tensor
) -> Iterator[tuple[list[Tensor], Tensor]]:
    """Of each item the tensors, [head, token, width] in fp32, and the probabilities of its keys.

    The first two tensors are query and key; a `window` of -1 is all before a token. A head of
    keys and values stands beside each of its queries.
    """
    heads = tensors[0].shape[1]
    for parts in zip(*(each.split(ends.diff().tolist()) for each in tensors), strict=True):
        item = [
            each.float().repeat_interleave(heads // each.shape[1], dim=1).transpose(0, 1)
            for each in parts
        ]
        behind = torch.arange(len(parts[0]))[:, None] - torch.arange(len(parts[0]))
        seen = (behind >= 0) & ((behind <= window) | (window < 0))
        scores = item[0] @ item[1].mT * (scale or item[0].shape[-1] ** -0.5)
        yield item, scores.masked_fill(~seen, -torch.inf).softmax(-1)


def _joined(items: list[Tensor], like: Tensor) -> Tensor:
    """[head, token, width] of each item as one tensor like `like`: [token, head, width]."""
    tokens = torch.cat(items, dim=1).transpose(0, 1)
    grouped = tokens.unflatten(1, (like.shape[1], -1)).sum(2)
    return grouped.to(like.dtype).contiguous()


@torch.library.custom_op("tui_trainer_tests::varlen", mutates_args=())
def _varlen(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    ends: Tensor,
    longest: int,
    scale: float | None,
    window: int,
) -> Tensor:
    if not (query.dtype == key.dtype == value.dtype == torch.bfloat16):
        raise RuntimeError("FlashAttention only support fp16 and bf16 data type")
    assert int(ends.diff().max()) <= longest
    assert int(ends[-1]) == len(query)
    items = _by_item(ends, window, scale, query, key, value)
    return _joined([p.bfloat16().float() @ v for (_, _, v), p in items], query)


@torch.library.custom_op("tui_trainer_tests::varlen_backward", mutates_args=())
def _varlen_backward(
    grad: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    ends: Tensor,
    scale: float | None,
    window: int,
) -> tuple[Tensor, Tensor, Tensor]:
    factor = scale or query.shape[-1] ** -0.5
    found: tuple[list[Tensor], ...] = [], [], []
    for (q, k, v, g), p in _by_item(ends, window, scale, query, key, value, grad):
        p_grad = g @ v.mT
        score_grad = p * (p_grad - (p * p_grad).sum(-1, keepdim=True)) * factor
        for grads, one in zip(found, (score_grad @ k, score_grad.mT @ q, p.mT @ g), strict=True):
            grads.append(one)
    return _joined(found[0], query), _joined(found[1], key), _joined(found[2], value)


@_varlen.register_fake
def _(query: Tensor, *_: object) -> Tensor:
    return torch.empty_like(query, memory_format=torch.contiguous_format)


@_varlen_backward.register_fake
def _(
    _grad: Tensor, query: Tensor, key: Tensor, value: Tensor, *_: object
) -> tuple[Tensor, Tensor, Tensor]:
    q, k, v = (
        torch.empty_like(each, memory_format=torch.contiguous_format)
        for each in (query, key, value)
    )
    return q, k, v


def _keep(ctx: FunctionCtx, inputs: tuple[object, ...], output: object) -> None:
    del output
    *tensors, _longest, scale, window = inputs
    ctx.save_for_backward(*tensors)  # type: ignore[arg-type]
    ctx.options = scale, window  # type: ignore[attr-defined]


def _go_back(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor | None, ...]:
    found = torch.ops.tui_trainer_tests.varlen_backward(
        grad,
        *ctx.saved_tensors,  # type: ignore[attr-defined]
        *ctx.options,  # type: ignore[attr-defined]
    )
    return (*found, None, None, None, None)


_varlen.register_autograd(_go_back, setup_context=_keep)


def of_torch_2_13(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cu_seq_q: Tensor,
    cu_seq_k: Tensor,
    max_q: int,
    max_k: int,
    *,
    scale: float | None = None,
    window_size: tuple[int, int] = (-1, -1),
    enable_gqa: bool = False,
) -> Tensor:
    if query.size(1) != key.size(1) and not enable_gqa:
        raise ValueError("Expect query and key/value to have the same number of heads")
    assert window_size[1] == 0
    assert max_q == max_k
    assert cu_seq_q is cu_seq_k
    found: Tensor = torch.ops.tui_trainer_tests.varlen(
        query, key, value, cu_seq_q, max_q, scale, window_size[0]
    )
    return found


def of_torch_2_11(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cu_seq_q: Tensor,
    cu_seq_k: Tensor,
    max_q: int,
    max_k: int,
    *,
    scale: float | None = None,
    window_size: tuple[int, int] = (-1, -1),
) -> Tensor:
    ends = cu_seq_q, cu_seq_k
    return of_torch_2_13(
        query, key, value, *ends, max_q, max_k, scale=scale, window_size=window_size
    )


def of_torch_2_10(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cu_seq_q: Tensor,
    cu_seq_k: Tensor,
    max_q: int,
    max_k: int,
    is_causal: bool = False,
) -> Tensor:
    assert is_causal
    return of_torch_2_11(query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, window_size=(-1, 0))


OF_EVERY_TORCH: tuple[Callable[..., Tensor], ...] = (of_torch_2_10, of_torch_2_11, of_torch_2_13)


def leaking(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cu_seq_q: Tensor,
    cu_seq_k: Tensor,
    max_q: int,
    max_k: int,
    *,
    scale: float | None = None,
    window_size: tuple[int, int] = (-1, -1),
    enable_gqa: bool = False,
) -> Tensor:
    """A kernel that pays no heed to where an item ends."""
    del cu_seq_k, max_q, max_k
    ends = cu_seq_q[[0, -1]]
    found: Tensor = torch.ops.tui_trainer_tests.varlen(
        query, key, value, ends, len(query), scale, window_size[0]
    )
    return found


def old_card(*_: object, scale: float | None = None, window_size: object = None) -> Tensor:
    raise RuntimeError("FlashAttention only supports Ampere GPUs or newer.\nMore of it.")
