"""`tui-trainer step`: what the Step screen does at each key."""

import argparse
import math
from collections.abc import Iterator
from itertools import islice

from tui_trainer.engine.start import make_engine
from tui_trainer.errors import InputError
from tui_trainer.headless.arguments import (
    add_model_arguments,
    add_settings,
    model_choice,
    read_settings,
    read_texts,
    whole,
)
from tui_trainer.headless.export import add_export_argument, exported_at_the_end, read_export
from tui_trainer.headless.interrupts import whole_steps
from tui_trainer.headless.output import Json, Output
from tui_trainer.headless.passes import passes_line, write_passes
from tui_trainer.headless.session import shown_progress, tell_notes
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.moved import ALL, LayerMoved, MovedReport
from tui_trainer.reports.predictions import Candidate, Position
from tui_trainer.reports.probes import ProbeReport
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.settings.cell import CellSettings
from tui_trainer.terminal_text import visible, visible_token
from tui_trainer.words.numbers import learning_rate, nats, percent, probability, signed
from tui_trainer.words.precision import describe_precision
from tui_trainer.words.table import TextColumn, heading, row, table

UPDATE_COLUMNS = (
    TextColumn("update", 6),
    TextColumn("loss", 10),
    TextColumn("change", 10),
    TextColumn("grad norm", 10),
    TextColumn("lr", 8),
    TextColumn("weights moved", 15),
)
PREDICTION_COLUMNS = (
    TextColumn("position", 8),
    TextColumn("token", 0, left=True),
    TextColumn("next token", 0, left=True),
    TextColumn("predicted before", 0, left=True),
    TextColumn("p", 6),
    TextColumn("predicted after", 0, left=True),
    TextColumn("p", 6),
)

OUTCOME_COLUMNS = (
    TextColumn("lr", 9),
    TextColumn("loss", 10),
    TextColumn("loss after", 10),
    TextColumn("change", 10),
    TextColumn("weights moved", 15),
)
LONGEST_PROBE = 40  # characters in the table
PROBE_COLUMNS = (
    TextColumn("probe", 0, left=True),
    TextColumn("loss before", 0),
    TextColumn("after", 7),
    TextColumn("change", 8),
    TextColumn("next token", 0, left=True),
    TextColumn("p before", 0),
    TextColumn("after", 6),
)
LAYER_COLUMNS = (
    TextColumn("layer", 0, left=True),
    TextColumn("weights", 0),
    TextColumn("grad norm", 9),
    TextColumn("moved", 0),
    TextColumn("share", 7),
    TextColumn("change", 9),
    TextColumn("norm", 9),
    TextColumn("ratio", 9),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Run the training cell N times on TEXT: forward, loss, backward, optimizer "
        "step. The loss is the one before the update, the predictions are those after it."
    )
    parser.add_argument("text", metavar="TEXT", help="the text; - reads standard input")
    parser.add_argument("-n", type=whole, default=1, metavar="N", help="how many updates (1)")
    add_settings(parser, CellSettings)
    parser.add_argument(
        "--layers",
        action="store_true",
        help="tell layer by layer the norm of the gradient and which weights each update moved",
    )
    parser.add_argument(
        "--probe",
        action="append",
        default=[],
        metavar="TEXT",
        help="another text, whose loss and next token are told too; up to five times",
    )
    parser.add_argument(
        "--fork",
        action="store_true",
        help="after the updates, tell what one more would do at a third of the learning rate, at "
        "it and at three times it",
    )
    parser.add_argument(
        "--passes",
        action="store_true",
        help="after the updates, two forward passes in train mode and two in eval mode",
    )
    add_export_argument(parser)
    add_model_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, output: Output) -> None:
    if arguments.n < 1:
        raise InputError(f"At least 1 update is needed, not {arguments.n}.")
    settings = read_settings(CellSettings, arguments)
    choice = model_choice(arguments)
    target = read_export(arguments, choice, items=False)
    text, *probes = read_texts([arguments.text, *arguments.probe])
    with shown_progress() as progress:
        engine = make_engine(progress)
        status = engine.load_model(choice)
    tell_notes(status)
    engine.set_undo_budget(0)
    engine.set_optimizer(settings.optimizer)
    engine.set_lr(settings.lr)
    if settings.dropout is not None:
        engine.set_dropout(settings.dropout)
    status = engine.set_training(settings.training)
    followed = tuple(dict.fromkeys(probes))
    engine.follow_probes(followed)
    updates = whole_steps(islice(engine.updates(text), arguments.n))
    with exported_at_the_end(output, engine, target):
        if output.as_json:
            for report in updates:
                layers = layers_line(engine.moved(), report) if arguments.layers else {}
                others = probes_line(engine.probe(followed)) if followed else {}
                output.json(update_line(report) | layers | others)
            for outcome in engine.fork(text) if arguments.fork else ():
                output.json(outcome_line(outcome))
            if arguments.passes:
                output.json(passes_line(engine.passes(text)))
        else:
            last = _write_readable(output, status, updates)
            if arguments.layers:
                _write_layers(output, engine.moved(), last)
            if followed:
                _write_probes(output, engine.probe(followed))
            if arguments.fork:
                _write_outcomes(output, engine.fork(text))
            if arguments.passes:
                write_passes(output, engine.passes(text))


