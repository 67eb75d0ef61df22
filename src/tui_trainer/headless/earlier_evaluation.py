"""The items of an earlier `tui-trainer eval --json`, to compare a later one with."""

import json
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.reports.evaluated_items import EvaluatedItem
from tui_trainer.runs.evaluation_lines import ITEM, read_item


def read_items(path: str) -> tuple[EvaluatedItem, ...]:
    """The items in a file of JSON lines; other lines are passed over. InputError names a bad one.

    Their outcomes are worked out again from the answers.
    """
    try:
        lines = Path(path).expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}): give what eval --json wrote.") from None
    items = [_item(line, number, path) for number, line in enumerate(lines, start=1)]
    found = tuple(item for item in items if item is not None)
    if not found:
        raise InputError(f"{path} holds no evaluated item: give what eval --json wrote.")
    return found


def _item(line: str, number: int, path: str) -> EvaluatedItem | None:
    try:
        values = json.loads(line)
        return read_item(values) if values.get("event") == ITEM else None
    except (ValueError, KeyError, AttributeError, RecursionError):
        raise InputError(
            f"Line {number} of {path} is not what eval --json writes: evaluate again."
        ) from None
