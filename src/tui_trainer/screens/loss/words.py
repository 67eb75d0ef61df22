"""The figures of the Loss screen as cells and sentences; no widget."""

import math

from textual.content import Content

from tui_trainer.reports.labelled_logits import CrossEntropyReport
from tui_trainer.screens.loss.class_list import EXAMPLES, ClassList
from tui_trainer.widgets.cell_text import piece
from tui_trainer.widgets.chart.cross_entropy_curve import POINT, CurvePoint
from tui_trainer.widgets.line_table import Cell, Column
from tui_trainer.words.bars import bar
from tui_trainer.words.numbers import exponential, nats, probability, signed
from tui_trainer.words.signs import change

BAR_WIDTH = 6
COLUMNS = (
    Column("#", 2, right=True),
    Column("  class", 12, share=1),
    Column("logit", 7, right=True, share=1),
    Column("softmax", 7, right=True),
    Column("", BAR_WIDTH),
    Column("-log p", 7, right=True, share=1),
    Column("p - onehot", 10, right=True, share=1),
    Column("logits.grad", 11, right=True, share=1),
)
UNKNOWN = "…"
LESSON = """\
softmax makes of every logit a p: exp(logit) over the sum of all exp(logit). Add the same number \
to each of them, and nothing changes.

The loss is -log p of the label: 0 where the model is sure and right, and without an upper end: \
the surer and wronger, the larger. A guess among n classes costs log n.

exp(loss), the perplexity, is 1 / p of the label: the model is as unsure as one that guesses among \
so many classes.

The gradient of the loss for a logit is p - onehot, with onehot 1 at the label and 0 elsewhere. A \
step against it raises the label's logit and lowers the others, each by its share of p; where p is \
right, nothing is left to change."""
"""What is shown where there is room for it."""
NEVER_NEGATIVE = "Never negative: p is at most 1, so log p is at most 0, and -log p at least 0."
LONGEST_WORDS = (
    f"{NEVER_NEGATIVE}\n"
    "Class 19 is likelier; a step against the gradient lowers it and raises the label."
)


def class_cells(
    classes: ClassList, report: CrossEntropyReport | None, row: int
) -> tuple[Cell, ...]:
    """The cells of one class; those that are not computed yet are an ellipsis."""
    mark = POINT if row == classes.label else " "
    name = piece(classes.names[row])
    known = (str(row), f"{mark} {name}", f"{classes.logits[row]:.6g}")
    if report is None:
        return (*known, UNKNOWN, "", UNKNOWN, UNKNOWN, UNKNOWN)
    p = report.probabilities[row]
    return (
        *known,
        probability(p),
        Content.styled(bar(p, BAR_WIDTH), "$data"),
        nats(-report.log_probabilities[row]),
        signed(report.p_minus_onehot[row]),
        signed(report.gradient[row]),
    )


def large(number: float) -> str:
    """A perplexity: 2.69e43 where it has more digits than tell."""
    if math.isinf(number):
        return "more than 1e308"
    if number < 10_000:
        return f"{number:.4f}" if number < 100 else f"{number:.2f}"
    return exponential(number, 3)


def describe_example(classes: ClassList, original: ClassList) -> str:
    """Where these logits come from, and whether they were edited since."""
    edited = "" if classes.question == original.question else ", edited"
    source = "From Predict"
    if original in EXAMPLES:
        source = f"Example {EXAMPLES.index(original) + 1} of {len(EXAMPLES)}"
    return f"{source}{edited}: {classes.title}"


def describe_call(classes: ClassList, report: CrossEntropyReport | None) -> str:
    """The line of Python whose figures these are."""
    row = ", ".join(f"{logit:.6g}" for logit in classes.logits)
    loss = UNKNOWN if report is None else nats(report.loss)
    end = f", label {classes.label}) = {loss}"
    return f"F.cross_entropy([{row}]{end}"


def describe_loss(report: CrossEntropyReport | None, before: CrossEntropyReport | None) -> Content:
    """The loss, and which way the last edit moved it."""
    if report is None:
        return Content(UNKNOWN)
    now = (f"{nats(report.loss)} nats", "bold")
    if before is None or before.loss == report.loss:
        return Content.assemble(now)
    moved = nats(abs(report.loss - before.loss))
    sign = change(before.loss, report.loss)
    return Content.assemble(now, " ", sign.said(moved))


def describe_figures(report: CrossEntropyReport | None) -> str:
    """Three lines: the loss and where it comes from, the perplexity, the sums."""
    if report is None:
        return f"loss {UNKNOWN}\nperplexity {UNKNOWN}\nsums: {UNKNOWN}"
    logit = report.question.logits[report.question.label]
    return (
        f"loss = -log {probability(report.label_probability).strip()} = "
        f"{nats(report.loss)} nats = logsumexp {report.log_sum_exp:.4f} - logit {logit:.6g}\n"
        f"perplexity exp(loss) = {large(report.perplexity)} = 1/p: {describe_perplexity(report)}\n"
        f"sums: p {report.probability_sum:.6f} · gradient "
        f"{round(report.gradient_sum, 6) + 0.0:.6f} · {describe_difference(report)}"
    )


def describe_difference(report: CrossEntropyReport) -> str:
    """How far the two gradients are apart: each rounds in fp32 on its own way."""
    if report.gradient_difference == 0:
        return "p - onehot = logits.grad"
    difference = probability(report.gradient_difference).strip()
    return f"p - onehot = logits.grad ± {difference}"


def describe_perplexity(report: CrossEntropyReport) -> str:
    """What the perplexity says of this loss."""
    classes = len(report.question.logits)
    if report.loss == 0:
        return "only one class is left to choose from"
    if math.isclose(report.perplexity, classes, rel_tol=1e-6):
        return f"that of a guess among all {classes}"
    if report.perplexity > classes:
        return f"worse than a guess, which has {classes}"
    return f"as unsure as a guess among {report.perplexity:.2f} classes"


def explain(report: CrossEntropyReport | None) -> str:
    """Why the loss is never negative, and what is special about this one."""
    return NEVER_NEGATIVE if report is None else f"{NEVER_NEGATIVE}\n{remark(report)}"


def remark(report: CrossEntropyReport) -> str:
    """What this loss shows."""
    label = report.label_probability
    if report.loss == 0:
        return "This is the least: p of the label is 1, and the gradient leaves it alone."
    if label == 0:
        return "p rounds to 0, log p does not: cross_entropy never takes the log of p itself."
    if label < 0.001:
        return "Sure and wrong is what costs most, and there is no upper end to it."
    best = max(range(len(report.probabilities)), key=report.probabilities.__getitem__)
    if min(report.probabilities) == label == report.probabilities[best]:
        return "All classes alike: a model that knows nothing yet starts near this loss."
    if report.probabilities[best] == label:
        return "The label is the likeliest; a step against the gradient makes it likelier."
    return f"Class {best} is likelier; a step against the gradient lowers it and raises the label."


def curve_point(report: CrossEntropyReport | None) -> CurvePoint | None:
    """Where this loss is on the curve, and where a guess among its classes is."""
    if report is None:
        return None
    return CurvePoint(report.loss, math.log(len(report.question.logits)))
