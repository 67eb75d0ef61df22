"""An item looked at by itself: what a loop with these settings would make of it."""

from tui_trainer.engine.data.examples import longest_item, make_example
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.reports.items import ItemTokens
from tui_trainer.reports.problem import Problem
from tui_trainer.settings.train import TrainSettings


def read_item(
    vocabulary: Vocabulary,
    index: int,
    problem: Problem,
    settings: TrainSettings,
    context: int | None,
) -> ItemTokens:
    """Item `index` of a data set; `context` is the most tokens that the model takes, if known.

    Raises InputError where the tokenizer has no end of text and the settings ask for one.
    """
    ending = [vocabulary.end_of_text] if settings.end_of_text else []
    longest = longest_item(settings, context)
    example = make_example(vocabulary, index, problem, settings, ending, longest)
    return ItemTokens(
        problem=index,
        text=example.text,
        ids=example.ids,
        token_texts=tuple(map(vocabulary.text_of, example.ids)),
        answer_start=example.answer_start,
        first_counted=example.first_counted,
        truncated=example.truncated,
    )
