"""`tui-trainer predict`: the forward pass that the Predict screen shows, and generation."""

import argparse
from typing import TYPE_CHECKING

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
from tui_trainer.headless.output import Json, Output
from tui_trainer.headless.session import shown_progress, tell_notes
from tui_trainer.reports.generation import GeneratedToken, SamplingStep
from tui_trainer.reports.predictions import Candidate, Position, Prediction
from tui_trainer.settings.sampling import Sampling
from tui_trainer.terminal_text import visible, visible_token
from tui_trainer.words.numbers import nats, probability
from tui_trainer.words.table import TextColumn, heading, row, table

if TYPE_CHECKING:
    from tui_trainer.engine.engine import Engine

POSITION_COLUMNS = (
    TextColumn("position", 8),
    TextColumn("token", 0, left=True),
    TextColumn("expected next", 0, left=True),
    TextColumn("p", 6),
    TextColumn("rank", 5),
    TextColumn("loss", 6),
    TextColumn("entropy", 7),
    TextColumn("most likely", 0, left=True),
)
STEP_COLUMNS = (
    TextColumn("step", 11, left=True),
    TextColumn("left", 7),
    TextColumn("most likely", 0, left=True),
)
TOKEN_COLUMNS = (
    TextColumn("position", 8),
    TextColumn("ID", 7),
    TextColumn("p", 6),
    TextColumn("draw", 6),
    TextColumn("token", 0, left=True),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Run the model once on TEXT: at each position the expected token, the most likely ones, "
        "loss and entropy. With --generate, go on for N tokens. With --json, the first line is the "
        "forward pass; the steps of sampling and the generated tokens follow, each with an event."
    )
    parser.add_argument("text", metavar="TEXT", help="the text; - reads standard input")
    parser.add_argument(
        "--top", type=whole, default=5, metavar="N", help="the most likely tokens to show (5)"
    )
    parser.add_argument(
        "--position",
        type=whole,
        metavar="I",
        help="show each step of sampling at this position; -1 is the last",
    )
    add_sampling_arguments(parser)
    add_model_arguments(parser)
    parser.set_defaults(run=run)


def add_sampling_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("generation")
    group.add_argument("--generate", type=whole, default=0, metavar="N", help="N tokens at most")
    add_settings(group, Sampling)


def run(arguments: argparse.Namespace, output: Output) -> None:
    if arguments.top < 1:
        raise InputError(f"At least 1 token must be shown, not {arguments.top}.")
    if arguments.generate < 0:
        raise InputError(f"No fewer than 0 tokens can be generated, not {arguments.generate}.")
    sampling = read_settings(Sampling, arguments)
    choice = model_choice(arguments)
    (text,) = read_texts([arguments.text])
    with shown_progress() as progress:
        engine = make_engine(progress)
        status = engine.load_model(choice)
    tell_notes(status)
    prediction = engine.predict(text, arguments.top)
    _write_prediction(output, prediction)
    if arguments.position is not None:
        position = _index(prediction, arguments.position)
        inspection = engine.inspect(text, (), position, sampling, arguments.top)
        _write_steps(output, position, inspection.steps)
    if arguments.generate:
        _write_generated(output, engine, text, sampling, arguments.generate)


def _index(prediction: Prediction, position: int) -> int:
    """The position from 0, of one that may be counted from the end."""
    length = len(prediction.positions)
    if not -length <= position < length:
        raise InputError(
            f"There is no position {position}: the text has {length:,} tokens, counted from 0."
        )
    return position % length


# The forward pass


def prediction_line(prediction: Prediction) -> dict[str, Json]:
    """The JSON of a forward pass; what is expected is null at the last position."""
    return {
        "shape": prediction.shape,
        "logits_shape": prediction.logits_shape,
        "loss": prediction.loss,
        "positions": [position_line(position) for position in prediction.positions],
    }


