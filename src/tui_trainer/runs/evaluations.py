"""The evaluations on disk: the app keeps each that it made, in the form of `eval --json`."""

import math
from datetime import datetime
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.reports.evaluated_items import EvaluatedItem
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.runs.began import began
from tui_trainer.runs.evaluation_lines import (
    EVALUATION,
    ITEM,
    evaluation_lines,
    read_evaluation,
    read_item,
)
from tui_trainer.runs.home import plain_name
from tui_trainer.runs.json_files import UNREADABLE, parse_object
from tui_trainer.runs.kept_files import keep_lines, kept_files
from tui_trainer.runs.private_files import private_folder
from tui_trainer.runs.regular_files import read_text
from tui_trainer.xdg import data_home

LISTED = 20
"""The newest are listed: all of them may be hundreds, each with a hundred answers."""


def evaluations_home() -> Path:
    """Where they are, each a file; it may not be there yet."""
    return data_home() / "evaluations"


def keep_evaluation(report: EvaluationReport) -> Path:
    """Write what was scored as `<date>-<model>-<n>.jsonl`; InputError where it cannot be kept."""
    home, now = evaluations_home(), datetime.now().astimezone()
    *items, scores = evaluation_lines(report)
    ended = {"ended": now.isoformat(timespec="seconds")}
    try:
        private_folder(data_home())
        private_folder(home)
        stem = f"{now:%Y-%m-%d}-{plain_name(report.model)}"
        return keep_lines(home, stem, [*items, scores | ended])
    except OSError as error:
        raise InputError(
            f"The evaluation cannot be kept in {home} ({error.strerror or error}), and is lost "
            "with this session: make room or let it be written."
        ) from error


def kept_evaluations() -> list[EvaluationReport]:
    """The last that were kept, oldest first; what cannot be read as one is none."""
    try:
        files = sorted(kept_files(evaluations_home()), key=_changed)[-LISTED:]
    except OSError:
        return []
    found = [report for path in files if (report := _read(path)) is not None]
    return sorted(found, key=lambda report: began(report.ended, evaluations_home()))


def _changed(path: Path) -> tuple[float, str]:
    return began("", path), path.name


def _changed_at(path: Path) -> str:
    """As ISO 8601 writes it: what `eval --json` wrote does not say when that was."""
    return datetime.fromtimestamp(path.stat().st_mtime).astimezone().isoformat(timespec="seconds")


def _read(path: Path) -> EvaluationReport | None:
    items: list[EvaluatedItem] = []
    try:
        for line in map(parse_object, read_text(path).splitlines()):
            if line.get("event") == ITEM:
                items.append(read_item(line))
            elif line.get("event") == EVALUATION and items:
                ended = line.get("ended")
                when = ended if isinstance(ended, str) else _changed_at(path)
                report = read_evaluation(line, tuple(items), when)
                is_whole = math.isfinite(report.seconds) and report.total >= len(items)
                return report if is_whole else None
    except (*UNREADABLE, KeyError):
        pass
    return None
