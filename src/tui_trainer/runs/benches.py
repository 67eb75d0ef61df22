"""The benches on disk: each is kept whole when it ends, and read back with every value checked."""

import math
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tui_trainer.closed import closed
from tui_trainer.errors import InputError
from tui_trainer.json_lines import Json
from tui_trainer.reports.bench_figures import COMPUTE_DTYPES
from tui_trainer.reports.bench_result import BenchHead, BenchReport, BenchResult, LoopResult
from tui_trainer.runs.began import began
from tui_trainer.runs.home import plain_name
from tui_trainer.runs.json_files import UNREADABLE, from_object, parse_object, reason
from tui_trainer.runs.kept_files import keep_lines, kept_files
from tui_trainer.runs.private_files import private_folder
from tui_trainer.settings.bench import LOOPS
from tui_trainer.xdg import data_home

MOST_BYTES = 1_000_000
"""A bench is some kilobytes."""
LARGEST = 1e18
"""No figure of a bench comes near."""


@dataclass(frozen=True)
class KeptBench:
    """A bench and its file."""

    path: Path
    result: BenchResult


@dataclass(frozen=True)
class DamagedBench:
    """A file that is no bench that can be read."""

    path: Path
    why: str


def benches_home() -> Path:
    """Where the benches are, each a file; it may not be there yet."""
    return data_home() / "benches"


def check_benches_home() -> Path:
    """The folder of all benches, made where it is not there; InputError where none can be kept."""
    home = benches_home()
    try:
        private_folder(data_home())
        private_folder(home)
    except OSError as error:
        raise _unwritable(home, error) from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise _unwritable(home, PermissionError("permission denied"))
    return home


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"The bench cannot be kept in {path} ({error.strerror or error}): make room or let it be "
        "written, set XDG_DATA_HOME to another folder, or give --no-keep."
    )


# Write


def bench_lines(result: BenchResult) -> Iterator[dict[str, Json]]:
    """The JSON of a bench as it is kept: a line for all loops, and one for each."""
    yield asdict(result.head)
    yield from loop_lines(result)


def loop_lines(result: BenchResult) -> Iterator[dict[str, Json]]:
    """What `bench --json` prints."""
    return map(asdict, result.loops)


def keep_bench(result: BenchResult) -> Path:
    """Write a bench as `<date>-<model>-<n>.jsonl`, whole or not at all; InputError where it fails.

    No file that is there is written over: not one of a bench that ends at the same moment either.
    """
    home = check_benches_home()
    stem = f"{result.head.started[:10]}-{plain_name(result.head.model)}"
    try:
        return keep_lines(home, stem, bench_lines(result))
    except OSError as error:
        raise _unwritable(home, error) from error


def keeping(reports: Iterator[BenchReport]) -> Iterator[BenchReport]:
    """The same reports; what came of the bench is kept, and the last report says where or why not.

    Raises InputError before the first where nothing could be kept.
    """
    check_benches_home()
    with closed(reports):
        for report in reports:
            yield report if report.result is None else _kept(report, report.result)


def _kept(report: BenchReport, result: BenchResult) -> BenchReport:
    try:
        return replace(report, kept=keep_bench(result).name)
    except InputError as error:
        return replace(report, not_kept=str(error))


# Read


def read_bench(path: Path) -> BenchResult:
    """A bench as `keep_bench` wrote it; InputError where the file is damaged or foreign."""
    try:
        head, *loops = (parse_object(line) for line in _read_text(path).splitlines())
        _check_numbers([head, loops])
        result = BenchResult(
            from_object(head, BenchHead), tuple(from_object(loop, LoopResult) for loop in loops)
        )
        _check_loops(result)
    except UNREADABLE as error:
        raise InputError(
            f"{path} is not a bench of this program, or it is damaged ({reason(error)}): delete "
            "the file."
        ) from error
    return result


def _read_text(path: Path) -> str:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no plain file")
    if status.st_size > MOST_BYTES:
        raise ValueError(f"it has {status.st_size:,} bytes, more than any bench")
    return path.read_text(encoding="utf-8")


def _check_numbers(value: object) -> None:
    """ValueError for a number that no bench can have, which would fill the screen."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _check_numbers(item)
    elif isinstance(value, float | int) and not (math.isfinite(value) and abs(value) <= LARGEST):
        raise ValueError("a number is out of range")


def _check_loops(result: BenchResult) -> None:
    """ValueError where the loops are not those of one bench, each with all of its figures."""
    names = [loop.loop for loop in result.loops]
    if unknown := sorted(set(names) - LOOPS.keys()):
        raise ValueError(f"there is no loop {unknown[0][:20]!r}")
    if not names or len(set(names)) < len(names):
        raise ValueError("each loop has one line, and there is at least one")
    for loop in result.loops:
        _check_figures(loop)


MAY_LACK = "failed", "held_out_loss_before", "held_out_equal_tokens", "warm_up", "threads"


def _check_figures(loop: LoopResult) -> None:
    has_all = all(value is not None or name in MAY_LACK for name, value in vars(loop).items())
    if loop.failed is None and not has_all:
        raise ValueError(f"{loop.loop} did not fail, and has not all figures")
    if loop.precision is not None and loop.precision not in COMPUTE_DTYPES:
        raise ValueError(f"precision {loop.precision[:20]!r} is not known")


def list_benches() -> list[KeptBench | DamagedBench]:
    """All benches, the newest first, and the files among them that cannot be read."""
    listed: list[tuple[float, str, KeptBench | DamagedBench]] = []
    for path in _bench_files():
        try:
            bench: KeptBench | DamagedBench = KeptBench(path, read_bench(path))
        except InputError as error:
            bench = DamagedBench(path, str(error))
        listed.append((_moment(bench), path.name, bench))
    return [bench for _, _, bench in sorted(listed, key=lambda row: row[:2], reverse=True)]


def _bench_files() -> list[Path]:
    try:
        return kept_files(benches_home())
    except OSError as error:
        raise InputError(
            f"The benches in {benches_home()} cannot be read ({error.strerror})."
        ) from error


def _moment(bench: KeptBench | DamagedBench) -> float:
    """When it was made; when the file changed where that is not told."""
    return began(bench.result.head.started if isinstance(bench, KeptBench) else "", bench.path)
