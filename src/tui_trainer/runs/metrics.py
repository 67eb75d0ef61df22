"""`metrics.jsonl`: a line a step, and lines with an `event` for what else the loop tells."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from tui_trainer.errors import InputError
from tui_trainer.json_lines import LARGEST_WHOLE
from tui_trainer.reports.actions import UNDO
from tui_trainer.reports.layers import FIGURES
from tui_trainer.reports.loop import CHANGES
from tui_trainer.runs.description import Tally
from tui_trainer.runs.json_files import reason
from tui_trainer.runs.loop_lines import LAYERS
from tui_trainer.runs.regular_files import open_regular
from tui_trainer.runs.retried import retried

Line = TypeVar("Line")

CHUNK = 1 << 16
LONGEST_LINE = 1 << 24
"""Bytes: the answer of a sample is some kilobytes."""


# msgspec reads a line into one of these in a tenth of the time of JSON and checks by hand.
Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_WHOLE)]
Amount = Annotated[float, msgspec.Meta(ge=0, le=LARGEST_WHOLE)]


class StepLine(msgspec.Struct, frozen=True, gc=False):
    """One step as the file has it."""

    step: Count
    loss: float | None
    """None where it was not finite."""
    tokens: Count
    lr: Amount
    seconds: Amount
    grad_norm: float | None = None
    """Before clipping; None where it was not finite, and in a run of an earlier version."""
    clipped: bool = False


class ValidationLine(msgspec.Struct, frozen=True, gc=False):
    """One measurement on held-out items, in nats."""

    step: Count
    loss: float | None = None
    question_loss: float | None = None
    answer_loss: float | None = None


class LrLine(msgspec.Struct, frozen=True, gc=False):
    """The first step that was made with another learning rate, the highest of its schedule."""

    step: Count
    lr: float = msgspec.field(name="peak_lr")


class ChangeLine(msgspec.Struct, frozen=True, gc=False):
    """An update on Step between two steps, or the undo or the redo of one."""

    step: Count
    """How many steps were made before."""
    event: str

    @property
    def updates(self) -> int:
        """How many updates more the weights had then."""
        return -1 if self.event == UNDO else 1


class AlertLine(msgspec.Struct, frozen=True, gc=False):
    """What is to be looked at since a step."""

    step: Count
    kind: str = ""
    """One of this version, or of a later one."""


Figures = tuple[float | None, ...]
"""A number a layer; None where it was not finite."""


class LayersLine(msgspec.Struct, frozen=True, gc=False):
    """What a step did to each layer: a number a layer of each figure."""

    step: Count
    layers: tuple[str, ...]
    grad_norm: Figures
    update_ratio: Figures
    rms: Figures
    """Of g over the root of v; None where the optimizer has no v."""
    moved: Figures

    def __post_init__(self) -> None:
        if {len(getattr(self, figure)) for figure in FIGURES} != {len(self.layers)}:
            raise ValueError("a figure is not that of each layer")


class OtherLine(msgspec.Struct, frozen=True, gc=False):
    """Any other event, of a later version too."""

    event: str = ""
    step: int | None = None


MetricsLine = StepLine | ValidationLine | LrLine | ChangeLine | AlertLine | LayersLine | OtherLine
_OTHER = msgspec.json.Decoder(OtherLine)
_WHOLE = msgspec.json.Decoder(dict[str, object])
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    "": msgspec.json.Decoder(StepLine),
    "validation": msgspec.json.Decoder(ValidationLine),
    "alert": msgspec.json.Decoder(AlertLine),
    "lr": msgspec.json.Decoder(LrLine),
    LAYERS: msgspec.json.Decoder(LayersLine),
    **dict.fromkeys(CHANGES, msgspec.json.Decoder(ChangeLine)),
}
"""By the event of a line; a step has none."""


def read_lines(path: Path, start: int = 0) -> Iterator[tuple[MetricsLine, int]]:
    """The lines of a metrics file from byte `start` on, each with the byte after it.

    InputError where a line is not as one is written.
    """
    return _read(path, start, _read_line)


def read_whole_lines(path: Path) -> Iterator[tuple[MetricsLine, dict[str, object]]]:
    """The lines of a metrics file, each with all that it says, of a later version too."""
    for line, _ in _read(path, 0, lambda raw: (_read_line(raw), _WHOLE.decode(raw))):
        yield line


def _read(path: Path, start: int, decode: Callable[[bytes], Line]) -> Iterator[tuple[Line, int]]:
    """What `decode` makes of the lines from byte `start` on, each with the byte after it.

    A last line without its end is being written, or its process died there: it is left out.
    InputError where a line is not as one is written.
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
                yield decode(raw), place
    except FileNotFoundError:
        return
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is damaged ({reason(error)}): restore it; the run's checkpoints can be loaded "
            "as models all the same."
        ) from error


def _read_line(raw: bytes) -> MetricsLine:
    other = _OTHER.decode(raw)
    decoder = _DECODERS.get(other.event)
    line: MetricsLine = other if decoder is None else decoder.decode(raw)
    return line


def read_steps(path: Path, start: int = 0) -> Iterator[tuple[StepLine, int]]:
    """The steps alone."""
    for line, place in read_lines(path, start):
        if isinstance(line, StepLine):
            yield line, place


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
        retried(partial(_copy, source, target, tally.bytes))
    except OSError as error:
        raise _uncopied(source, error) from error


def _copy(source: Path, target: Path, left: int) -> None:
    with open_regular(source) as before, target.open("wb") as copy:
        while left:
            if not (chunk := before.read(min(CHUNK, left))):
                raise OSError("it became shorter")
            left -= copy.write(chunk)


def append_changes(source: Path, start: int, count: int, target: Path) -> int:
    """Append the first `count` lines about Step that `source` has from byte `start` on.

    They tell what a checkpoint has beside its steps. Returns the bytes that were added.
    """
    if not count:
        return 0
    try:
        raw, size = _changes(source, start, count), target.stat().st_size
        retried(partial(_append, target, size, raw))
    except OSError as error:
        raise _uncopied(source, error) from error
    return len(raw)


def _changes(source: Path, begin: int, count: int) -> bytes:
    raw = b""
    with open_regular(source) as file:
        for line, end in read_lines(source, begin):
            if isinstance(line, ChangeLine):
                file.seek(begin)
                raw += file.read(end - begin)
                count -= 1
            begin = end
            if not count:
                break
    return raw


def _append(target: Path, size: int, raw: bytes) -> None:
    """Where an earlier try wrote a part of it, from the same byte on."""
    with target.open("r+b") as file:
        file.truncate(size)
        file.seek(size)
        file.write(raw)


def _uncopied(source: Path, error: OSError) -> InputError:
    return InputError(
        f"{source} cannot be copied ({error.strerror or error}): make room or restore it."
    )
