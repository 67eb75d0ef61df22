"""A sample answer of a run in words."""

from tui_trainer.reports.evaluated_items import EvaluatedItem
from tui_trainer.terminal_text import visible


def describe_sample(item: EvaluatedItem, step: int) -> tuple[str, str]:
    """The title of an answer, and its question, the expected answer and its own."""
    title = f"sample at step {step:,}: item {item.problem:,} · {item.outcome.value}"
    texts = ("answer", item.answer.shown), ("expected", item.expected), ("question", item.question)
    return title, "\n".join(f"{name:<8}  {visible(text.strip())}" for name, text in texts)
