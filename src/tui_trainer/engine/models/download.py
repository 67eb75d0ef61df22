"""What comes from the Hub, a model's files or a data set's rows, with progress and a cancel."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.reports.models import LoadProgress
from tui_trainer.reports.progress import Progress

TOKENIZER_FILES = ["*.json", "*.txt", "*.model", "*.jinja", "*.py"]
WEIGHT_FILES = ["*.safetensors"]


@dataclass(frozen=True)
class Rows:
    """The first rows of a data set's split, as the Hub has them."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, object], ...]


def download_snapshot(repo: str, progress: Progress, *, weights: bool) -> Path:
    """Fetch what is missing of a Hub model; return its folder in the Hub cache.

    Raises InputError with one sentence where the Hub refuses or breaks off, CancelledError
    where the user cancelled. What was downloaded stays in the cache, so a second try goes on.
    """
    patterns = TOKENIZER_FILES + (WEIGHT_FILES if weights else [])
    told = list(_ask_hub(["--patterns", *patterns, "--", "model"], repo, progress))
    return Path(str(told[-1]["folder"]))


def download_rows(
    repo: str, config: str, split: str, limit: int | None, progress: Progress
) -> Rows:
    """The first `limit` rows of a Hub data set through `datasets.load_dataset`.

    Raises InputError and CancelledError as `download_snapshot` does.
    """
    options = [f"--config={config}", f"--split={split}"]
    if limit is not None:
        options.append(f"--limit={limit}")
    first, *others = _ask_hub([*options, "--", "problems"], repo, progress)
    columns = first["columns"]
    assert isinstance(columns, list)
    rows = [row for told in others if isinstance(row := told["row"], dict)]
    return Rows(tuple(columns), tuple(rows))


def _ask_hub(arguments: list[str], repo: str, progress: Progress) -> Iterator[dict[str, object]]:
    """Run the process that talks to the Hub; give what it answers, pass its progress on.

    Ended early, by a cancel or an error, it takes the process with it.
    """
    command = [
        sys.executable,
        "-P",
        "-m",
        "tui_trainer.engine.models.hub_process",
        *arguments,
        repo,
    ]
    progress.report(LoadProgress(f"Downloading {repo}"))
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            yield from _listen(process, repo, progress)
        except EOFError:
            process.wait()
            errors.seek(0)
            raise RuntimeError(f"The Hub's client ended early:\n{errors.read()}") from None
        finally:
            process.kill()


def _listen(
    process: "subprocess.Popen[str]", repo: str, progress: Progress
) -> Iterator[dict[str, object]]:
    assert process.stdout is not None
    shown = 0
    for line in process.stdout:
        progress.check()
        told: dict[str, object] = json.loads(line)
        if "end" in told:
            return
        if "traceback" in told:
            raise _failure(told)
        if "done" not in told:
            yield told
        elif isinstance(done := told["done"], int) and done != shown:
            total = told["total"]
            progress.report(
                LoadProgress(f"Downloading {repo}", done, total if isinstance(total, int) else None)
            )
            shown = done
    raise EOFError


def _failure(told: dict[str, object]) -> Exception:
    if told["sentence"] is not None:
        return InputError(str(told["sentence"]))
    return RuntimeError(f"The Hub's client failed:\n{told['traceback']}")