def position_line(position: Position) -> dict[str, Json]:
    expected = position.expected
    return {
        "index": position.index,
        "id": position.id,
        "text": position.text,
        "expected_id": None if expected is None else expected.id,
        "expected_p": None if expected is None else expected.p,
        "expected_rank": position.expected_rank,
        "loss": position.loss,
        "entropy": position.entropy,
        "p_sum": position.p_sum,
        "top": [candidate_line(candidate) for candidate in position.top],
    }


def candidate_line(candidate: Candidate) -> dict[str, Json]:
    return {
        "id": candidate.id,
        "text": candidate.text,
        "logit": candidate.logit,
        "p": candidate.p,
    }


def _write_prediction(output: Output, prediction: Prediction) -> None:
    if output.as_json:
        output.json(prediction_line(prediction))
        return
    loss = "none" if prediction.loss is None else nats(prediction.loss)
    output.text(f"input_ids {prediction.shape}, logits {prediction.logits_shape}, loss {loss} nats")
    for line in table(POSITION_COLUMNS, map(position_cells, prediction.positions)):
        output.text(line)


def position_cells(position: Position) -> tuple[str, ...]:
    expected = position.expected
    return (
        str(position.index),
        visible_token(position.text),
        "" if expected is None else visible_token(expected.text),
        "" if expected is None else probability(expected.p),
        "" if position.expected_rank is None else f"{position.expected_rank:,}",
        "" if position.loss is None else nats(position.loss),
        nats(position.entropy),
        candidates_cell(position.top),
    )


def candidates_cell(candidates: tuple[Candidate, ...]) -> str:
    pairs = ((visible_token(one.text), probability(one.p).strip()) for one in candidates)
    return "  ".join(f"{text} {p}" for text, p in pairs)


# The steps of sampling


def _write_steps(output: Output, position: int, steps: tuple[SamplingStep, ...]) -> None:
    if output.as_json:
        for step in steps:
            output.json(step_line(position, step))
        return
    output.text()
    output.text(f"the steps of sampling at position {position}")
    for line in table(STEP_COLUMNS, map(step_cells, steps)):
        output.text(line)


def step_line(position: int, step: SamplingStep) -> dict[str, Json]:
    """The JSON of what one step leaves: how many entries, and the most likely of them."""
    return {
        "event": "sampling",
        "index": position,
        "step": step.name,
        "survivors": step.survivors,
        "top": [candidate_line(candidate) for candidate in step.candidates],
    }


def step_cells(step: SamplingStep) -> tuple[str, ...]:
    return step.name, f"{step.survivors:,}", candidates_cell(step.candidates)


# Generation


def _write_generated(
    output: Output, engine: "Engine", text: str, sampling: Sampling, limit: int
) -> None:
    tokens = engine.generate(text, (), sampling, limit)
    if not output.as_json:
        output.text()
        output.text(heading(TOKEN_COLUMNS))
    generated: tuple[int, ...] = ()
    for token in tokens:
        generated = (*generated, token.id)
        if output.as_json:
            output.json(token_line(token))
        else:
            output.text(row(TOKEN_COLUMNS, token_cells(token)))
    continuation = engine.continuation(text, generated)
    if output.as_json:
        output.json({"event": "generated", "tokens": len(generated), "text": continuation})
        return
    output.text()
    output.text(visible(continuation, newline="\n"))


def token_line(token: GeneratedToken) -> dict[str, Json]:
    """The JSON of one generated token; `draw` is null for a greedy choice."""
    return {
        "event": "token",
        "index": token.index,
        "id": token.id,
        "text": token.text,
        "p": token.p,
        "draw": token.draw,
        "ends": token.ends,
    }


def token_cells(token: GeneratedToken) -> tuple[str, ...]:
    draw = "" if token.draw is None else f"{token.draw:.4f}"
    return str(token.index), str(token.id), probability(token.p), draw, visible_token(token.text)
