"""Question/answer items: where they come from.

`builtin` is a generator, a `.jsonl` or `.parquet` file is read here, anything else of the form
`repo` or `repo:config` is a data set on the Hub. The texts are passed on as they are: whoever shows
them makes them fit for a terminal.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tui_trainer.engine.data.problem_files import read_jsonl, read_parquet
from tui_trainer.engine.data.problem_hub import read_hub
from tui_trainer.engine.data.word_problems import word_problems
from tui_trainer.errors import InputError
from tui_trainer.reports.problem import Problem, format_problem
from tui_trainer.reports.progress import UNHEARD, Progress
from tui_trainer.runs.home import given_path

__all__ = ["Problem", "ProblemSource", "describe_problems", "format_problem", "load_problems"]

BUILTIN_ITEMS = 1000
"""The built-in problems have no end; this many are taken where nobody says how many."""
BUILTIN_MOST = BUILTIN_TEST_START = 100_000
"""The split `test` of the built-in problems begins here, far beyond what a loop trains on."""

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+(:[\w.-]+)?", re.ASCII)


@dataclass(frozen=True)
class ProblemSource:
    """A kind of source as `tui-trainer problems` lists it."""

    name: str
    """What `--problems` takes; a file's is an example."""
    description: str
    train_items: int | None = None
    """How many items its split `train` has; None where it depends or there is no end."""
    test_items: int | None = None


def describe_problems() -> tuple[ProblemSource, ...]:
    """Every kind of source, with an example of it."""
    return (
        ProblemSource("builtin", "word problems from a seeded generator, without end"),
        ProblemSource("openai/gsm8k:main", "GSM8K, from the Hub", 7473, 1319),
        ProblemSource(
            "nuprl/engineering-llm-systems:gsm8k", "GSM8K as the notebook loads it, from the Hub"
        ),
        ProblemSource("problems.jsonl", "a file with an object a line: question and answer"),
        ProblemSource("problems.parquet", "a table with the columns question and answer"),
    )


def load_problems(
    source: str,
    *,
    split: str = "train",
    limit: int | None = None,
    seed: int = 0,
    progress: Progress = UNHEARD,
) -> list[Problem]:
    """The first `limit` items of `source` in its own order, fewer where it has no more.

    `split` is for the Hub and for `builtin` (whose `test` has other items than its `train`), `seed`
    for `builtin` alone. Raises InputError with one sentence where there is nothing to read.
    """
    if limit is not None and limit < 1:
        raise InputError(f"At least 1 item is needed, not {limit}.")
    if source == "builtin":
        start = BUILTIN_TEST_START if split == "test" else 0
        if limit is not None and limit > BUILTIN_MOST:
            raise InputError(f"builtin makes at most {BUILTIN_MOST:,} problems, not {limit:,}.")
        return word_problems(BUILTIN_ITEMS if limit is None else limit, seed=seed, start=start)
    suffix = Path(source).suffix.lower()
    if suffix == ".jsonl":
        return read_jsonl(_file(source), limit)
    if suffix == ".parquet":
        return read_parquet(_file(source), limit)
    if is_on_hub(source):
        # The Hub's client would read a folder of that name in its place.
        if _is_here(source.partition(":")[0], Path.is_dir):
            raise InputError(
                f"{source} is a Hub data set by its form and there is a folder of that name here: "
                "give one of its .jsonl or .parquet files, or start in another folder."
            )
        return read_hub(source, split, limit, progress)
    raise InputError(
        f"There are no problems called {source}: use builtin, a .jsonl or .parquet file, or a Hub "
        "data set as repo:config."
    )


def is_on_hub(source: str) -> bool:
    """Whether it names a data set of the Hub: reading it may download it."""
    is_file = Path(source).suffix.lower() in (".jsonl", ".parquet")
    return not is_file and bool(_HUB_NAME.fullmatch(source)) and not _is_here(source, Path.is_file)


def _is_here(name: str, kind: Callable[[Path], bool]) -> bool:
    """Whether something of this kind is at the path; nothing is at one that is too long."""
    try:
        return kind(given_path(name))
    except OSError:
        return False


def _file(source: str) -> Path:
    path = given_path(source)
    if "\0" in source or not _is_here(source, Path.exists):
        raise InputError(f"There is no file {source}: check the path.")
    if not path.is_file():
        raise InputError(f"{source} is not a file: give the path of a .jsonl or .parquet file.")
    return path
