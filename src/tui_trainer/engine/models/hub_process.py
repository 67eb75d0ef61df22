"""The process that talks to the Hub: `python -m tui_trainer.engine.models.hub_process`.

A process of its own, because it alone can be cancelled at any moment: the Hub's client waits in
threads and in compiled code that nothing else can interrupt. It tells what happens as one JSON
object a line on stdout, at least `BEATS_A_SECOND` times a second, until the last line, which is
the answer or what went wrong.
"""

import argparse
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from itertools import islice

from tui_trainer.engine.models.hub_errors import hub_sentence

BEATS_A_SECOND = 10

Told = dict[str, object]


def main(arguments: list[str]) -> None:
    """Do what the command line says and tell it on stdout."""
    options = _parser().parse_args(arguments)
    tell = _teller()
    done = [0, 0]
    threading.Thread(target=_beat, args=(tell, done), daemon=True).start()
    try:
        if options.what == "model":
            answers = _model(options.repo, options.patterns, done)
        else:
            answers = _rows(options.repo, options.config, options.split, options.limit)
        for answer in answers:
            tell(answer)
    except Exception as error:
        # The Hub's client raises errors of four libraries; one place knows them all.
        name = options.repo + (f":{options.config}" if options.config else "")
        sentence = hub_sentence(error, name) or _choice_sentence(error, name, options.split)
        tell({"sentence": sentence, "traceback": "".join(traceback.format_exception(error))})
    tell({"end": True})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["model", "problems"])
    parser.add_argument("repo")
    parser.add_argument("--patterns", nargs="*")
    parser.add_argument("--config", default="")
    parser.add_argument("--split", default="")
    parser.add_argument("--limit", type=int)
    return parser


def _teller() -> Callable[[Told], None]:
    """Writes one object a line; ends the process where nobody listens any more."""
    lock = threading.Lock()
    out = sys.stdout
    sys.stdout = sys.stderr  # whatever a library prints is no part of the protocol

    def tell(what: Told) -> None:
        try:
            with lock:
                out.write(json.dumps(what, default=str) + "\n")
                out.flush()
        except BrokenPipeError:
            os._exit(1)

    return tell


def _beat(tell: Callable[[Told], None], done: list[int]) -> None:
    """Tell how many bytes of how many there are; the listener looks up at each line."""
    while True:
        tell({"done": done[0], "total": done[1] or None})
        time.sleep(1 / BEATS_A_SECOND)


def _model(repo: str, patterns: list[str], done: list[int]) -> Iterator[Told]:
    """The folder in the Hub cache that holds a model's files; `done` follows the download."""
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from tqdm.auto import tqdm  # noqa: PLC0415

    class CountingBar(tqdm):  # type: ignore[misc]  # tqdm has no types
        """Draws nothing and keeps `done`."""

        def __init__(self, *args: object, **keywords: object) -> None:
            keywords.pop("name", None)
            silent = {"disable": False, "file": open(os.devnull, "w")}  # noqa: PTH123, SIM115
            super().__init__(*args, **{**keywords, **silent})

        def update(self, n: float | None = 1) -> object:
            shown = super().update(n)
            # Of the two bars that count bytes this one is what arrives, with a guessed total.
            if self.unit == "B" and not str(self.desc).startswith("Downloading bytes"):
                done[:] = int(self.n), int(self.total or 0)
            return shown

    folder = snapshot_download(
        repo, allow_patterns=patterns, ignore_patterns=["*/*"], tqdm_class=CountingBar
    )
    yield {"folder": folder}


def _rows(repo: str, config: str, split: str, limit: int | None) -> Iterator[Told]:
    """The columns of a split of a data set, then its first `limit` rows."""
    import datasets  # noqa: PLC0415

    data = datasets.load_dataset(repo, config or None, split=split)
    yield {"columns": data.column_names}
    for row in islice(data, limit):
        yield {"row": row}


def _choice_sentence(error: Exception, name: str, split: str) -> str | None:
    """For a configuration or split that the data set does not have; datasets names those it has."""
    if not isinstance(error, ValueError):
        return None
    said = " ".join(str(error).split())
    choices = said[said.rfind("[") : said.rfind("]") + 1]
    if "split" in said:
        return f"{name} has no split {split}: choose one of {choices or 'its splits'}."
    if "config" in said.lower():
        return f"{name} names no configuration of the data set: add one of {choices} after a colon."
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
