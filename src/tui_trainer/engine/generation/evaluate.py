"""Exact match on held-out items: greedy answers in batches, scored as they are done."""

import itertools
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tui_trainer.device_errors import is_out_of_memory
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.generation.batch_generation import (
    NO_BATCHES,
    GreedyGeneration,
    answers_together,
)
from tui_trainer.engine.generation.batch_room import rows_with_room
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.models.device_faults import recovers_from
from tui_trainer.errors import InputError
from tui_trainer.reports.evaluated_items import Answer, EvaluatedItem
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.problem import Problem, format_problem, format_prompt
from tui_trainer.reports.progress import UNHEARD, Progress
from tui_trainer.reports.runs import RunStep
from tui_trainer.settings.evaluation import EvaluationSettings

BETWEEN_SHOTS = "\n\n"
# Between two reports the worker answers the other screens.
REPORT_SECONDS = 0.05
FEWER = "Memory has no room for larger batches, so at most {} answers are generated together."


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
    left_by: RunStep | None = None,
) -> Iterator[EvaluationReport]:
    """Answer and score `tested`, with a report some times a second and after each batch; `left_by`
    is the step of a run that left the weights, where one is known.

    Only whole batches count: the answers of a batch that end first are the short ones, which are
    right more often, and who cancels would keep those alone. Raises InputError where the weights
    change between two `next` calls: half of an answer would be of other weights.
    """
    yield from Evaluation(learner, tested, shots, settings, left_by).reports()


class Evaluation:
    """One evaluation: what was scored of it, and the batches that are still to be answered."""

    def __init__(
        self,
        learner: Learner,
        tested: Sequence[Problem],
        shots: Sequence[Problem],
        settings: EvaluationSettings,
        left_by: RunStep | None = None,
    ) -> None:
        self._learner, self._tested, self._settings = learner, tested, settings
        self._left_by = left_by
        self._weights = learner.weights.version
        self._prompts = [make_prompt(problem, shots) for problem in tested]
        self._ids = [learner.vocabulary.ids(prompt) for prompt in self._prompts]
        self._lengths = list(map(len, self._ids))
        together = answers_together(learner, self._ids, settings.max_tokens)
        wanted = settings.batch if together else 1
        most = rows_with_room(learner, self._ids, settings.max_tokens, wanted)
        self._waiting = batches_by_length(self._lengths, replace(settings, batch=most))
        self._notes = () if together else (NO_BATCHES,)
        self._fewer = () if most >= min(wanted, len(tested)) else (FEWER.format(most),)
        """That memory is short, in a sentence."""
        self._items: tuple[EvaluatedItem, ...] = ()
        self._tokens, self._seconds = 0, 0.0

    def reports(self) -> Iterator[EvaluationReport]:
        """Answer all; where memory has no room for a batch it is halved, and all that follow."""
        while self._waiting:
            try:
                yield from self._answer(self._waiting[0])
            except Exception as error:
                if not self._can_be_smaller(error):
                    raise
                self._halve()
            else:
                del self._waiting[0]

    def _answer(self, batch: Sequence[int]) -> Iterator[EvaluationReport]:
        began = time.perf_counter()
        ids, max_tokens = [self._ids[n] for n in batch], self._settings.max_tokens
        generation = GreedyGeneration(self._learner, ids, max_tokens)
        while not generation.is_done:
            if self._learner.weights.version != self._weights:
                raise weights_changed(len(self._items), len(self._tested))
            generation.step()
            if not generation.is_done and time.perf_counter() - began >= REPORT_SECONDS:
                self._seconds += time.perf_counter() - began
                yield self._report(generation, generation.share * len(batch))
                began = time.perf_counter()
        self._items += tuple(map(self._item, batch, generation.answers))
        self._tokens += generation.tokens
        self._seconds += time.perf_counter() - began
        yield self._report()

    def _item(self, n: int, answer: Answer) -> EvaluatedItem:
        problem = self._tested[n]
        number = self._settings.skip + n
        return EvaluatedItem(number, problem.question, problem.answer, self._prompts[n], answer)

    def _report(
        self, under_way: GreedyGeneration | None = None, batch_done: float = 0.0
    ) -> EvaluationReport:
        return EvaluationReport(
            settings=self._settings,
            model=self._learner.report.name,
            updates=self._learner.updates,
            total=len(self._tested),
            items=self._items,
            batch_done=batch_done,
            batch_ended=under_way.ended if under_way else 0,
            tokens=self._tokens + (under_way.tokens if under_way else 0),
            seconds=self._seconds,
            notes=(*self._notes, *self._fewer),
            left_by=self._left_by,
        )

    def _can_be_smaller(self, error: Exception) -> bool:
        """Whether memory was short for the batch, and may not be for half of it."""
        several = len(self._waiting[0]) > 1
        return several and is_out_of_memory(error) and recovers_from(error, self._learner.device)

    def _halve(self) -> None:
        most = len(self._waiting[0]) // 2
        by_length = (sorted(batch, key=lambda n: self._lengths[n]) for batch in self._waiting)
        self._waiting = [part for batch in by_length for part in parts(batch, most)]
        self._fewer = (FEWER.format(most),)


def batches_by_length(lengths: Sequence[int], settings: EvaluationSettings) -> list[list[int]]:
    """Which prompts are answered together, by their index: those of like length, the least padding.

    The batches are of like size, and in an order of chance (seeded): who cancels would else be left
    with the shortest questions.
    """
    batches = parts(sorted(range(len(lengths)), key=lambda n: lengths[n]), settings.batch)
    random.Random(settings.seed).shuffle(batches)
    return batches


def parts(order: Sequence[int], most: int) -> list[list[int]]:
    """As few parts of `order` as may be, of like size, with at most so many in each; sorted."""
    count = math.ceil(len(order) / most)
    edges = [len(order) * edge // count for edge in range(count + 1)]
    return [sorted(order[start:end]) for start, end in itertools.pairwise(edges)]


def weights_changed(scored: int, total: int) -> InputError:
    return InputError(
        f"The weights changed, so the evaluation ended at {scored:,} of {total:,} items: pause "
        "what trains them, and evaluate again."
    )
