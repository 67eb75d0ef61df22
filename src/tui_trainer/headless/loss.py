"""`tui-trainer loss`: what the Loss screen shows of a row of logits and its label."""

import argparse
from collections.abc import Iterator

from tui_trainer.engine.start import make_engine
from tui_trainer.headless.arguments import read_texts, whole
from tui_trainer.headless.output import Json, Output
from tui_trainer.headless.session import shown_progress
from tui_trainer.reports.labelled_logits import CrossEntropyReport, LabelledLogits, read_logits
from tui_trainer.words.numbers import nats, probability, signed
from tui_trainer.words.table import TextColumn, table

COLUMNS = (
    TextColumn("class", 5),
    TextColumn("logit", 8),
    TextColumn("softmax", 8),
    TextColumn("-log p", 8),
    TextColumn("p - onehot", 10),
    TextColumn("logits.grad", 11),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "The loss of one prediction, by torch's cross_entropy in fp32: softmax, -log p of each "
        "class, the loss, the perplexity exp(loss), and the gradient of the loss for each logit. "
        "Needs no model. The notebook's two examples: `0 100 0 --label 1`, whose loss is 0, and "
        "`100 0 0 --label 1`, whose loss is 100."
    )
    parser.add_argument(
        "logits",
        nargs="+",
        metavar="LOGIT",
        help="2 to 20 logits, one for each class, or all as one argument such as '[3, -1e2]'; "
        "- reads them from standard input",
    )
    parser.add_argument(
        "--label", type=whole, required=True, metavar="N", help="the right class, counted from 0"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, output: Output) -> None:
    logits = read_logits(" ".join(read_texts(arguments.logits)))
    question = LabelledLogits(logits, arguments.label)
    with shown_progress() as progress:
        report = make_engine(progress).cross_entropy(question)
    if output.as_json:
        output.json(loss_line(report))
        return
    for line in table(COLUMNS, class_rows(report)):
        output.text(line)
    label = probability(report.label_probability).strip()
    output.text(f"loss        {nats(report.loss)} nats = -log p of class {question.label}")
    output.text(f"perplexity  {report.perplexity:.5g} = exp(loss) = 1 / {label}")


def loss_line(report: CrossEntropyReport) -> dict[str, Json]:
    """The JSON of a report; a perplexity that overflows is null."""
    return {
        "logits": report.question.logits,
        "label": report.question.label,
        "loss": report.loss,
        "perplexity": report.perplexity,
        "p": report.probabilities,
        "log_p": report.log_probabilities,
        "p_minus_onehot": report.p_minus_onehot,
        "gradient": report.gradient,
    }


def class_rows(report: CrossEntropyReport) -> Iterator[tuple[str, ...]]:
    """A row for each class; the label's is marked with a star."""
    for n, logit in enumerate(report.question.logits):
        yield (
            f"*{n}" if n == report.question.label else str(n),
            f"{logit:.6g}",
            probability(report.probabilities[n]),
            nats(-report.log_probabilities[n]),
            signed(report.p_minus_onehot[n]),
            signed(report.gradient[n]),
        )
