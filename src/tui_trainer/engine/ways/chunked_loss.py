"""Cross entropy from the hidden states and the output matrix, without all logits at once.

For a row of 2,048 tokens and a vocabulary of 150,000 the logits are 1.2 GB in fp32, and plain
cross entropy holds three tensors of that size. Here they exist for a chunk of positions at a
time, and the gradient is made while they do, so that no logits are computed twice.
"""

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from transformers import PreTrainedModel

from tui_trainer.engine.models.model_report import embedding_rows
from tui_trainer.engine.ways.fp32_sums import product_adder

CHUNK_NUMBERS = 2**24
"""Logits of one chunk on a CPU: 64 MiB in fp32. Smaller ones read the output matrix more often."""
ACCELERATED_NUMBERS = 5 * 2**26
"""On an accelerator: 1.25 GiB, 2,048 positions of a vocabulary of 160,000. There a chunk reads and
writes the gradient of the matrix, which takes as long as the product of 1,024 positions does."""
ACCELERATED_POSITIONS = 1024, 2048
"""The fewest and the most of one chunk there: thin matrices have a part of the rate."""
FAR = 1000.0
"""A logit that any bend would change: models bend theirs at 15 to 50."""
SAME = 1e-3
"""How far the logits of the same hidden states may be off: they are made by the same operation."""


class ChunkedCrossEntropy(torch.autograd.Function):
    """What `chunked_losses` gives; the gradients are made in the forward pass and kept."""

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        labels: Tensor,
        labelled: Tensor,
        shares: Tensor,
    ) -> tuple[Tensor, Tensor]:
        losses = torch.zeros(labels.shape, device=hidden.device)
        hidden_grad = torch.zeros_like(hidden)
        # Summed over the chunks in fp32, whatever the precision of the matrix.
        weight_grad = torch.zeros_like(weight, dtype=torch.float32)
        bias_grad = None if bias is None else torch.zeros_like(bias, dtype=torch.float32)

        add_product = product_adder(weight.device, weight.dtype)

        # A position without a label has neither loss nor gradient.
        for rows in labelled.split(chunk_positions(weight.device, len(weight))):
            states = hidden[rows]
            logits = nn.functional.linear(states, weight, bias).float()  # [position, vocabulary]
            label = torch.arange(len(rows), device=rows.device), labels[rows]
            log_total = logits.logsumexp(dim=-1)
            losses[rows] = log_total - logits[label]
            # The gradient of the logits: p - onehot, times the position's share in the loss.
            grad = logits.sub_(log_total[:, None]).exp_()
            grad[label] -= 1
            grad = grad.mul_(shares[rows, None]).to(weight.dtype)
            hidden_grad[rows] = grad @ weight
            add_product(weight_grad, grad.t(), states)
            if bias_grad is not None:
                bias_grad += grad.sum(dim=0)

        # Not through save_for_backward: what is kept there is copied where it becomes a gradient.
        ctx.grads = [hidden_grad, weight_grad.to(weight.dtype), bias_grad]  # type: ignore[attr-defined]
        ctx.mark_non_differentiable(losses)
        return (losses * shares).sum(), losses

    @staticmethod
    def backward(ctx: FunctionCtx, loss_grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        grads: list[Tensor | None] = ctx.grads  # type: ignore[attr-defined]
        ctx.grads = ()  # type: ignore[attr-defined]
        if not grads:
            raise RuntimeError("The gradients of a chunked loss are there once: backward is over.")
        return *[None if grad is None else grad.mul_(loss_grad) for grad in grads], None, None, None


def chunk_positions(device: torch.device, vocabulary: int) -> int:
    """Of how many positions there are logits at a time: what the estimate of memory counts."""
    if device.type == "cpu":
        return max(1, CHUNK_NUMBERS // vocabulary)
    fewest, most = ACCELERATED_POSITIONS
    return max(fewest, min(most, ACCELERATED_NUMBERS // vocabulary))


def chunked_losses(
    hidden: Tensor, head: nn.Linear, labels: Tensor, labelled: Tensor, shares: Tensor
) -> tuple[Tensor, Tensor]:
    """The sum of -log p of each label times its share, and -log p of each, both in fp32.

    `hidden` [row, position, width] are the model's last hidden states, `head` makes logits of
    them; `labels` and `shares` are [row, position], `labelled` is as in a `MicroBatch`. The
    gradient goes through the sum alone.
    Without autocast the matrices are multiplied in their own precision.
    """
    kind = head.weight.dtype
    if torch.is_autocast_enabled(hidden.device.type):
        kind = torch.get_autocast_dtype(hidden.device.type)
    bias = None if head.bias is None else head.bias.to(kind)
    with torch.autocast(hidden.device.type, enabled=False):
        loss, losses = ChunkedCrossEntropy.apply(
            hidden.flatten(0, 1).to(kind),
            head.weight.to(kind),
            bias,
            labels.flatten(),
            labelled,
            shares.flatten(),
        )
    return loss, losses.view(labels.shape)


@torch.no_grad()
def is_plain_head(model: PreTrainedModel) -> bool:
    """Whether the logits are those of the output matrix alone, and so can be made in chunks.

    Found by looking: Gemma 2 bends them, Granite and Cohere scale them, and the next one may do
    something else that no list here would know. A bend is seen far from zero alone, so the hidden
    states are looked at as they are, and made so large that a logit is FAR.
    """
    head = model.get_output_embeddings()
    if not isinstance(head, nn.Linear):
        return False
    middle = embedding_rows(model) // 2
    ids = torch.tensor([[middle, middle + 1]], device=model.device)
    hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state
    largest = head(hidden).abs().max().item()
    return all(_is_plain(model, head, ids, hidden, scale) for scale in (1.0, FAR / largest))


def _is_plain(
    model: PreTrainedModel, head: nn.Linear, ids: Tensor, hidden: Tensor, scale: float
) -> bool:
    """Whether the head's input times `scale` gives the matrix's logits of `hidden` times that."""
    expected = nn.functional.linear(hidden * scale, head.weight, head.bias).float()
    hook = head.register_forward_pre_hook(lambda _, inputs: (inputs[0] * scale,))
    try:
        logits = model(input_ids=ids, use_cache=False).logits.float()
    finally:
        hook.remove()
    return bool((logits - expected).norm() <= SAME * expected.norm())
