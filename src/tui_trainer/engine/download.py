"""A model's files from the Hub, with progress and a way to cancel."""

from pathlib import Path
from typing import cast

from huggingface_hub import snapshot_download
from tqdm.auto import tqdm

from tui_trainer.engine.errors import CancelledError, InputError
from tui_trainer.engine.hub_errors import hub_sentence
from tui_trainer.engine.progress import Progress
from tui_trainer.engine.reports import LoadProgress

TOKENIZER_FILES = ["*.json", "*.txt", "*.model", "*.jinja", "*.py"]
WEIGHT_FILES = ["*.safetensors"]


def download_snapshot(repo: str, progress: Progress, *, weights: bool) -> Path:
    """Fetch what is missing of a Hub model; return its folder in the Hub cache.

    Raises InputError with one sentence where the Hub refuses or breaks off, CancelledError
    where the user cancelled. What was downloaded stays in the cache, so a second try goes on.
    """
    try:
        folder = snapshot_download(
            repo,
            allow_patterns=TOKENIZER_FILES + (WEIGHT_FILES if weights else []),
            ignore_patterns=["*/*"],
            tqdm_class=_reporting_bar(repo, progress),
        )
    except CancelledError:
        raise
    except Exception as error:
        # The Hub's client raises errors of four libraries; one place knows them all.
        sentence = hub_sentence(error, repo)
        if sentence is None:
            raise
        raise InputError(sentence) from error
    return Path(folder)


def _reporting_bar(repo: str, progress: Progress) -> type[tqdm]:  # type: ignore[type-arg]
    """A progress bar that draws nothing and tells `progress` instead."""

    class ReportingBar(tqdm):  # type: ignore[type-arg]
        def __init__(self, *args: object, **keywords: object) -> None:
            keywords.pop("name", None)
            super().__init__(*args, **{**keywords, "disable": False, "file": _Nowhere()})

        def update(self, n: float | None = 1) -> bool | None:
            progress.check()
            shown = super().update(n)
            # Two bars count bytes: what arrives and what is written; the second is complete
            # for files that were cached too.
            if self.unit == "B" and self.desc.startswith("Reconstruct"):
                total = int(self.total) if self.total else None
                progress.tell(LoadProgress(f"Downloading {repo}", int(self.n), total))
            return cast("bool | None", shown)

    return ReportingBar


class _Nowhere:
    """A file for a progress bar that must not draw over the screen."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass
