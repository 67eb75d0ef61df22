"""From one row of a data set, whatever it was read from, to a Problem."""

import math
from collections.abc import Collection, Mapping
from decimal import Decimal

from tui_trainer.errors import InputError
from tui_trainer.reports.problem import Problem

QUESTION, ANSWER, REASONING = "question", "answer", "reasoning"


def require_columns(columns: Collection[str], where: str) -> None:
    """Raises InputError naming the columns that there are, where one that is needed is not."""
    missing = [name for name in (QUESTION, ANSWER) if name not in columns]
    if missing:
        found = ", ".join(columns) if columns else "none"
        raise InputError(
            f"{where} has no column {' and no column '.join(missing)}: it needs question and "
            f"answer, and its columns are: {found}."
        )


def problem_of(row: Mapping[str, object], where: str) -> Problem:
    """The row's Problem; `where` names the row in an InputError.

    A column `reasoning` goes before the answer in GSM8K's form. A number is an answer as well as
    a string.
    """
    require_columns(row, where)
    question = row[QUESTION]
    if not isinstance(question, str):
        raise InputError(
            f"{where} has a question that is {_kind(question)}: make it a string of text."
        )
    answer = _answer(row[ANSWER], where)
    reasoning = row.get(REASONING)
    if isinstance(reasoning, str) and reasoning.strip():
        mark = "" if "####" in answer else "#### "
        answer = f"{reasoning.rstrip()}\n{mark}{answer}"
    elif reasoning is not None and not isinstance(reasoning, str):
        raise InputError(
            f"{where} has a reasoning that is {_kind(reasoning)}: make it a string of text."
        )
    for name, text in ((QUESTION, question), (ANSWER, answer)):
        _require_unicode(name, text, where)
    return Problem(question, answer, verbatim=answer == row[ANSWER])


def _answer(value: object, where: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float | Decimal) and math.isfinite(value):
        if value == int(value):
            return str(int(value))
        return str(value) if isinstance(value, float) else f"{value.normalize():f}"
    raise InputError(f"{where} has an answer that is {_kind(value)}: make it a string or a number.")


def _kind(value: object) -> str:
    """What a value is, in the words of a data file rather than of Python."""
    if value is None:
        return "missing"
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        return "a number with no value"
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        bytes: "bytes",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), "neither a string nor a number")


def _require_unicode(name: str, text: str, where: str) -> None:
    """JSON can spell half a surrogate pair, which no tokenizer takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"{where} has half a surrogate pair in its {name}, which is no character: mend the row."
        ) from None
