"""Problems from a data set on the Hub, or from the copy of it that `datasets` keeps."""

from itertools import islice

from tui_trainer.engine.errors import InputError
from tui_trainer.engine.hub_errors import hub_sentence
from tui_trainer.engine.problem import Problem
from tui_trainer.engine.problem_columns import problem_of, require_columns


def read_hub(source: str, split: str, limit: int | None) -> list[Problem]:
    """The first `limit` rows of a split; `source` is `repo` or `repo:config`.

    Raises InputError with one sentence where the Hub refuses, breaks off or has no such thing.
    """
    # Loading datasets takes a third of a second, and most sessions never need it.
    import datasets  # noqa: PLC0415

    repo, _, config = source.partition(":")
    # A bar that datasets draws would land in the middle of the screen.
    datasets.disable_progress_bars()
    try:
        data = datasets.load_dataset(repo, config or None, split=split)
    except Exception as error:
        # The Hub's client raises errors of four libraries; what is none of theirs goes on.
        sentence = hub_sentence(error, source) or _choice_sentence(error, source, split)
        if sentence is None:
            raise
        raise InputError(sentence) from error
    require_columns(data.column_names, source)
    problems = [
        problem_of(row, f"Row {number} of {source}")
        for number, row in enumerate(islice(data, limit), start=1)
    ]
    if not problems:
        raise InputError(f"The split {split} of {source} holds no problem: choose another.")
    return problems


def _choice_sentence(error: Exception, source: str, split: str) -> str | None:
    """For a configuration or split that the data set does not have; datasets names those it has."""
    if not isinstance(error, ValueError):
        return None
    said = " ".join(str(error).split())
    choices = said[said.rfind("[") : said.rfind("]") + 1]
    if "split" in said:
        return f"{source} has no split {split}: choose one of {choices or 'its splits'}."
    if "config" in said.lower():
        return (
            f"{source} names no configuration of the data set: add one of {choices} after a colon."
        )
    return None