def update_line(report: UpdateReport) -> dict[str, Json]:
    """The JSON of one update; `predictions` holds the most likely next token at each position."""
    best = [position.top[0] for position in report.after.positions]
    line: dict[str, Json] = {
        "update": report.update,
        "loss": report.loss,
        "grad_norm": report.grad_norm,
        "lr": report.lr,
        "moved": report.moved,
        "predictions": [{"id": token.id, "text": token.text, "p": token.p} for token in best],
        "dropout": report.dropout if report.training else 0.0,
    }
    return line | ({"note": report.note} if report.note else {})


def outcome_line(report: UpdateReport) -> dict[str, Json]:
    """The JSON of an update that was tried and taken back."""
    return {"event": "fork", "loss_after": report.after.loss} | update_line(report)


def _write_outcomes(output: Output, outcomes: tuple[UpdateReport, ...]) -> None:
    output.text(f"\nupdate {outcomes[0].update} tried at three learning rates, none of them kept")
    for line in table(OUTCOME_COLUMNS, map(outcome_cells, outcomes)):
        output.text(line)


def outcome_cells(report: UpdateReport) -> tuple[str, ...]:
    after = math.nan if report.after.loss is None else report.after.loss
    return (
        learning_rate(report.lr),
        nats(report.loss),
        nats(after),
        signed(after - report.loss),
        moved_cell(report),
    )


def probes_line(reports: tuple[ProbeReport, ...]) -> dict[str, Json]:
    """What `--probe` adds to the JSON of an update; a text that cannot be read says why."""
    return {"probes": [_probe_line(report) for report in reports]}


def _probe_line(report: ProbeReport) -> dict[str, Json]:
    if report.start is None or report.now is None:
        return {"text": report.text, "error": report.refused}
    token = report.now.likeliest
    return {
        "text": report.text,
        "loss_at_start": report.start.loss,
        "loss": report.now.loss,
        "next": {"id": token.id, "text": token.text, "p": token.p},
        "p_at_start": report.now.p_at_start,
    }


def _write_probes(output: Output, reports: tuple[ProbeReport, ...]) -> None:
    output.text("\nprobes, before the first update and after the last")
    for line in table(PROBE_COLUMNS, map(probe_cells, reports)):
        output.text(line)


def probe_cells(report: ProbeReport) -> tuple[str, ...]:
    """The cells of one probe; p is that of the token that is the likeliest now."""
    text = visible(report.text, limit=LONGEST_PROBE)
    if report.start is None or report.now is None:
        return (text, "", "", "", visible(report.refused), "", "")
    losses = report.start.loss, report.now.loss
    return (
        text,
        *("" if loss is None else nats(loss) for loss in losses),
        "" if report.change is None else signed(report.change),
        visible_token(report.now.likeliest.text),
        probability(report.now.p_at_start),
        probability(report.now.likeliest.p),
    )


