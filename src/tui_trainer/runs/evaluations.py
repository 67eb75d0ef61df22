"""The evaluations on disk: the app keeps each that it made, in the form of `eval --json`."""

import math
import os
from dataclasses import dataclass
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
from tui_trainer.runs.home import given_path, plain_name
from tui_trainer.runs.json_files import UNREADABLE, parse_object, reason
from tui_trainer.runs.kept_files import SUFFIX, keep_lines, kept_files
from tui_trainer.runs.private_files import private_folder
from tui_trainer.runs.regular_files import read_text
from tui_trainer.xdg import data_home

LISTED = 20
"""The app lists the newest: all of them may be hundreds, each with a hundred answers."""


@dataclass(frozen=True)
class KeptEvaluation:
    """An evaluation and its file."""

    path: Path
    report: EvaluationReport

    @property
    def name(self) -> str:
        return self.path.stem


@dataclass(frozen=True)
class DamagedEvaluation:
    """A file that is no evaluation that can be read."""

    path: Path
    why: str


@dataclass(frozen=True)
class EarlierEvaluations:
    """What the app lists of earlier sessions."""

    listed: tuple[KeptEvaluation, ...]
    """Oldest first."""
    older: int
    """How many files there are beside those that were looked at."""


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


def earlier_evaluations() -> EarlierEvaluations:
    """The last that were kept, oldest first; what cannot be read as one is none."""
    try:
        files = sorted(kept_files(evaluations_home()), key=_changed)
    except OSError:
        return EarlierEvaluations((), 0)
    listed = files[-LISTED:]
    found = [one for path in listed if isinstance(one := _open(path), KeptEvaluation)]
    return EarlierEvaluations(tuple(sorted(found, key=_moment)), len(files) - len(listed))


def list_evaluations() -> tuple[list[KeptEvaluation], list[DamagedEvaluation]]:
    """All of them, the last that ended first, and the files that cannot be read as one; InputError
    where the folder cannot be."""
    home = evaluations_home()
    try:
        found = [_open(path) for path in sorted(kept_files(home), key=_changed)]
    except OSError as error:
        raise InputError(
            f"The evaluations in {home} cannot be read ({error.strerror or error})."
        ) from error
    kept = [one for one in found if isinstance(one, KeptEvaluation)]
    damaged = [one for one in found if isinstance(one, DamagedEvaluation)]
    return sorted(kept, key=_moment, reverse=True), damaged


def find_evaluation(name: str) -> Path:
    """The file of one, by its name as it is listed or by its path; InputError where none is."""
    path = given_path(name)
    if path.name == name:
        path = evaluations_home() / f"{name.removesuffix(SUFFIX)}{SUFFIX}"
    if not os.path.isfile(path):  # noqa: PTH113  # Path's raises for a long name
        raise InputError(
            f"There is no evaluation {name}: `tui-trainer evaluations` lists those there are."
        )
    return path


def open_evaluation(path: Path) -> KeptEvaluation:
    """An evaluation with its answers; InputError where the file is damaged or foreign."""
    if isinstance(one := _open(path), DamagedEvaluation):
        raise InputError(one.why)
    return one


def delete_evaluation(path: Path) -> int:
    """Delete the file of one, and no other; how many bytes it had. InputError where it is a link,
    no evaluation, or cannot be deleted."""
    if path.is_symlink():
        raise InputError(f"{path} is a link: delete the file where it is, and the link by hand.")
    open_evaluation(path)
    try:
        size = path.lstat().st_size
        path.unlink()
    except OSError as error:
        raise InputError(f"{path} cannot be deleted ({error.strerror or error}).") from error
    return size


def _moment(kept: KeptEvaluation) -> float:
    return began(kept.report.ended, evaluations_home())


def _changed(path: Path) -> tuple[float, str]:
    return began("", path), path.name


def _changed_at(path: Path) -> str:
    """As ISO 8601 writes it: what `eval --json` wrote does not say when that was."""
    return datetime.fromtimestamp(path.stat().st_mtime).astimezone().isoformat(timespec="seconds")


def _open(path: Path) -> KeptEvaluation | DamagedEvaluation:
    try:
        return KeptEvaluation(path, _read(path))
    except (*UNREADABLE, KeyError) as error:
        return DamagedEvaluation(
            path,
            f"{path} is no evaluation of this program, or it is damaged ({reason(error)}): delete "
            "it by hand.",
        )


def _read(path: Path) -> EvaluationReport:
    """What is in the file; one of `UNREADABLE`, or KeyError, where that is no evaluation."""
    items: list[EvaluatedItem] = []
    for line in map(parse_object, read_text(path).splitlines()):
        if line.get("event") == ITEM:
            items.append(read_item(line))
        elif line.get("event") == EVALUATION and items:
            ended = line.get("ended")
            when = ended if isinstance(ended, str) else _changed_at(path)
            report = read_evaluation(line, tuple(items), when)
            if math.isfinite(report.seconds) and report.total >= len(items):
                return report
            raise ValueError("a number is out of range")
    raise ValueError("it has no scores")
