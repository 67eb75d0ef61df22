"""What train and eval mode do, for `step --passes`: two forward passes in each."""

from tui_trainer.headless.output import Json, Output
from tui_trainer.reports.predictions import PassesReport, Position, Prediction
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import nats


def passes_line(report: PassesReport) -> dict[str, Json]:
    """The JSON of four forward passes; `p` has the next token's at each position."""
    return {
        "event": "passes",
        "dropout": report.dropout,
        "dropped": report.dropped,
        "train": [_pass_line(passed) for passed in report.train],
        "eval": [_pass_line(passed) for passed in report.eval],
    }


def _pass_line(passed: Prediction) -> dict[str, Json]:
    return {"loss": passed.loss, "p": [_p_of_next(position) for position in passed.positions]}


def _p_of_next(position: Position) -> float | None:
    return None if position.expected is None else position.expected.p


def write_passes(output: Output, report: PassesReport) -> None:
    output.text("\nthe text twice in train mode and twice in eval mode, by the same weights")
    if report.dropout:
        output.text(visible(report.dropped))
    for mode, pair in (("train", report.train), ("eval", report.eval)):
        losses = " and ".join(nats(one.loss) for one in pair)
        alike = "the same to the bit" if pair[0] == pair[1] else "they differ"
        output.text(f"{mode:<5} loss {losses}: {alike}")
