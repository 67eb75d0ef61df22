"""What a step finds, written down as it goes: a process that is killed leaves what it had."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

NOT_ON_A_CPU = "not on a cpu"
Value = float | int | str | bool | None | Sequence["Value"] | Mapping[str, "Value"]


@dataclass(frozen=True)
class Criterion:
    """One thing that has to hold."""

    what: str
    measured: float | int | str
    bound: str
    """What it has to be, in words: `at most 0.001`."""
    holds: bool | None
    """None where this machine cannot tell."""


@dataclass(frozen=True)
class Findings:
    """All that a step wrote down."""

    criteria: tuple[Criterion, ...] = ()
    figures: tuple[tuple[str, Value], ...] = ()
    why: str | None = None
    """What ended it before its end, in a sentence."""


class Record:
    """Takes down criteria and figures, a line of JSON each."""

    def __init__(self, path: Path, *, on_device: bool) -> None:
        self._path = path
        self._on_device = on_device

    # What has to hold

    def at_most(
        self, what: str, measured: float, bound: float, *, of_a_device: bool = False
    ) -> None:
        """A NaN holds nothing; `of_a_device`: on a CPU the number says nothing of the program."""
        self._criterion(what, measured, f"at most {bound:g}", measured <= bound, of_a_device)

    def at_least(
        self, what: str, measured: float, bound: float, *, of_a_device: bool = False
    ) -> None:
        self._criterion(what, measured, f"at least {bound:g}", measured >= bound, of_a_device)

    def equal(
        self, what: str, measured: int | str, wanted: int | str, *, of_a_device: bool = False
    ) -> None:
        self._criterion(what, measured, str(wanted), measured == wanted, of_a_device)

    def holds(self, what: str, holds: bool, *, of_a_device: bool = False) -> None:
        self._criterion(what, "yes" if holds else "no", "yes", holds, of_a_device)

    def _criterion(
        self, what: str, measured: float | int | str, bound: str, holds: bool, of_a_device: bool
    ) -> None:
        if of_a_device and not self._on_device:
            self._write("criterion", asdict(Criterion(what, NOT_ON_A_CPU, bound, None)))
        else:
            self._write("criterion", asdict(Criterion(what, written(measured), bound, bool(holds))))

    # What is worth knowing

    def figure(self, name: str, value: Value) -> None:
        self._write("figure", [name, plain(value)])

    def broke_off(self, why: str) -> None:
        """The step did not come to its end."""
        self._write("why", why)

    def _write(self, kind: str, value: object) -> None:
        with self._path.open("a") as file:
            print(json.dumps({kind: value}, allow_nan=False), file=file)


def written(number: float | int | str) -> float | int | str:
    """As JSON has it, which knows no number that is not finite."""
    return str(number) if isinstance(number, float) and not math.isfinite(number) else number


def plain(value: Value) -> Value:
    """A figure as JSON has it."""
    if isinstance(value, float):
        return written(value)
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(each) for each in value]
    return value


def read_findings(path: Path) -> Findings:
    """What a step wrote down; a last line that it could not finish is left out."""
    if not path.exists():
        return Findings()
    lines = [json.loads(line) for line in whole_lines(path.read_text())]
    return Findings(
        tuple(Criterion(**line["criterion"]) for line in lines if "criterion" in line),
        tuple(
            (name, value) for name, value in (line["figure"] for line in lines if "figure" in line)
        ),
        next((line["why"] for line in lines if "why" in line), None),
    )


def whole_lines(text: str) -> Iterable[str]:
    return (line.removesuffix("\n") for line in text.splitlines(True) if line.endswith("\n"))
