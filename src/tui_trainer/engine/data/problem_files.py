"""Problems from a file: an object a line, or a table."""

import json
from collections.abc import Iterable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tui_trainer.engine.data.problem_columns import (
    ANSWER,
    QUESTION,
    REASONING,
    problem_of,
    require_columns,
)
from tui_trainer.errors import InputError
from tui_trainer.reports.problem import Problem

if TYPE_CHECKING:
    import pyarrow

LONGEST_LINE = 64 << 20
"""Bytes; the longest context in use, 10 million tokens, is some 40 MB."""


def read_jsonl(path: Path, limit: int | None) -> list[Problem]:
    """The first `limit` objects; blank lines are passed over. InputError names a bad line."""
    try:
        # A byte at a time is right here: a line that is not UTF-8 is then named by its number.
        with path.open("rb") as file:
            problems = list(islice(_json_problems(_lines(file, path), path), limit))
    except OSError as error:
        raise InputError(_unreadable(path, error)) from error
    return _require_some(problems, path)


def _lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """The lines, none longer than can be an item's: a file of another kind may be one line."""
    for number in count(1):
        line = file.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise InputError(
                f"Line {number} of {path} is longer than {LONGEST_LINE:,} bytes: write an object a "
                "line."
            )
        if not line:
            return
        yield line


def _json_problems(lines: Iterator[bytes], path: Path) -> Iterator[Problem]:
    for number, line in enumerate(lines, start=1):
        where = f"Line {number} of {path}"
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if text.strip():
            yield problem_of(_json_object(text, where), where)


def _json_object(line: bytes, where: str) -> dict[str, object]:
    try:
        row = json.loads(line.decode(), object_pairs_hook=_object)
    except _DoubledError as error:
        raise InputError(f"{where} has {error} twice: delete one of them.") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{where} is not UTF-8 text: save the file as UTF-8.") from error
    except (ValueError, RecursionError) as error:
        said = getattr(error, "msg", "too deep or too large")
        raise InputError(f"{where} is not valid JSON ({said}): mend or delete it.") from error
    if not isinstance(row, dict):
        raise InputError(f"{where} is not a JSON object: it needs a question and an answer.")
    return row


class _DoubledError(ValueError):
    """A name that is twice in one object; readers differ in which they take."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DoubledError(next(name for name in names if names.count(name) > 1))
    return row


def read_parquet(path: Path, limit: int | None) -> list[Problem]:
    """The first `limit` rows of the table; InputError names a bad row, counted from 1."""
    # Loading pyarrow takes a tenth of a second, and only this file type needs it.
    import pyarrow  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415

    try:
        with pyarrow.parquet.ParquetFile(path) as table:
            columns = table.schema_arrow.names
            require_columns(columns, str(path))
            wanted = [name for name in columns if name in (QUESTION, ANSWER, REASONING)]
            rows = _rows(table.iter_batches(1000, columns=wanted), path)
            problems = [
                problem_of(row, f"Row {number} of {path}")
                for number, row in enumerate(islice(rows, limit), start=1)
            ]
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(_unreadable(path, error)) from error
    return _require_some(problems, path)


def _rows(batches: "Iterable[pyarrow.RecordBatch]", path: Path) -> Iterator[dict[str, object]]:
    """The rows of a table; InputError where a text in one that is asked for is not UTF-8."""
    number = 0
    for batch in batches:
        try:
            rows = iter(batch.to_pylist())
        except UnicodeDecodeError:  # somewhere in them: one at a time, as far as they are wanted
            rows = (_row(batch, n, f"Row {number + n + 1} of {path}") for n in range(len(batch)))
        yield from rows
        number += len(batch)


def _row(batch: "pyarrow.RecordBatch", index: int, where: str) -> dict[str, object]:
    row = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            row[name] = column[index].as_py()
        except UnicodeDecodeError as error:
            article = "an" if name == ANSWER else "a"
            raise InputError(
                f"{where} has {article} {name} that is not UTF-8 text: write the file anew."
            ) from error
    return row


def _require_some(problems: list[Problem], path: Path) -> list[Problem]:
    if not problems:
        raise InputError(f"{path} holds no problem: give a file with a question and an answer.")
    return problems


def _unreadable(path: Path, error: Exception) -> str:
    said = getattr(error, "strerror", None) or str(error).split("\n")[0]
    return f"{path} cannot be read ({said}): check the file or make it anew."
