"""The curves of runs on disk: which were read, how far, and which come next. No widget."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui_trainer.runs.curve import CurveReader, LossCurve, Measured
from tui_trainer.runs.listing import RunOnDisk
from tui_trainer.session.disk import in_thread

KEPT = 32
"""Curves that are kept though nobody looks at them now."""
NOTHING_READ = LossCurve()
GLANCE_BYTES = 8_000_000
"""Some hundred thousand steps, a second: a longer run is read once it is selected or marked."""
GLANCE_POINTS = 16


@dataclass(frozen=True)
class Glance:
    """What the list tells of a run's metrics."""

    losses: tuple[float, ...] = ()
    """The moving average over the run, at most GLANCE_POINTS of it."""
    best: Measured | None = None
    """The lowest measurement on held-out items."""
    lr: float | None = None
    """The last learning rate that it was given while it went."""


NO_GLANCE = Glance()


def glance_at(curve: LossCurve) -> Glance:
    """A curve that may be let go of, in short."""
    every = max(1, -(-len(curve.buckets) // GLANCE_POINTS))
    losses = tuple(bucket.smoothed for bucket in curve.buckets[every - 1 :: every])
    lr = curve.lr_changes[-1].lr if curve.lr_changes else None
    return Glance(losses, curve.best_validation, lr)


class RunCurves:
    """Lives on the UI's thread; the files are read on another, one slice at a time."""

    def __init__(self) -> None:
        self._readers: dict[str, CurveReader] = {}
        self._curves: dict[str, LossCurve] = {}
        self._glances: dict[str, Glance] = {}
        self._read_at: dict[str, int] = {}
        """How long each metrics file was known to be when it was read last."""

    def curve(self, run: RunOnDisk) -> LossCurve:
        """As far as it was read."""
        return self._curves.get(run.name, NOTHING_READ)

    def glance(self, name: str) -> Glance:
        """As far as it was read; it stays when the curve goes."""
        return self._glances.get(name, NO_GLANCE)

    def forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._let_go(name)
            self._glances.pop(name, None)
            self._read_at.pop(name, None)

    def _let_go(self, name: str) -> None:
        self._readers.pop(name, None)
        self._curves.pop(name, None)

    async def read_slice(
        self, wanted: Sequence[RunOnDisk], listed: Sequence[RunOnDisk] = ()
    ) -> RunOnDisk | None:
        """Read on in the first of `wanted` whose curve is not whole, then in the first of `listed`
        that has not been glanced at, and tell which; None where nothing is left to read."""
        run = next(filter(self._has_more, wanted), None)
        if run is None:
            run = next(filter(self._is_to_be_glanced_at, listed), None)
        if run is None:
            return None
        answer_only = run.description.settings.answer_only
        fresh = CurveReader(run.folder, answer_only=answer_only)
        reader = self._readers.setdefault(run.name, fresh)
        curve = await in_thread(reader.read_on)
        if self._readers.get(run.name) is reader:  # not forgotten meanwhile
            self._curves[run.name] = curve
            self._glances[run.name] = glance_at(curve)
            self._read_at[run.name] = run.description.tally.bytes
        self._keep_few(wanted)
        return run

    def _has_more(self, run: RunOnDisk) -> bool:
        """Whether the run was not read to its end, or has grown since."""
        curve = self.curve(run)
        if curve.failure is not None:
            return False
        return not curve.is_whole or self._has_grown(run)

    def _is_to_be_glanced_at(self, run: RunOnDisk) -> bool:
        if run.description.tally.bytes > GLANCE_BYTES:
            return False
        return self._has_more(run) if run.name in self._curves else self._has_grown(run)

    def _has_grown(self, run: RunOnDisk) -> bool:
        return self._read_at.get(run.name, -1) < run.description.tally.bytes

    def _keep_few(self, wanted: Sequence[RunOnDisk]) -> None:
        names = {run.name for run in wanted}
        others = [name for name in self._curves if name not in names]
        for name in others[: max(0, len(self._curves) - KEPT)]:
            self._let_go(name)
