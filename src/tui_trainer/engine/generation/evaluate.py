"""Exact match on held-out items: greedy answers in batches, scored as they are done."""

import itertools
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.generation.batch_generation import (
    NO_BATCHES,
    GreedyGeneration,
    answers_together,
)
from tui_trainer.engine.learner import Learner
from tui_trainer.errors import InputError
from tui_trainer.reports.evaluated_items import EvaluatedItem
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.problem import Problem, format_problem, format_prompt
from tui_trainer.reports.progress import UNHEARD, Progress
from tui_trainer.settings.evaluation import EvaluationSettings

BETWEEN_SHOTS = "\n\n"
# Between two reports the worker answers the other screens.
REPORT_SECONDS = 0.05


def load_held_out(
    settings: EvaluationSettings, progress: Progress = UNHEARD
) -> tuple[list[Problem], list[Problem]]:
    """The items to test, and the shots; no shot is a tested item.

    Raises InputError where there are none to test, or too few for the shots.
    """
    tested = load_tested(settings, progress)
    if not tested:
        raise InputError(
            f"{settings.problems} has no item after the first {settings.skip:,}: lower skip, or "
            "name problems that were not trained on."
        )
    return tested, _load_shots(settings, tested, progress)


def load_tested(settings: EvaluationSettings, progress: Progress = UNHEARD) -> list[Problem]:
    """The items of the split `test`, or of a file, after those passed over; maybe none."""
    last = settings.skip + settings.items
    found = load_problems(
        settings.problems, split="test", limit=last, seed=settings.seed, progress=progress
    )
    return found[settings.skip :]


def _load_shots(
    settings: EvaluationSettings, tested: list[Problem], progress: Progress
) -> list[Problem]:
    if not settings.shots:
        return []
    source = settings.shots_from or settings.problems
    found = load_problems(
        source, limit=settings.shots + len(tested), seed=settings.seed, progress=progress
    )
    left = [problem for problem in found if problem not in tested]
    if len(left) < settings.shots:
        raise InputError(
            f"{source} has {len(left):,} items that are not tested, and {settings.shots:,} shots "
            "are wanted: lower shots or items, or name other problems in shots_from."
        )
    return left[: settings.shots]


def make_prompt(problem: Problem, shots: Sequence[Problem]) -> str:
    """The notebook's text of an item up to its answer, after the whole text of each shot."""
    return BETWEEN_SHOTS.join([*map(format_problem, shots), format_prompt(problem)])


def evaluate(
    learner: Learner,
    tested: Sequence[Problem],
    shots: Sequence[Problem],
    settings: EvaluationSettings,
) -> Iterator[EvaluationReport]:
    """Answer and score `tested`, with a report some times a second and after each batch.

    Only whole batches count: the answers of a batch that end first are the short ones, which are
    right more often, and who cancels would keep those alone. Raises InputError where the weights
    change between two `next` calls: half of an answer would be of other weights.
    """
    weights = learner.weights.version
    prompts = [make_prompt(problem, shots) for problem in tested]
    prompt_ids = [learner.vocabulary.ids(prompt) for prompt in prompts]
    together = answers_together(learner, prompt_ids, settings.max_tokens)
    batched = settings if together else replace(settings, batch=1)
    items: tuple[EvaluatedItem, ...] = ()
    tokens, seconds = 0, 0.0

    def report(batch_done: float, batch_tokens: int) -> EvaluationReport:
        return EvaluationReport(
            settings=settings,
            model=learner.report.name,
            updates=learner.updates,
            total=len(tested),
            items=items,
            batch_done=batch_done,
            tokens=tokens + batch_tokens,
            seconds=seconds,
            notes=() if together else (NO_BATCHES,),
        )

    for batch in batches_by_length(list(map(len, prompt_ids)), batched):
        began = time.perf_counter()
        generation = GreedyGeneration(learner, [prompt_ids[n] for n in batch], settings.max_tokens)
        while not generation.is_done:
            if learner.weights.version != weights:
                raise weights_changed(len(items), len(tested))
            generation.step()
            if not generation.is_done and time.perf_counter() - began >= REPORT_SECONDS:
                seconds += time.perf_counter() - began
                yield report(generation.share * len(batch), generation.tokens)
                began = time.perf_counter()
        items += tuple(
            EvaluatedItem(
                settings.skip + n, tested[n].question, tested[n].answer, prompts[n], answer
            )
            for n, answer in zip(batch, generation.answers, strict=True)
        )
        tokens += generation.tokens
        seconds += time.perf_counter() - began
        yield report(0.0, 0)


def batches_by_length(lengths: Sequence[int], settings: EvaluationSettings) -> list[list[int]]:
    """Which prompts are answered together, by their index: those of like length, the least padding.

    The batches are of like size, and in an order of chance (seeded): who cancels would else be left
    with the shortest questions.
    """
    order = sorted(range(len(lengths)), key=lambda n: lengths[n])
    count = math.ceil(len(order) / settings.batch)
    edges = [len(order) * edge // count for edge in range(count + 1)]
    batches = [sorted(order[start:end]) for start, end in itertools.pairwise(edges)]
    random.Random(settings.seed).shuffle(batches)
    return batches


def weights_changed(scored: int, total: int) -> InputError:
    return InputError(
        f"The weights changed, so the evaluation ended at {scored:,} of {total:,} items: pause "
        "what trains them, and evaluate again."
    )
