"""What comes from the Hub, a model's files or a data set's rows, with progress and a cancel."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tui_trainer.errors import InputError
from tui_trainer.reports.models import LoadProgress
from tui_trainer.reports.progress import Progress

TOKENIZER_FILES = ["*.json", "*.txt", "*.model", "*.jinja", "*.py"]
WEIGHT_FILES = ["*.safetensors"]


class _Told(msgspec.Struct, frozen=True):
    """A line of the process that talks to the Hub: one of what it can tell."""

    done: int | None = None
    """How many bytes there are, of `total`."""
    total: int | None = None
    folder: str = ""
    columns: tuple[str, ...] = ()
    row: dict[str, object] | None = None
    sentence: str | None = None
    """What the user can mend, if that is why it failed."""
    traceback: str | None = None
    end: bool = False


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
    return Path(told[-1].folder)


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
    return Rows(first.columns, tuple(told.row for told in others if told.row is not None))


def _ask_hub(arguments: list[str], repo: str, progress: Progress) -> Iterator[_Told]:
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


def _listen(process: "subprocess.Popen[str]", repo: str, progress: Progress) -> Iterator[_Told]:
    assert process.stdout is not None
    shown = 0
    for line in process.stdout:
        progress.check()
        told = msgspec.convert(json.loads(line), _Told)
        if told.end:
            return
        if told.traceback is not None:
            raise _failure(told.sentence, told.traceback)
        if told.done is None:
            yield told
        elif told.done != shown:
            progress.report(LoadProgress(f"Downloading {repo}", told.done, told.total))
            shown = told.done
    raise EOFError


def _failure(sentence: str | None, traceback: str) -> Exception:
    if sentence is not None:
        return InputError(sentence)
    return RuntimeError(f"The Hub's client failed:\n{traceback}")
