"""Problems from a file: an object a line, or a table."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tui_trainer.engine.errors import InputError
from tui_trainer.engine.problem import Problem
from tui_trainer.engine.problem_columns import (
    ANSWER,
    QUESTION,
    REASONING,
    problem_of,
    require_columns,
)


def read_jsonl(path: Path, limit: int | None) -> list[Problem]:
    """The first `limit` objects; blank lines are passed over. InputError names a bad line."""
    try:
        # A byte at a time is right here: a line that is not UTF-8 is then named by its number.
        with path.open("rb") as file:
            problems = list(islice(_json_problems(file, path), limit))
    except OSError as error:
        raise InputError(_unreadable(path, error)) from error
    return _require_some(problems, path)


def _json_problems(lines: Iterator[bytes], path: Path) -> Iterator[Problem]:
    for number, line in enumerate(lines, start=1):
        where = f"Line {number} of {path}"
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if text.strip():
            yield problem_of(_json_object(text, where), where)


def _json_object(line: bytes, where: str) -> dict[str, object]:
    try:
        row = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise InputError(f"{where} is not UTF-8 text: save the file as UTF-8.") from error
    except (ValueError, RecursionError) as error:
        said = getattr(error, "msg", "too deep or too large")
        raise InputError(f"{where} is not valid JSON ({said}): mend or delete it.") from error
    if not isinstance(row, dict):
        raise InputError(f"{where} is not a JSON object: it needs a question and an answer.")
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
            rows = (
                row
                for batch in table.iter_batches(1000, columns=wanted)
                for row in batch.to_pylist()
            )
            problems = [
                problem_of(row, f"Row {number} of {path}")
                for number, row in enumerate(islice(rows, limit), start=1)
            ]
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(_unreadable(path, error)) from error
    return _require_some(problems, path)


def _require_some(problems: list[Problem], path: Path) -> list[Problem]:
    if not problems:
        raise InputError(f"{path} holds no problem: give a file with a question and an answer.")
    return problems


def _unreadable(path: Path, error: Exception) -> str:
    said = getattr(error, "strerror", None) or str(error).split("\n")[0]
    return f"{path} cannot be read ({said}): check the file or make it anew."