def layers_line(moved: MovedReport, report: UpdateReport) -> dict[str, Json]:
    """What `--layers` adds to the JSON of an update; a layer without a gradient has null."""
    norms = gradients_of(report)
    return {
        "layers": [
            {
                "name": layer.name,
                "grad_norm": norms.get(layer.name),
                "parameters": layer.parameters,
                "moved": layer.moved,
                "share": layer.share,
                "update_norm": layer.update_norm,
                "weight_norm": layer.weight_norm,
                "ratio": layer.ratio,
            }
            for layer in moved.layers
        ]
    }


def gradients_of(report: UpdateReport) -> dict[str, float]:
    """The norm of the gradient of each layer, by name, and of all together."""
    return {one.name: one.norm for one in report.gradients} | {ALL: report.grad_norm}


def _write_layers(output: Output, moved: MovedReport, report: UpdateReport) -> None:
    """The last update layer by layer, as the view of Step has it."""
    output.text(f"\nwhat update {moved.update} changed; ratio = change / norm")
    norms = gradients_of(report)
    rows = [layer_cells(layer, norms.get(layer.name)) for layer in (*moved.layers, moved.total)]
    for line in table(LAYER_COLUMNS, rows):
        output.text(line)


def layer_cells(layer: LayerMoved, gradient: float | None) -> tuple[str, ...]:
    """The cells of one layer; empty where an update could not tell."""
    return (
        visible(layer.name),
        f"{layer.parameters:,}",
        "" if gradient is None else f"{gradient:.4g}",
        "" if layer.moved is None else f"{layer.moved:,}",
        "" if layer.share is None else percent(layer.share, 2),
        *(
            "" if number is None else f"{number:.4g}"
            for number in (layer.update_norm, layer.weight_norm, layer.ratio)
        ),
    )


def _write_readable(
    output: Output, status: LearnerStatus, updates: Iterator[UpdateReport]
) -> UpdateReport:
    """The updates as they are made, then the predictions; gives back the last."""
    # A text that cannot be trained on is refused here, before a heading is on the screen.
    first = last = next(updates)
    output.text(describe_model(status))
    output.text(f"{status.optimizer}, lr {learning_rate(status.lr)}, {describe_mode(status)}")
    output.text(heading(UPDATE_COLUMNS))
    output.text(row(UPDATE_COLUMNS, update_cells(first, None)))
    for report in updates:
        output.text(row(UPDATE_COLUMNS, update_cells(report, last)))
        last = report
    if last.note:
        output.text(last.note)
    output.text()
    pairs = zip(first.before.positions, last.after.positions, strict=True)
    for line in table(PREDICTION_COLUMNS, (prediction_cells(*pair) for pair in pairs)):
        output.text(line)
    return last


def describe_model(status: LearnerStatus) -> str:
    model = status.model
    name, architecture = visible(model.name), visible(model.architecture)
    return (
        f"{name}: {architecture}, {model.parameters:,} parameters, "
        f"{model.device}, {describe_precision(model.device, model.precision)}"
    )


def describe_mode(status: LearnerStatus) -> str:
    if status.dropout == 0:
        return "no dropout in this model, so train and eval mode are the same"
    if status.training:
        return f"train mode (dropout {status.dropout:g})"
    return "eval mode (dropout off)"


def update_cells(report: UpdateReport, last: UpdateReport | None) -> tuple[str, ...]:
    """The change is that of the loss since the update before; the first update has none."""
    return (
        str(report.update),
        nats(report.loss),
        "" if last is None else signed(report.loss - last.loss),
        f"{report.grad_norm:.4g}",
        learning_rate(report.lr),
        moved_cell(report),
    )


def moved_cell(report: UpdateReport) -> str:
    """Empty where memory was too short to count them."""
    return "" if report.moved is None else f"{report.moved:,}"


def prediction_cells(before: Position, after: Position) -> tuple[str, ...]:
    """A position as it was before the first update and as it is after the last."""
    expected = before.expected
    return (
        str(before.index),
        visible_token(before.text),
        "" if expected is None else visible_token(expected.text),
        *_candidate_cells(before.top[0]),
        *_candidate_cells(after.top[0]),
    )


def _candidate_cells(candidate: Candidate) -> tuple[str, str]:
    return visible_token(candidate.text), probability(candidate.p)
