"""The training cell taken apart: forward, loss, backward, optimizer.step, zero_grad."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from tui_trainer.engine.cell.keeping import check_room_for_passes, keep_for_step
from tui_trainer.engine.cell.update import labelled_ids
from tui_trainer.engine.change import Change
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.models.layers import layers_of, norm
from tui_trainer.engine.random_numbers import get_rng
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import Action
from tui_trainer.reports.phases import (
    BACKWARD,
    FORWARD,
    LOSS,
    PHASES,
    STEP,
    ZERO_GRAD,
    NamedNorm,
    PhaseReport,
)
from tui_trainer.words.numbers import learning_rate, nats


class TrainingCell:
    """Runs one phase at a time, in any order that PyTorch can run them in.

    What a phase makes stays until another takes its place, as in a notebook whose cell was cut
    in five: the gradients in the model, the logits and the loss with their graph here.
    """

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._ran: str | None = None
        self._words = "Nothing has run yet: forward is the first."
        self._last_loss: tuple[str, int, float] | None = None
        self._seen = learner.weights.version
        self._forget()

    def _forget(self) -> None:
        """Let go of the logits and the loss, and so of the graph."""
        self._text: str | None = None
        self._input_ids: Tensor | None = None
        self._logits: Tensor | None = None
        self._loss: Tensor | None = None
        self._graph = False
        self._weights = 0  # their version at the forward pass
        self._moved: int | None = None

    def drop(self) -> None:
        """Forget it all, gradients too."""
        if self._has_gradients:
            self._learner.history.add_phase(Action(ZERO_GRAD))
        self._learner.weights.zero_grad()
        self._start_again()

    def _start_again(self) -> None:
        self._forget()
        self._ran = None
        self._words = "The weights are no longer those of these phases: begin with forward."

    def _notice_other_changes(self) -> None:
        """Where something else has changed the weights, what was made of them is out of date."""
        if self._seen != self._learner.weights.version:
            self._seen = self._learner.weights.version
            self._start_again()

    def run(self, phase: str | None, text: str) -> PhaseReport:
        """Run `phase`, where None the next; forward reads `text`, the others what there is.

        Raises InputError, a sentence, where there is nothing for the phase to work on. A failure
        leaves the weights as they were, and drops the gradients and the graph.
        """
        phases: dict[str, Callable[[str], str]] = {
            FORWARD: self._forward,
            LOSS: self._compute_loss,
            BACKWARD: self._backward,
            STEP: self._step,
            ZERO_GRAD: self._zero_grad,
        }
        self._notice_other_changes()
        phase = phase or self._next()
        if phase not in phases:
            raise InputError(f"Phase {phase!r} is not known: use {', '.join(PHASES)}.")
        try:
            rng = get_rng(self._learner.device)
            self._words = phases[phase](text)
        except InputError:
            raise
        except BaseException:
            self._start_again()
            raise
        finally:
            self._seen = self._learner.weights.version
        if phase != STEP:  # the history has that one with its change
            self._learner.history.add_phase(self._learner.action(phase, text), rng)
        self._ran = phase
        return self.report()

    def report(self) -> PhaseReport:
        """What there is now."""
        self._notice_other_changes()
        learner = self._learner
        gradients = self._gradient_norms()
        return PhaseReport(
            phase=self._ran,
            next=self._next(),
            words=self._words,
            text=self._text,
            logits_shape=None if self._logits is None else _three(self._logits.shape),
            graph=self._count_operations(),
            loss=None if self._loss is None else self._loss.item(),
            grad_norm=learner.weights.grad_norm().item() if gradients else None,
            gradients=gradients,
            moved=self._moved,
            parameters=learner.report.parameters,
            moments=self._moment_norms(),
            update=learner.updates,
        )

    # The phases

    def _forward(self, text: str) -> str:
        learner = self._learner
        input_ids = labelled_ids(learner, text)
        check_room_for_passes(learner, input_ids.shape[1])
        with learner.restored_on_failure(learner.setup.optimizer, copying=False):
            learner.model.train(learner.setup.training)
            with learner.autocast(), learner.setup.dropout.in_use():
                logits = learner.model(input_ids=input_ids, use_cache=False).logits
        self._forget()
        self._text, self._input_ids, self._logits = text, input_ids, logits
        self._graph, self._weights = True, learner.weights.version
        words = (
            f"The model read {input_ids.shape[1]} tokens and gave each position a logit for every "
            "entry of the vocabulary; autograd kept the graph of it."
        )
        return words + (" The gradients there are stay." if self._has_gradients else "")

    def _compute_loss(self, _text: str) -> str:
        if self._logits is None or self._input_ids is None:
            raise InputError("There are no logits to compare with the labels: run forward first.")
        if not self._graph:
            raise InputError(
                "backward has freed the graph of these logits, so their loss would have no "
                "gradient: run forward again."
            )
        self._loss = F.cross_entropy(self._logits[0, :-1].float(), self._input_ids[0, 1:])
        return self._compare_loss(self._loss.item())

    def _backward(self, _text: str) -> str:
        learner = self._learner
        if self._loss is None:
            raise InputError("There is no loss to go back from: run forward and loss first.")
        if not self._graph:
            raise InputError(
                "backward has gone through this graph and freed it: run forward and loss again; "
                "without optimizer.step the loss will be the same."
            )
        if self._weights != learner.weights.version:
            raise InputError(
                "The weights have changed since forward, and the graph is of the weights before: "
                "run forward and loss again."
            )
        before = learner.weights.grad_norm().item() if self._has_gradients else None
        with learner.restored_on_failure(learner.setup.optimizer, copying=False):
            self._loss.backward()
        self._graph = False
        if before is None:
            return "Every weight has a gradient now; the weights are the same as before."
        after = learner.weights.grad_norm().item()
        return (
            "These gradients were added to those that were there, since zero_grad was skipped: "
            f"norm {before:.4g} → {after:.4g}."
        )

    def _step(self, _text: str) -> str:
        learner = self._learner
        if not self._has_gradients:
            self._moved = 0
            return (
                f"No weight has a gradient, so {learner.setup.optimizer_name} skips them all and "
                "nothing changes: run backward first."
            )
        if not learner.weights.grad_norm().isfinite():
            raise InputError(
                "The gradients are not finite, and so would be every weight: run zero_grad, then "
                "undo updates (u) or press R for the loaded weights."
            )
        again = self._ran == STEP
        keeping, optimizer = keep_for_step(learner), learner.setup.optimizer
        before = learner.history.before_update(keeping=keeping.state)
        with learner.restored_on_failure(
            optimizer, before.state, copying=keeping.weights
        ) as weights_before:
            optimizer.step()
        self._moved = (
            learner.weights.turn_into_difference(weights_before) if weights_before else None
        )
        actions = (*learner.history.pending, learner.action(STEP))
        learner.history.add(Change(before, weights_before, get_rng(learner.device), actions))
        lr = learning_rate(learner.setup.lr)
        words = f"Each weight moved a little against its gradient, at lr {lr}."
        if again:
            words = "The same gradients once more, though they belong to the weights before."
        words += " The gradients stay until zero_grad."
        return f"{words} {keeping.note}" if keeping.note else words

    def _zero_grad(self, _text: str) -> str:
        had = self._has_gradients
        self._learner.setup.optimizer.zero_grad()
        if had:
            return "The gradients are gone (None): the next backward starts from nothing."
        return "There were no gradients to clear."

    # What there is

    def _next(self) -> str:
        if self._ran is None:
            return FORWARD
        return PHASES[(PHASES.index(self._ran) + 1) % len(PHASES)]

    @property
    def _has_gradients(self) -> bool:
        return self._learner.weights.have_gradients

    def _compare_loss(self, loss: float) -> str:
        """What is to be said about a loss, and about the one before it on the same weights."""
        key = self._text or "", self._weights
        last, self._last_loss = self._last_loss, (*key, loss)
        words = "The mean of -log p of the tokens that really come next."
        if last is None or last[:2] != key:
            return words
        if last[2] == loss:
            return f"{words} It is the same as before: nothing has changed the weights."
        return (
            f"{words} It is not {nats(last[2])} as before, though no weight has changed: dropout "
            "drew other units."
        )

    def _gradient_norms(self) -> tuple[NamedNorm, ...]:
        if not self._has_gradients:
            return ()
        return tuple(
            NamedNorm(layer.name, norm([p.grad for p in layer.parameters if p.grad is not None]))
            for layer in layers_of(self._learner.weights)
        )

    def _moment_norms(self) -> tuple[NamedNorm, ...]:
        """Of what the optimizer keeps for each weight; its count of steps is no moment."""
        kinds: dict[str, list[Tensor]] = {}
        for state in self._learner.setup.optimizer.state.values():
            for name, value in state.items():
                if isinstance(value, Tensor) and value.dim() > 0:
                    kinds.setdefault(name, []).append(value)
        return tuple(NamedNorm(name, norm(values)) for name, values in kinds.items())

    def _count_operations(self) -> int:
        end = self._loss if self._loss is not None else self._logits
        if end is None or not self._graph:
            return 0
        seen, waiting = set(), [end.grad_fn]
        while waiting:
            operation = waiting.pop()
            if operation is not None and operation not in seen:
                seen.add(operation)
                waiting += [function for function, _ in operation.next_functions]
        return len(seen)


def _three(shape: torch.Size) -> tuple[int, int, int]:
    batch, position, vocabulary = shape
    return batch, position, vocabulary
