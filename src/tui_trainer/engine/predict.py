"""A forward pass and what it predicts at each position."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from tui_trainer.engine.learner import Learner
from tui_trainer.engine.reports import Candidate, Position, Prediction

ROWS_AT_ONCE = 128  # softmax over 150,000 entries for 128 positions holds 77 MB in fp32


def predict(learner: Learner, text: str, top: int = 5) -> Prediction:
    """Run the model on `text` in eval mode (no dropout) and without a graph."""
    input_ids = learner.input_ids(text)
    learner.model.eval()
    with torch.no_grad(), learner.autocast():
        logits = learner.model(input_ids=input_ids, use_cache=False).logits
    return read_logits(learner, text, input_ids, logits, top)


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


def _read_rows(
    learner: Learner, ids: Tensor, rows: Tensor, expected: Tensor, *, top: int, first: int
) -> list[Position]:
    """`ids` [n], `rows` [n, vocabulary], `expected` [n] or [n - 1] at the end of the text."""
    log_p = F.log_softmax(rows.float(), dim=-1)
    p = log_p.exp()
    # A probability that underflowed to 0 adds nothing to the entropy
    entropy = torch.where(p > 0, -p * log_p, 0.0).sum(dim=-1).tolist()
    top_p, top_id = (values.tolist() for values in p.topk(min(top, p.shape[-1]), dim=-1))
    known = len(expected)
    expected_log_p = log_p[:known].gather(1, expected[:, None])[:, 0].tolist()
    expected_ids = expected.tolist()
    text_of = learner.vocabulary.text_of
    positions = []
    for n, token_id in enumerate(ids.tolist()):
        candidate = None
        if n < known:
            probability = math.exp(expected_log_p[n])
            candidate = Candidate(expected_ids[n], text_of(expected_ids[n]), probability)
        positions.append(
            Position(
                index=first + n,
                id=token_id,
                text=text_of(token_id),
                expected=candidate,
                loss=-expected_log_p[n] if n < known else None,
                entropy=entropy[n],
                top=tuple(
                    Candidate(i, text_of(i), q) for i, q in zip(top_id[n], top_p[n], strict=True)
                ),
            )
        )
    return positions
