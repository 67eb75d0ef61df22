"""Cross entropy on one row of logits, with everything on the way to it."""

import torch
import torch.nn.functional as F
from torch import Tensor

from tui_trainer.reports.labelled_logits import CrossEntropyReport, LabelledLogits


def cross_entropy(question: LabelledLogits) -> CrossEntropyReport:
    """The loss of one prediction and its gradient, on the CPU in fp32."""
    logits = torch.tensor(question.logits, dtype=torch.float32, requires_grad=True)  # [class]
    label = torch.tensor(question.label)  # a class index, not a row of zeros with a one

    loss = F.cross_entropy(logits, label)
    loss.backward()

    rows = logits.detach()
    p = F.softmax(rows, dim=-1)
    onehot = F.one_hot(label, len(rows))
    assert logits.grad is not None
    return CrossEntropyReport(
        question=question,
        probabilities=plain(p),
        probability_sum=p.sum().item(),
        log_probabilities=plain(F.log_softmax(rows, dim=-1)),
        loss=without_sign(loss.item()),
        log_sum_exp=rows.logsumexp(dim=-1).item(),
        perplexity=loss.detach().double().exp().item(),
        p_minus_onehot=plain(p - onehot),
        gradient=plain(logits.grad),
        gradient_sum=logits.grad.sum().item(),
    )


def plain(values: Tensor) -> tuple[float, ...]:
    return tuple(without_sign(value) for value in values.tolist())


def without_sign(value: float) -> float:
    """`value`, and 0.0 for -0.0: torch negates a log of 1, and a loss of -0 reads as a fault."""
    return value + 0.0
