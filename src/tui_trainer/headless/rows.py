"""`tui-trainer problems --rows N`: the rows of a step as the model gets them."""

import argparse
from collections.abc import Iterator

from tui_trainer.closed import closed
from tui_trainer.engine.start import make_engine
from tui_trainer.errors import InputError
from tui_trainer.headless.arguments import model_choice
from tui_trainer.headless.gsm8k import read_arguments
from tui_trainer.headless.output import Json, Output
from tui_trainer.headless.session import shown_progress, tell_notes
from tui_trainer.reports.loop import HaltReport
from tui_trainer.reports.rows import IGNORED, BatchRow, StepRows
from tui_trainer.reports.steps import StepReport
from tui_trainer.terminal_text import visible_token
from tui_trainer.words.numbers import counted, nats
from tui_trainer.words.rows import (
    describe_agreement,
    describe_step,
    describe_sum,
    describe_way,
    leaks,
    mask_of,
    part_name,
    part_of,
    seen_from,
)
from tui_trainer.words.table import TextColumn, table

COLUMNS = (
    TextColumn("#", 5),
    TextColumn("ID", 7),
    TextColumn("token", 12, left=True),
    TextColumn("item", 5),
    TextColumn("position", 8),
    TextColumn("mask", 4),
    TextColumn("label", 7),
    TextColumn("= next token", 13, left=True),
    TextColumn("loss", 7),
    TextColumn("sees", 9),
)


def show_rows(arguments: argparse.Namespace, output: Output) -> None:
    """InputError where there is no such step."""
    settings, step = read_arguments(arguments), arguments.rows
    if step < 0:
        raise InputError("Steps are counted from 1, and 0 shows the first before it is made.")
    with shown_progress() as progress:
        engine = make_engine(progress)
        tell_notes(engine.load_model(model_choice(arguments)))
        if step == 0:
            rows = engine.rows(settings)
        else:
            with closed(engine.train(settings, record=False)) as reports:
                _make(reports, step)
            rows = engine.rows()
    if output.as_json:
        write_lines(output, rows)
        return
    for line in row_lines(rows):
        output.text(line)


def _make(reports: Iterator[object], step: int) -> None:
    """Make so many steps; InputError where the loop has fewer, or stops before."""
    made = 0
    for report in reports:
        if isinstance(report, HaltReport):
            raise InputError(report.why)
        if isinstance(report, StepReport):
            made = report.step
            if made == step:
                return
    raise InputError(f"The loop has {counted(made, 'step')}: there is no step {step:,}.")


def write_lines(output: Output, rows: StepRows) -> None:
    """The JSON: a line of the step, then a line a row."""
    output.json(step_line(rows))
    for number, row in enumerate(rows.rows):
        output.json(row_line(number, row))


def step_line(rows: StepRows) -> dict[str, Json]:
    """The sum by hand is `summed` / `counted`, and `loss` what the step reported."""
    return {
        "step": rows.step,
        "rows": rows.all_rows,
        "passes": rows.passes,
        "counted": rows.counted,
        "summed": rows.summed,
        "by_hand": rows.by_hand,
        "loss": rows.loss,
        "agrees": rows.agrees,
        "attention": rows.way,
    }


def row_line(number: int, row: BatchRow) -> dict[str, Json]:
    """A list has an entry a position; what the model is not given is null."""
    return {
        "row": number,
        "pass": row.forward_pass,
        "input_ids": row.input_ids,
        "tokens": row.token_texts,
        "attention_mask": row.attention_mask,
        "position_ids": row.position_ids,
        "labels": row.labels,
        "losses": row.losses,
        "items": [
            {"item": part.problem, "start": start, "tokens": part.tokens}
            for part, start in zip(row.parts, row.starts, strict=True)
        ],
        "sees": [
            {"layers": sight.layers, "first": sight.first, "seen": sight.seen, "items": sight.parts}
            for sight in row.sights
        ],
    }


def row_lines(rows: StepRows) -> Iterator[str]:
    """The rows for people, and the sum under them."""
    yield describe_step(rows)
    for number, row in enumerate(rows.rows):
        yield ""
        yield f"row {number + 1}, pass {row.forward_pass + 1}: {describe_way(rows, row)}"
        yield from (f"item {one} sees item {other}" for one, other in leaks(row))
        yield from table(COLUMNS, (position_cells(row, n) for n in range(len(row.input_ids))))
    if rows.loss is not None:
        yield ""
        yield f"{describe_sum(rows)} · {describe_agreement(rows)}"


def position_cells(row: BatchRow, n: int) -> tuple[str, ...]:
    label, loss = row.labels[n], row.losses[n]
    positions = row.position_ids
    return (
        str(n),
        str(row.input_ids[n]),
        visible_token(row.token_texts[n]),
        part_name(row, part_of(row, n)),
        str(n if positions is None else positions[n]),
        str(mask_of(row, n)),
        str(label),
        "" if label == IGNORED else visible_token(row.token_texts[n + 1]),
        "" if loss is None else nats(loss),
        seen_from(row.sights[0], n) if row.sights else "?",
    )
