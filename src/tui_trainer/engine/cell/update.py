"""The training cell: one update on one text."""

import time

import torch.nn.functional as F
from torch import Tensor

from tui_trainer.engine.cell.keeping import Keeping, keep_for_update
from tui_trainer.engine.change import Change
from tui_trainer.engine.generation.predict import predict, predict_anyhow, read_logits
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.models.layers import norms_by_layer
from tui_trainer.engine.random_numbers import get_rng
from tui_trainer.engine.weights import together
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import UPDATE
from tui_trainer.reports.updates import UpdateReport


def update(learner: Learner, text: str, top: int = 3) -> UpdateReport:
    """Run the training cell once and tell what it did; it can be undone.

    Raises InputError where `text` has fewer than two tokens, or the loss or a gradient is not
    finite. Whatever fails inside the cell, the weights stay as they were before it.
    """
    keeping = keep_for_update(learner, labelled_ids(learner, text).shape[1])
    report, change = reversible_update(learner, text, keeping, top)
    learner.history.add(change)
    return report


def reversible_update(
    learner: Learner, text: str, keeping: Keeping, top: int = 3
) -> tuple[UpdateReport, Change]:
    """As `update`, which keeps the change; here the caller has it, as far as it is known."""
    input_ids = labelled_ids(learner, text)
    history, model, optimizer = learner.history, learner.model, learner.setup.optimizer
    state_before = history.before_update(keeping=keeping.state)
    noisy = learner.setup.training and learner.setup.dropout.largest > 0
    before = predict(learner, text, top) if noisy else None

    with learner.restored_on_failure(
        optimizer, state_before.state, copying=keeping.weights
    ) as weights_before:
        started = time.perf_counter()
        model.train(learner.setup.training)
        with learner.autocast(), learner.setup.dropout.in_use():
            logits = model(input_ids=input_ids, use_cache=False).logits  # [1, position, vocabulary]
        loss = F.cross_entropy(logits[0, :-1].float(), input_ids[0, 1:])
        loss.backward()
        grad_norms = learner.weights.grad_norms()
        grad_norm = together(grad_norms)
        check_finite(loss, grad_norm)
        optimizer.step()
        optimizer.zero_grad()
        loss_before = loss.item()  # waits for the device
        seconds = time.perf_counter() - started

        # Without dropout the cell's own logits are the prediction: no second forward pass.
        before = before or read_logits(learner, text, input_ids, logits.detach(), top)
        after = predict_anyhow(learner, text, top)

    moved = learner.weights.turn_into_difference(weights_before) if keeping.weights else None
    actions = (*history.pending, learner.action(UPDATE, text))
    rng_after = get_rng(learner.device)
    report = UpdateReport(
        update=learner.updates + 1,
        text=text,
        loss=loss_before,
        grad_norm=grad_norm.item(),
        gradients=norms_by_layer(learner.weights, grad_norms),
        lr=learner.setup.lr,
        optimizer=learner.setup.optimizer_name,
        training=learner.setup.training,
        dropout=learner.setup.dropout.largest,
        moved=moved,
        parameters=learner.report.parameters,
        before=before,
        after=after,
        seconds=seconds,
        note=keeping.note,
    )
    return report, Change(state_before, weights_before, rng_after, actions)


def labelled_ids(learner: Learner, text: str) -> Tensor:
    """The IDs of `text` [1, position]; InputError where no token has a label, the next token."""
    input_ids = learner.input_ids(text)
    if input_ids.shape[1] < 2:
        raise InputError(
            "One token has no label, since its label is the token after it: type a second one."
        )
    return input_ids


def check_finite(loss: Tensor, grad_norm: Tensor) -> None:
    """InputError where an update would spoil every weight. Waits for the device."""
    if not loss.isfinite() or not grad_norm.isfinite():
        what = f"the loss is {loss.item()}" if not loss.isfinite() else "a gradient is not finite"
        raise InputError(
            f"No update is made: {what}, and so would be every weight. The weights have diverged: "
            "undo updates (u), or press R for the loaded weights, and lower the learning rate."
        )
