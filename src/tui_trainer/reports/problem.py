"""One question/answer item, and the text that is trained on."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """One question with its worked answer, as GSM8K has them."""

    question: str
    answer: str
    verbatim: bool = field(default=True, compare=False)
    """Whether the data set has these two texts as they are here."""


def format_prompt(problem: Problem) -> str:
    """The notebook's text of an item up to where its answer begins."""
    return f"Question: {problem.question}\nAnswer:"


def format_problem(problem: Problem) -> str:
    """The notebook's text of an item: what the model is trained on, and nothing else."""
    return f"{format_prompt(problem)} {problem.answer}"
