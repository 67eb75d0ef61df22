"""The training loop: a generator that makes one update for each `next`.

`notebook.py` beside it is the same loop, by hand and with nothing around it.
"""

from collections.abc import Iterator, Sequence

from torch.nn.utils import clip_grads_with_norm_

from tui_trainer.engine.data.ahead import BatchesAhead
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.plan import plan_steps
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.held_out import NOTHING, HeldOut
from tui_trainer.engine.loop.layer_look import LayerLook
from tui_trainer.engine.loop.loss_pass import make_loss_pass
from tui_trainer.engine.loop.not_finite import halt_at
from tui_trainer.engine.loop.step_figures import StepFigures
from tui_trainer.engine.loop.training_state import TrainingState, begin_random_numbers
from tui_trainer.engine.loop.validation import measure, notes_on_samples
from tui_trainer.engine.optimizers.optim import set_lr
from tui_trainer.engine.weights import together
from tui_trainer.reports.loop import LoopReport, PartReport
from tui_trainer.settings.train import TrainSettings


def train(
    learner: Learner,
    examples: Sequence[Example],
    settings: TrainSettings,
    state: TrainingState,
    held_out: HeldOut = NOTHING,
) -> Iterator[LoopReport]:
    """The notebook's loop over question/answer items: a report a step, and what is measured.

    Nothing happens between two `next` calls, so whoever holds the generator can pause, look at
    the model or change it there. The loss is the mean over the tokens that count, before the
    step's update. A step that fails leaves the weights as they were after the last whole one, and
    so does one whose loss or gradient is not finite: that is told first, and then it is left out.
    """
    model, optimizer = learner.model, state.optimizer
    steps = plan_steps(examples, settings)
    if settings.compiled:
        yield PartReport("warming up")
    forward_to_loss = make_loss_pass(learner, examples, settings)
    notes = *state.notes, *forward_to_loss.notes, *notes_on_samples(learner, held_out.samples)
    begin_random_numbers(learner, settings, state)
    batches = BatchesAhead(steps.after(state.step), settings, learner.vocabulary)

    first = state.step + 1
    for step in range(first, len(steps) + 1):
        yield from measure(learner, held_out, settings, step - 1, len(steps))

        figures = StepFigures(learner, batches.next)
        learner.history.notice_other_changes()
        set_lr(optimizer, state.scheduled_lr(settings, step, len(steps)))
        # Memory runs out in the first step or hardly ever; copying in each takes 5% of the time.
        copying = step == first and state.copies
        looks = settings.layers_every > 0 and step % settings.layers_every == 0
        calls = len(learner.weights.trained) if looks else 1
        with learner.restored_on_failure(optimizer, copying=copying, calls=calls):
            if not model.training:  # telling every module takes 2% of a step
                model.train()
            for batch in figures.batches:
                with learner.autocast(), forward_to_loss.in_use():
                    loss, losses = forward_to_loss(batch, figures.counted)
                loss.backward()
                figures.add(loss, losses)
            grad_norms = learner.weights.grad_norms()
            grad_norm = together(grad_norms)
            is_finite = figures.receive(grad_norm, settings.clip, meanwhile=batches.lay_out)
            if is_finite:
                if settings.clip and figures.is_clipped:
                    clip_grads_with_norm_(learner.weights.trained, settings.clip, grad_norm)
                if looks:
                    figures.look = LayerLook(learner.weights, grad_norms)
                    figures.look.step(optimizer)  # the same, weight by weight
                else:
                    optimizer.step()
            else:  # the weights could not be had back
                figures.restore_random_numbers()
            optimizer.zero_grad()
        figures.finish()
        if step == first:
            learner.weights.give_copy_away()  # as large as all of them

        if is_finite:
            learner.history.add_step(state.made(step))
        elif not settings.skip_not_finite:
            yield halt_at(step, figures.loss, figures.items)
        state.step, state.last_rows = step, figures.rows(step, forward_to_loss)
        state.last_grad_norms = grad_norms
        told = notes if step == first else ()
        yield figures.report(state, steps, applied=is_finite, notes=told)

    yield from measure(learner, held_out, settings, len(steps), len(steps))
