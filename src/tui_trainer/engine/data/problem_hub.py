"""Problems from a data set on the Hub, or from the copy of it that `datasets` keeps."""

from tui_trainer.engine.data.problem_columns import problem_of, require_columns
from tui_trainer.engine.models.download import download_rows
from tui_trainer.errors import InputError
from tui_trainer.reports.problem import Problem
from tui_trainer.reports.progress import Progress


def read_hub(source: str, split: str, limit: int | None, progress: Progress) -> list[Problem]:
    """The first `limit` rows of a split; `source` is `repo` or `repo:config`.

    Raises InputError with one sentence where the Hub refuses, breaks off or has no such thing,
    CancelledError where the user cancelled.
    """
    repo, _, config = source.partition(":")
    data = download_rows(repo, config, split, limit, progress)
    require_columns(data.columns, source)
    problems = [
        problem_of(row, f"Row {number} of {source}")
        for number, row in enumerate(data.rows, start=1)
    ]
    if not problems:
        raise InputError(f"The split {split} of {source} holds no problem: choose another.")
    return problems
