"""`metrics.jsonl`: a line a step, and lines with an `event` for what else the loop tells."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tui_trainer.errors import InputError
from tui_trainer.reports.actions import UNDO
from tui_trainer.reports.loop import CHANGES
from tui_trainer.runs.description import Tally
from tui_trainer.runs.plain import LARGEST_WHOLE, reason
from tui_trainer.runs.regular_files import open_regular

CHUNK = 1 << 16
LONGEST_LINE = 1 << 24
"""Bytes: the answer of a sample is some kilobytes."""


class ValidationLine(NamedTuple):
    """One measurement on held-out items, in nats."""

    step: int
    loss: float | None
    question_loss: float | None
    answer_loss: float | None


class LrLine(NamedTuple):
    """The first step that was made with another learning rate, the highest of its schedule."""

    step: int
    lr: float


class StepLine(NamedTuple):
    """One step as the file has it; of a million a frozen dataclass takes a second more."""

    step: int
    loss: float | None
    """None where it was not finite."""
    tokens: int
    lr: float
    seconds: float


def read_lines(path: Path, start: int = 0) -> Iterator[tuple[dict[str, object], int]]:
    """The objects of a metrics file from byte `start` on, each with the byte after its line.

    A last line without its end is being written, or its process died there: it is left out.
    """
    try:
        with open_regular(path) as file:
            file.seek(start)
            place = start
            for raw in iter(partial(file.readline, LONGEST_LINE), b""):
                place += len(raw)
                if len(raw) == LONGEST_LINE:
                    raise ValueError("a line is longer than any")
                if not raw.endswith(b"\n"):
                    return
                yield _object(raw), place
    except FileNotFoundError:
        return
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> InputError:
    """The sentence for a metrics file with a line that is not as one is written."""
    return InputError(
        f"{path} is damaged ({reason(error)}): restore it; the run's checkpoints can be loaded as "
        "models all the same."
    )


def _object(raw: bytes) -> dict[str, object]:
    line = json.loads(raw.decode())  # given bytes, it would guess at their encoding first
    if not isinstance(line, dict):
        raise ValueError(f"{raw[:40]!r} is not an object")
    return line


def read_step(line: dict[str, object]) -> StepLine | None:
    """One step; None for an event. ValueError where the line is neither."""
    if "event" in line:
        return None
    step, loss, tokens = line.get("step"), line.get("loss"), line.get("tokens")
    lr, seconds = line.get("lr"), line.get("seconds")
    # Tuples: for `int | float` each call makes a union, which doubles the time of this function.
    if (
        not isinstance(step, int)
        or not isinstance(tokens, int)
        or not isinstance(lr, (int, float))
        or not isinstance(seconds, (int, float))
        or not (loss is None or isinstance(loss, (int, float)))
    ):
        raise ValueError(f"line {step} lacks step, loss, tokens, lr or seconds")
    # Written out, since `all` of a generator takes as long as reading the JSON does.
    if not (
        0 <= step <= LARGEST_WHOLE
        and 0 <= tokens <= LARGEST_WHOLE
        and 0 <= lr <= LARGEST_WHOLE
        and 0 <= seconds <= LARGEST_WHOLE
        and (loss is None or isinstance(loss, float) or abs(loss) <= LARGEST_WHOLE)
    ):
        raise ValueError(f"line {step} has a number out of range")
    return StepLine(step, loss, tokens, lr, seconds)


def read_validation(line: dict[str, object]) -> ValidationLine | None:
    """One measurement; None for another event. ValueError where it is not as one is written."""
    if line.get("event") != "validation":
        return None
    step = line.get("step")
    if not (isinstance(step, int) and 0 <= step <= LARGEST_WHOLE):
        raise ValueError("a validation has no step")
    loss, question, answer = (_loss(line, name) for name in ValidationLine._fields[1:])
    return ValidationLine(step, loss, question, answer)


def read_lr(line: dict[str, object]) -> LrLine | None:
    """One change of the learning rate; None for another event. ValueError as above."""
    if line.get("event") != "lr":
        return None
    step, lr = line.get("step"), line.get("peak_lr")
    if isinstance(step, int) and isinstance(lr, float) and 0 <= step <= LARGEST_WHOLE:
        return LrLine(step, lr)
    raise ValueError("a change of the learning rate has no step or no rate")


def _loss(line: dict[str, object], name: str) -> float | None:
    loss = line.get(name)
    if loss is None or isinstance(loss, float):
        return loss
    raise ValueError(f"the {name} of a validation is no number")


class ChangeLine(NamedTuple):
    """An update on Step between two steps, or the undo or the redo of one."""

    step: int
    """How many steps were made before."""
    updates: int
    """How many updates more the weights had then."""


def read_change(line: dict[str, object]) -> ChangeLine | None:
    """An update on Step; None for another event. ValueError where it has no step."""
    if line.get("event") not in CHANGES:
        return None
    step = line.get("step")
    if not isinstance(step, int) or not 0 <= step <= LARGEST_WHOLE:
        raise ValueError("the step of an update is no number")
    return ChangeLine(step, -1 if line["event"] == UNDO else 1)


def checked_lines(
    path: Path,
) -> Iterator[tuple[StepLine | ValidationLine | ChangeLine | None, int]]:
    """The steps, the measurements and the updates on Step, None for another event, each with its
    end."""
    for line, place in read_lines(path):
        try:
            yield read_step(line) or read_validation(line) or read_change(line), place
        except ValueError as error:
            raise damaged(path, error) from error


def read_metrics(path: Path, start: int = 0) -> Iterator[tuple[StepLine | None, int]]:
    """The steps of a metrics file from byte `start` on, None for an event, each with its end."""
    for line, place in read_lines(path, start):
        try:
            yield read_step(line), place
        except ValueError as error:
            raise damaged(path, error) from error


def read_steps(path: Path, start: int = 0) -> Iterator[tuple[StepLine, int]]:
    """The steps alone."""
    for step, place in read_metrics(path, start):
        if step is not None:
            yield step, place


def tally_on(path: Path, tally: Tally) -> Tally:
    """`tally` with the steps of the file that came after it."""
    for step, place in read_steps(path, tally.bytes):
        tally = replace(
            tally.with_step(step.step, step.loss, step.tokens, step.seconds), bytes=place
        )
    return tally


def tally_up_to(path: Path, step: int, told: Tally | None = None) -> Tally:
    """What the lines up to that of `step`, a checkpoint's, come to; its `bytes` are theirs.

    What was measured after that step is left out: the loop that goes on measures it again.
    InputError where the steps are not 1 to `step`, each once, or do not come to what the
    checkpoint `told`.
    """
    tally = Tally()
    for found, place in read_steps(path):
        if tally.step == step:
            break
        if found.step != tally.step + 1:
            raise _unfit(path, step, f"step {found.step:,} comes after step {tally.step:,}")
        tally = replace(
            tally.with_step(found.step, found.loss, found.tokens, found.seconds), bytes=place
        )
    if tally.step < step:
        raise _unfit(path, step, f"its last step is {tally.step:,}")
    if told is not None and tally != told:
        raise _unfit(path, step, "its steps have other losses, tokens or times")
    return tally


def _unfit(path: Path, step: int, why: str) -> InputError:
    return InputError(
        f"{path} is not what it was at the checkpoint of step {step:,} ({why}): restore the file, "
        "or load the checkpoint as a model and start a run of its own."
    )


def copy_up_to(source: Path, target: Path, tally: Tally) -> None:
    """Copy the lines of `tally`, so that none is there twice later."""
    try:
        with open_regular(source) as before, target.open("wb") as copy:
            left = tally.bytes
            while left:
                if not (chunk := before.read(min(CHUNK, left))):
                    raise OSError("it became shorter")
                left -= copy.write(chunk)
    except OSError as error:
        raise _uncopied(source, error) from error


def append_changes(source: Path, start: int, count: int, target: Path) -> int:
    """Append the first `count` lines about Step that `source` has from byte `start` on.

    They tell what a checkpoint has beside its steps. Returns the bytes that were added.
    """
    added, begin = 0, start
    try:
        with open_regular(source) as before, target.open("ab") as copy:
            for line, end in read_lines(source, start) if count else ():
                if line.get("event") in CHANGES:
                    before.seek(begin)
                    added += copy.write(before.read(end - begin))
                    count -= 1
                begin = end
                if not count:
                    break
    except OSError as error:
        raise _uncopied(source, error) from error
    return added


def _uncopied(source: Path, error: OSError) -> InputError:
    return InputError(
        f"{source} cannot be copied ({error.strerror or error}): make room or restore it."
    )
