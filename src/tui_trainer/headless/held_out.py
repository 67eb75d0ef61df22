"""What `tui-trainer gsm8k` writes of held-out items: their losses, and sample answers."""

from collections.abc import Iterator, Sequence

from tui_trainer.reports.evaluated_items import EvaluatedItem
from tui_trainer.reports.loop import SampleReport, ValidationReport
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import counted, nats, seconds_of

TEXT_CHARACTERS = 400


def describe_validation(report: ValidationReport) -> str:
    """One line under the steps'."""
    return (
        f"{report.step:>6}  validation {nats(report.loss)} (question {nats(report.question_loss)}, "
        f"answer {nats(report.answer_loss)} nats), {counted(report.items, 'item')} in "
        f"{seconds_of(report.seconds)}"
    )


def describe_samples(report: SampleReport) -> Iterator[str]:
    """For each answer what was asked, what was expected and what came."""
    for item in report.items:
        yield f"{report.step:>6}  sample, item {item.problem:,}: {verdict(item)}"
        for name, text in (
            ("question", item.question),
            ("expected", item.expected),
            ("answer", item.answer.shown),
        ):
            yield f"        {name:<8}  {visible(text.strip(), limit=TEXT_CHARACTERS)}"


def verdict(item: EvaluatedItem) -> str:
    """What became of it by the strict rule, and why the answer ends where it does."""
    return f"{item.outcome.value}, ended by {item.answer.ending.value}"


def summary(reports: Sequence[ValidationReport]) -> Iterator[str]:
    """How the losses of the held-out items moved from the first measurement to the last."""
    if reports:
        first, last = reports[0], reports[-1]
        yield (
            f"validation: {nats(first.loss)} at step {first.step:,}, {nats(last.loss)} at step "
            f"{last.step:,}; question {nats(first.question_loss)} → {nats(last.question_loss)}, "
            f"answer {nats(first.answer_loss)} → {nats(last.answer_loss)}"
        )
