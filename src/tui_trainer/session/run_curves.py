"""The loss curves of runs on disk: which were read, how far, and which come next. No widget."""

from collections.abc import Iterable, Sequence

from tui_trainer.runs.curve import CurveReader, LossCurve
from tui_trainer.runs.listing import RunOnDisk
from tui_trainer.session.disk import in_thread

KEPT = 32
"""Curves that are kept though nobody looks at them now."""
NOTHING_READ = LossCurve()


class RunCurves:
    """Lives on the UI's thread; the files are read on another, one slice at a time."""

    def __init__(self) -> None:
        self._readers: dict[str, CurveReader] = {}
        self._curves: dict[str, LossCurve] = {}
        self._read_at: dict[str, int] = {}
        """How long each metrics file was known to be when it was read last."""

    def curve(self, run: RunOnDisk) -> LossCurve:
        """As far as it was read."""
        return self._curves.get(run.name, NOTHING_READ)

    def forget(self, names: Iterable[str]) -> None:
        for name in names:
            for kept in (self._readers, self._curves, self._read_at):
                kept.pop(name, None)

    async def read_slice(self, wanted: Sequence[RunOnDisk]) -> bool:
        """Read on in the first of `wanted` that is not read whole; False where all are."""
        run = next(filter(self._has_more, wanted), None)
        if run is None:
            return False
        reader = self._readers.setdefault(run.name, CurveReader(run.folder))
        curve = await in_thread(reader.read_on)
        if self._readers.get(run.name) is reader:  # not forgotten meanwhile
            self._curves[run.name] = curve
            self._read_at[run.name] = run.description.tally.bytes
        self._keep_few(wanted)
        return True

    def _has_more(self, run: RunOnDisk) -> bool:
        """Whether the run was not read to its end, or has grown since."""
        curve = self.curve(run)
        if curve.failure is not None:
            return False
        return not curve.is_whole or self._read_at[run.name] < run.description.tally.bytes

    def _keep_few(self, wanted: Sequence[RunOnDisk]) -> None:
        names = {run.name for run in wanted}
        others = [name for name in self._curves if name not in names]
        self.forget(others[: max(0, len(self._curves) - KEPT)])
