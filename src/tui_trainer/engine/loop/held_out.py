"""The items that a loop is measured with: none of them is trained on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui_trainer.engine.data.examples import Example, make_examples
from tui_trainer.engine.generation.evaluate import load_tested
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.errors import InputError
from tui_trainer.reports.problem import Problem
from tui_trainer.reports.progress import UNHEARD, Progress
from tui_trainer.settings.evaluation import held_out_from
from tui_trainer.settings.train import TrainSettings

SAMPLES = 2
"""How many questions are answered each time."""


@dataclass(frozen=True)
class UnseenProblem:
    """An item that the loop does not train on; `index` is its place in the split or the file."""

    index: int
    problem: Problem


@dataclass(frozen=True)
class HeldOut:
    """What a loop is measured with, ready for the model."""

    examples: tuple[Example, ...] = ()
    """Whose losses are measured."""
    samples: tuple[UnseenProblem, ...] = ()
    """Whose questions are answered."""


NOTHING = HeldOut()


def hold_out(
    vocabulary: Vocabulary,
    settings: TrainSettings,
    trained: Sequence[Problem],
    context: int | None,
    progress: Progress = UNHEARD,
) -> HeldOut:
    """What the settings ask for: items of the split `test`, or those of a file after `trained`.

    They are cut to the model's context alone, and every token has its loss, so that the figures of
    two runs mean the same however their rows are made up. Raises InputError where there are none.
    """
    wanted = max(settings.validation_items, SAMPLES if settings.sample_every else 0)
    if not wanted:
        return NOTHING
    unseen = load_unseen(settings, trained, wanted, progress)
    measured = [item.problem for item in unseen[: settings.validation_items]]
    whole = replace(settings, pack=0, answer_only=False)
    return HeldOut(
        examples=tuple(make_examples(vocabulary, measured, whole, context)) if measured else (),
        samples=tuple(unseen[:SAMPLES]) if settings.sample_every else (),
    )


def load_unseen(
    settings: TrainSettings, trained: Sequence[Problem], wanted: int, progress: Progress = UNHEARD
) -> list[UnseenProblem]:
    """At most `wanted` items that are none of `trained`, also where a file has an item twice."""
    where = replace(held_out_from(settings), items=wanted)
    seen = set(trained)
    unseen = [
        UnseenProblem(index, problem)
        for index, problem in enumerate(load_tested(where, progress), start=where.skip)
        if problem not in seen
    ]
    if not unseen:
        raise InputError(
            f"{settings.problems} has no item beside the {len(trained):,} that are trained on: "
            "lower items to hold some out, or set validation_items and sample_every to 0."
        )
    return unseen
