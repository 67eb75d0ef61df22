"""Keeps the theme and the model of last time, away from the UI's thread."""

from concurrent.futures import Future, wait
from dataclasses import replace
from functools import partial
from pathlib import Path

from tui_trainer.configuration.kept import Kept, anywhere, kept_file, write_kept
from tui_trainer.session.disk import begin_in_thread


class Keeping:
    """A home on a network may not answer: nobody waits for it but the end of the process."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self._written: Future[None] | None = None

    def keep_theme(self, name: str) -> None:
        self._keep(replace(self.kept, theme=name))

    def keep_model(self, source: str) -> None:
        self._keep(replace(self.kept, model=source))

    def _keep(self, kept: Kept) -> None:
        """After what was to be kept before, so that the last choice stays."""
        if kept == self.kept:
            return
        self.kept = kept
        try:
            work = partial(_write_after, self._written, kept_file(), kept)
        except RuntimeError:  # whoever runs this has no home
            return
        self._written = begin_in_thread(work)

    def wait(self, seconds: float) -> None:
        """Until it is written, or for so long."""
        if self._written is not None:
            wait([self._written], seconds)


def _write_after(before: Future[None] | None, file: Path, kept: Kept) -> None:
    if before is not None:
        wait([before])
    write_kept(file, kept if kept.model is None else replace(kept, model=anywhere(kept.model)))
