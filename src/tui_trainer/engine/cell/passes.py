"""What train and eval mode do: the same text through the same weights, twice in each."""

import torch

from tui_trainer.engine.generation.predict import read_logits
from tui_trainer.engine.generation.room import check_room
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.random_numbers import get_rng, set_rng
from tui_trainer.reports.predictions import PassesReport, Prediction


def passes(learner: Learner, text: str) -> PassesReport:
    """Two passes in train mode, which differ where dropout draws, and two in eval mode.

    Afterwards the random numbers are those of before, so that what is trained later stays the
    same. Raises InputError where the text is empty or too long.
    """
    rng = get_rng(learner.device)
    try:
        return PassesReport(
            train=(_run(learner, text, True), _run(learner, text, True)),
            eval=(_run(learner, text, False), _run(learner, text, False)),
            dropout=learner.setup.dropout.largest,
            dropped=learner.setup.dropout.words,
        )
    finally:
        learner.model.eval()
        set_rng(learner.device, rng)


@torch.no_grad()
def _run(learner: Learner, text: str, training: bool) -> Prediction:
    input_ids = learner.input_ids(text)
    check_room(learner, input_ids.shape[1])
    learner.model.train(training)
    with learner.autocast(), learner.setup.dropout.in_use():
        logits = learner.model(input_ids=input_ids, use_cache=False).logits
    return read_logits(learner, text, input_ids, logits, top=1)
