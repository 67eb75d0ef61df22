"""What stands in the place of items before there is an evaluation: how an answer is scored."""

from tui_trainer.reports.evaluated_items import Answer, Ending, EvaluatedItem

AN_EXAMPLE = "an example"
QUESTION = "Ann has 4 apples and buys 3 more. How many apples does she have now?"
EXPECTED = "She has 4+3 = <<4+3=7>>7 apples.\n#### 7"
ANSWERS = (
    (f" {EXPECTED}", Ending.END_OF_TEXT, 18),
    (" She has 4+3 = 7 apples now.", Ending.END_OF_TEXT, 12),
    (" She has 4*3 = <<4*3=12>>12 apples.\n#### 12", Ending.END_OF_TEXT, 18),
    (f" {EXPECTED}\nBen has 5 pears.\n#### 5", Ending.BUDGET, 30),
)
"""Right; without the form; wrong; right, but written on, which the flexible rule falls for."""


def _example(number: int, text: str, ending: Ending, tokens: int) -> EvaluatedItem:
    answer = Answer(text, ending, tokens)
    return EvaluatedItem(number, QUESTION, EXPECTED, f"Question: {QUESTION}\nAnswer:", answer)


EXAMPLES = tuple(_example(n, *answer) for n, answer in enumerate(ANSWERS, start=1))
"""Answers to one question, scored by the rules themselves."""
