"""What a GSM8K run is measured with, on its screen: one line of figures, and the sample answers."""

from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.evaluated_items import EvaluatedItem
from tui_trainer.reports.loop import LoopReport, PartReport, SampleReport, ValidationReport
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import counted, nats_cell
from tui_trainer.words.parts import describe_part


class HeldOutLine(Static):
    """The last measurement, or how far one is; no line where a run has none."""

    DEFAULT_CSS = """
    HeldOutLine {
        height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; display: none;
    }
    """

    def __init__(self) -> None:
        super().__init__(id="held-out")
        self.validation: ValidationReport | None = None
        self.samples: SampleReport | None = None
        self._part: PartReport | None = None

    def forget(self) -> None:
        self.validation = self.samples = self._part = None

    def add(self, report: LoopReport) -> None:
        """Take in what a loop reports."""
        self._part = report if isinstance(report, PartReport) else None
        if isinstance(report, ValidationReport):
            self.validation = report
        elif isinstance(report, SampleReport):
            self.samples = report

    def show(self) -> None:
        words = self._describe()
        self.display = bool(words)
        self.update(Content(words), layout=False)

    def _describe(self) -> str:
        if self._part is not None:
            return describe_part(self._part)
        report = self.validation
        if report is None:
            return ""
        return (
            f"validation {nats_cell(report.loss)}  question {nats_cell(report.question_loss)}  "
            f"answer {nats_cell(report.answer_loss)} nats, step {report.step:,}, "
            f"{counted(report.items, 'item')}"
        )


def describe_sample(item: EvaluatedItem, step: int) -> tuple[str, str]:
    """The title of an answer, and its question, the expected answer and its own."""
    title = f"sample at step {step:,}: item {item.problem:,} · {item.outcome.value}"
    texts = ("answer", item.answer.shown), ("expected", item.expected), ("question", item.question)
    return title, "\n".join(f"{name:<8}  {visible(text.strip())}" for name, text in texts)
