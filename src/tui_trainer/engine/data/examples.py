"""Items as token IDs: where the answer begins, and which tokens the loss counts."""

from collections.abc import Sequence
from dataclasses import dataclass

from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.errors import InputError
from tui_trainer.reports.problem import Problem, format_problem, format_prompt
from tui_trainer.settings.train import TrainSettings


@dataclass(frozen=True)
class Example:
    """One item as the model reads it. Token n has a loss given those before it; token 0 has none.

    A token belongs to the answer where it covers anything after `Answer:`, be it the space there.
    """

    problem: int
    """Its index in the data set."""
    text: str
    ids: tuple[int, ...]
    answer_start: int
    """The first token of the answer; `len(ids)` where the answer was cut off."""
    first_counted: int
    """The loss of a step counts this token and all that follow it."""
    truncated: bool

    @property
    def counted(self) -> int:
        """How many of its tokens the loss of a step counts."""
        return len(self.ids) - self.first_counted


def make_examples(
    vocabulary: Vocabulary,
    problems: Sequence[Problem],
    settings: TrainSettings,
    context: int | None,
) -> list[Example]:
    """The items that have a token to count, each cut to the model's context and a packed row.

    Raises InputError where there is none.
    """
    longest = longest_item(settings, context)
    # Packed rows need it between two items even where none is to learn it.
    needed = settings.pack or settings.end_of_text
    ending = [vocabulary.end_of_text] if needed else []
    examples = [
        make_example(vocabulary, index, problem, settings, ending, longest)
        for index, problem in enumerate(problems)
    ]
    useful = [example for example in examples if example.counted > 0]
    if not useful:
        raise InputError(
            f"No item has a token of its answer within {longest:,} tokens: make the rows longer, "
            "or count the question too."
        )
    return useful


def longest_item(settings: TrainSettings, context: int | None) -> int | None:
    """How many tokens of an item fit into the model and a packed row; None for any number."""
    return min((limit for limit in (context, settings.pack) if limit), default=None)


def make_example(
    vocabulary: Vocabulary,
    index: int,
    problem: Problem,
    settings: TrainSettings,
    ending: list[int],
    longest: int | None,
) -> Example:
    """Item `index` of the data set, cut to the `longest` tokens that fit."""
    text = format_problem(problem)
    ids, answer_start = vocabulary.ids_from(text, len(format_prompt(problem)))
    if settings.end_of_text:
        ids = ids + ending
    kept = tuple(ids[:longest])
    answer_start = min(answer_start, len(kept))
    return Example(
        problem=index,
        text=text,
        ids=kept,
        answer_start=answer_start,
        first_counted=max(1, answer_start) if settings.answer_only else 1,
        truncated=len(ids) > len(kept),
    )
