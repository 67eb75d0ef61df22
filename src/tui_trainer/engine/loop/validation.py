"""What a loop is measured with between two steps: held-out losses, and answers to read.

Nothing here draws a random number, changes a weight or leaves a gradient, so a loop has the same
losses with it as without it, bit for bit.
"""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TypeVar

import torch

from tui_trainer.engine.data.batching import model_inputs, pad
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.finite import NotNumbersError
from tui_trainer.engine.generation.batch_generation import (
    NO_BATCHES,
    GreedyGeneration,
    answers_together,
)
from tui_trainer.engine.generation.evaluate import REPORT_SECONDS
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.held_out import HeldOut, UnseenProblem
from tui_trainer.engine.loop.item_losses import ItemLosses, losses_by_item
from tui_trainer.engine.loop.loss import step_loss
from tui_trainer.engine.loop.not_finite import no_answers
from tui_trainer.reports.evaluated_items import Answer, EvaluatedItem
from tui_trainer.reports.loop import (
    LoopReport,
    PartReport,
    SampleReport,
    ValidationReport,
)
from tui_trainer.reports.problem import format_prompt
from tui_trainer.reports.steps import mean
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.train import TrainSettings

POSITIONS_AT_ONCE = 1024
"""In one forward pass: 0.6 GB of logits in fp32 with a vocabulary of 150,000, and on two cores
about 0.2 s of the built-in model, in which no key is heard."""
ANSWER_TOKENS = EvaluationSettings().max_tokens

Result = TypeVar("Result")


def measure(
    learner: Learner, held_out: HeldOut, settings: TrainSettings, step: int, steps: int
) -> Iterator[LoopReport]:
    """The measurements that are due after `step` of `steps`; step 0 is before the first."""
    if held_out.examples and is_due(step, steps, settings.validate_every):
        yield from validate(learner, held_out.examples, settings, step)
    if held_out.samples and is_due(step, steps, settings.sample_every):
        try:
            yield from answer_samples(learner, held_out.samples, step)
        except NotNumbersError:
            if not settings.skip_not_finite:
                yield no_answers(step)


def is_due(step: int, steps: int, every: int) -> bool:
    """Before the first step, after each `every` steps, and after the last one."""
    return step % every == 0 or step == steps


def validate(
    learner: Learner, examples: Sequence[Example], settings: TrainSettings, step: int
) -> Iterator[LoopReport]:
    """The losses of `examples`; the last report has the figures."""
    items, seconds = yield from report_progress(
        learner, "validating", lambda: _losses_of_items(learner, examples)
    )
    # The first token of an item has no loss, so that the answer's begin one earlier.
    starts = [max(0, example.answer_start - 1) for example, _ in items]
    parted = list(zip(starts, (losses for _, losses in items), strict=True))
    question = [loss for start, losses in parted for loss in losses[:start]]
    answer = [loss for start, losses in parted for loss in losses[start:]]
    yield ValidationReport(
        step=step,
        items=len(items),
        loss=sum(question + answer) / len(question + answer),
        question_loss=mean(question),
        answer_loss=mean(answer),
        question_tokens=len(question),
        answer_tokens=len(answer),
        answer_only=settings.answer_only,
        seconds=seconds,
    )


def _losses_of_items(
    learner: Learner, examples: Sequence[Example]
) -> Generator[float, None, list[ItemLosses]]:
    model, pad_id = learner.model.eval(), learner.vocabulary.pad_id
    items: list[ItemLosses] = []
    longest = max(len(example.ids) for example in examples)
    pads = learner.checks.pads("right", longest)
    groups = groups_of_like_length(examples) if pads else [[example] for example in examples]
    for group in groups:
        batch = learner.send(pad(group, "right", pad_id))
        with torch.no_grad(), learner.autocast():
            logits = model(**model_inputs(batch)).logits
            _, losses = step_loss(logits, batch.labels, batch.counts, batch.counted)
        items += losses_by_item(batch, losses)
        yield len(items) / len(examples)
    return items


def groups_of_like_length(examples: Sequence[Example]) -> list[list[Example]]:
    """Each fits POSITIONS_AT_ONCE when it is padded, or is a single item; shortest first."""
    groups: list[list[Example]] = [[]]
    for example in sorted(examples, key=lambda example: len(example.ids)):
        if groups[-1] and (len(groups[-1]) + 1) * len(example.ids) > POSITIONS_AT_ONCE:
            groups.append([])
        groups[-1].append(example)
    return groups


def answer_samples(
    learner: Learner, samples: Sequence[UnseenProblem], step: int
) -> Iterator[LoopReport]:
    """Greedy answers to the questions of `samples`, as an evaluation gives them."""
    prompts = [format_prompt(sample.problem) for sample in samples]
    answers, seconds = yield from report_progress(
        learner, "answering", lambda: _greedy_answers(learner, prompts)
    )
    items = tuple(
        EvaluatedItem(sample.index, sample.problem.question, sample.problem.answer, prompt, answer)
        for sample, prompt, answer in zip(samples, prompts, answers, strict=True)
    )
    yield SampleReport(step, items, seconds)


def notes_on_samples(learner: Learner, samples: Sequence[UnseenProblem]) -> tuple[str, ...]:
    """What the user is to know of how `samples` will be answered."""
    prompts = [learner.vocabulary.ids(format_prompt(sample.problem)) for sample in samples]
    if not prompts or answers_together(learner, prompts, ANSWER_TOKENS):
        return ()
    return (NO_BATCHES,)


def _greedy_answers(
    learner: Learner, prompts: Sequence[str]
) -> Generator[float, None, list[Answer]]:
    generation = GreedyGeneration(
        learner, list(map(learner.vocabulary.ids, prompts)), ANSWER_TOKENS
    )
    while not generation.is_done:
        generation.step()
        yield generation.share
    return generation.answers


def report_progress(
    learner: Learner, what: str, begin: Callable[[], Generator[float, None, Result]]
) -> Generator[PartReport, None, tuple[Result, float]]:
    """The result of something long that reads the weights, with a report some times a second.

    Whoever comes in between may change the weights: then it begins again and gives way no more, so
    that no result is of two models. `begin` yields how much is done. Beside the result come the
    seconds it took, those in between left out.
    """
    work, weights, is_disturbed = begin(), learner.weights.version, False
    seconds, began = 0.0, time.perf_counter()
    while True:
        try:
            share = next(work)
        except StopIteration as end:
            return end.value, seconds + time.perf_counter() - began
        if is_disturbed or time.perf_counter() - began < REPORT_SECONDS:
            continue
        seconds += time.perf_counter() - began
        yield PartReport(what, share)
        began = time.perf_counter()
        if learner.weights.version != weights:
            work, is_disturbed = begin(), True
