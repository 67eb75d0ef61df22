"""A forward pass and what it predicts at each position."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.finite import NotNumbersError
from tui_trainer.engine.generation.room import check_room
from tui_trainer.engine.learner import Learner
from tui_trainer.reports.predictions import Candidate, Position, Prediction

ROWS_AT_ONCE = 128  # softmax over 150,000 entries for 128 positions holds 77 MB in fp32


def predict(learner: Learner, text: str, top: int = 5) -> Prediction:
    """Run the model on `text` in eval mode (no dropout) and without a graph.

    Raises NotNumbersError where the logits are not numbers: nothing that is read from them is so.
    """
    prediction = predict_anyhow(learner, text, top)
    if any(math.isnan(position.p_sum) for position in prediction.positions):
        raise NotNumbersError
    return prediction


def predict_anyhow(learner: Learner, text: str, top: int = 5) -> Prediction:
    """As `predict`, but where the logits are not numbers their figures are NaN."""
    input_ids = learner.input_ids(text)
    return read_logits(learner, text, input_ids, forward(learner, input_ids), top)


def forward(learner: Learner, input_ids: Tensor) -> Tensor:
    """The logits [1, position, vocabulary] of `input_ids` [1, position], without dropout."""
    check_room(learner, input_ids.shape[1])
    learner.model.eval()
    with torch.no_grad(), learner.autocast():
        logits: Tensor = learner.model(input_ids=input_ids, use_cache=False).logits
    return logits


@torch.no_grad()
def read_logits(
    learner: Learner, text: str, input_ids: Tensor, logits: Tensor, top: int = 5
) -> Prediction:
    """What `logits` [1, position, vocabulary] say about `input_ids` [1, position]."""
    rows = logits[0]
    expected = input_ids[0, 1:]
    positions: list[Position] = []
    for start in range(0, len(rows), ROWS_AT_ONCE):
        chunk = slice(start, start + ROWS_AT_ONCE)
        labels = expected[chunk]
        positions += _read_rows(
            learner, input_ids[0, chunk], rows[chunk], labels, top=top, first=start
        )
    losses = [position.loss for position in positions if position.loss is not None]
    batch, length, vocabulary = logits.shape
    return Prediction(
        text=text,
        shape=(batch, length),
        logits_shape=(batch, length, vocabulary),
        loss=sum(losses) / len(losses) if losses else None,
        positions=tuple(positions),
    )


@torch.no_grad()
def read_position(
    learner: Learner, input_ids: Tensor, logits: Tensor, index: int, top: int
) -> Position:
    """What `logits` [1, position, vocabulary] say at one position, as `read_logits` does."""
    here = slice(index, index + 1)
    expected = input_ids[0, index + 1 : index + 2]
    (position,) = _read_rows(
        learner, input_ids[0, here], logits[0, here], expected, top=top, first=index
    )
    return position


def _read_rows(
    learner: Learner, ids: Tensor, rows: Tensor, expected: Tensor, *, top: int, first: int
) -> list[Position]:
    """`ids` [n], `rows` [n, vocabulary], `expected` [n] or [n - 1] at the end of the text."""
    rows = rows.float()
    log_p = F.log_softmax(rows, dim=-1)
    p = log_p.exp()
    # A probability that underflowed to 0 adds nothing to the entropy
    entropy = torch.where(p > 0, -p * log_p, 0.0).sum(dim=-1).tolist()
    p_sum = p.sum(dim=-1, dtype=accelerator(p.device).widest).tolist()
    best = p.topk(min(top, p.shape[-1]), dim=-1)
    top_p, top_id = best.values.tolist(), best.indices.tolist()
    top_logit = rows.gather(1, best.indices).tolist()
    rank, log_p_of_expected, logit_of_expected = _read_expected(rows, log_p, expected)
    text_of = learner.vocabulary.text_of
    expected_ids = expected.tolist()
    positions = []
    for n, token_id in enumerate(ids.tolist()):
        known = n < len(expected_ids)
        candidate = None
        if known:
            token, p_of_expected = expected_ids[n], math.exp(log_p_of_expected[n])
            candidate = Candidate(token, text_of(token), p_of_expected, logit_of_expected[n])
        positions.append(
            Position(
                index=first + n,
                id=token_id,
                text=text_of(token_id),
                expected=candidate,
                loss=-log_p_of_expected[n] if known else None,
                entropy=entropy[n],
                top=tuple(
                    Candidate(i, text_of(i), q, logit)
                    for i, q, logit in zip(top_id[n], top_p[n], top_logit[n], strict=True)
                ),
                expected_rank=rank[n] if known else None,
                p_sum=p_sum[n],
            )
        )
    return positions


def _read_expected(
    rows: Tensor, log_p: Tensor, expected: Tensor
) -> tuple[list[int], list[float], list[float]]:
    """Rank, log p and logit of `expected` [n] in `rows` and `log_p` [n or more, vocabulary]."""
    rows, column = rows[: len(expected)], expected[:, None]
    logits = rows.gather(1, column)
    ranks = 1 + (rows > logits).sum(dim=-1)
    log_p_of_expected = log_p[: len(expected)].gather(1, column)[:, 0]
    return ranks.tolist(), log_p_of_expected.tolist(), logits[:, 0].tolist()
