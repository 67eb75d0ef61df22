"""torch's threads on a machine that others use too: counted at the start, chosen while it works."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import torch

from tui_trainer.closed import closed
from tui_trainer.engine.control_groups import ROOT
from tui_trainer.engine.threads.choice import Seen, ThreadChoice
from tui_trainer.engine.threads.cores import is_set_by_user, usable_cores
from tui_trainer.engine.threads.load import Look, left_by_others, look, taken
from tui_trainer.reports.threads import ThreadShare

Report = TypeVar("Report")
OWN = torch.get_num_threads()
"""What torch has of itself: as many as there are cores to be seen, or as the environment says."""
PAUSE_SECONDS = 2.0
"""Where nothing was computed for so long, as it may be for a checkpoint, all is looked at anew."""
LOOK_SECONDS = 0.5
"""Between two looks at the machine, which tells CPU time in hundredths of a second."""
SHORTEST_LOOK = 0.1
STALE_SECONDS = 10.0
"""What others did so long ago says nothing of now."""
LOOK_COST = 100
"""A look comes no sooner than so many times what the one before took."""


class Threads:
    """Sets how many threads torch has; on the thread that computes, whose number it is.

    One for each core that this process may use, as torch itself has it but for quotas, while
    nobody else uses the machine. Where the environment says how many, that is the number.
    """

    def __init__(
        self,
        tell: Callable[[ThreadShare], None] = lambda _: None,
        root: Path = ROOT,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """`tell` hears of each change; `root` is where `proc` and `sys` are."""
        self._tell = tell
        self._cores = usable_cores(root, environment)
        self._is_set = is_set_by_user(environment)
        self._usual = OWN if self._is_set else min(OWN, self._cores.whole)
        self.use(None)

    def use(self, threads: int | None, *, may_change: bool = True) -> None:
        """So many from now on; None is `auto`, which chooses where the number `may_change`."""
        self._choice = ThreadChoice(threads or self._usual)
        self._chooses = may_change and threads is None and not self._is_set and self._usual > 1
        self._before: Look | None = None
        self._look_cost = self._worked_at = self._settled_at = 0.0
        self._told = self.share
        self._apply()

    @property
    def share(self) -> ThreadShare:
        """The number now."""
        return ThreadShare(self._choice.threads, self._choice.most)

    @property
    def full(self) -> ThreadShare:
        """The number while nobody else uses the machine."""
        return ThreadShare(self._choice.most, self._choice.most)

    # What computes

    def follow(
        self,
        reports: Iterator[Report],
        tokens_of: Callable[[Report], int | None],
        *,
        goes_on: bool = False,
    ) -> Iterator[Report | ThreadShare]:
        """What is reported, each report made with the number of threads that is best then.

        Where the number becomes another it comes first, and so it does where others use the machine
        at the beginning, or where this `goes_on` from what another number may have made.
        `tokens_of` gives how many tokens a report is of; None where it says nothing of the pace.
        """
        told = None if goes_on and self._chooses else self.full
        with closed(reports):
            while True:
                self.settle()
                if told != self.share:
                    told = self.share
                    yield told
                try:
                    report = next(reports)
                except StopIteration:
                    self._rest()
                    return
                self.worked(tokens_of(report))
                yield report

    def keep(self, reports: Iterator[Report]) -> Iterator[Report]:
        """As `follow`, with the number that there is now, whatever is computed in between."""
        threads = self.share.threads
        with closed(reports):
            while True:
                self._go_to(threads)
                try:
                    report = next(reports)
                except StopIteration:
                    return
                yield report

    def watch(self) -> None:
        """A loop is prepared: what others do meanwhile tells how it begins."""
        if self._chooses:
            self._before, self._worked_at = self._look(), 0.0

    def settle(self, *, waits: bool = True) -> None:
        """Before something is computed: as others leave it, where nothing was for a while.

        Without `waits` the number stays where the last look is too old, or too young, to tell.
        """
        if not self._chooses:
            return
        if time.perf_counter() - self._worked_at > PAUSE_SECONDS:
            self._begin(waits)
        self._apply()
        self._settled_at = time.perf_counter()

    def _begin(self, waits: bool) -> None:
        now, before = self._look(), self._before
        if before is None or now.at - before.at > STALE_SECONDS:
            before = now
        if waits and (rest := SHORTEST_LOOK - (now.at - before.at)) > 0:
            time.sleep(rest)
            now = self._look()
        if now.at - before.at >= SHORTEST_LOOK:
            self._choice.begin(left_by_others(self._cores, before, now))
        self._before, self._worked_at = now, now.at

    def _rest(self) -> None:
        """Nothing computes any more."""
        self._go_to(self._choice.most)

    def _go_to(self, threads: int) -> None:
        self._choice.begin(float(threads))
        self._apply()

    def worked(self, tokens: int | None) -> None:
        """Since `settle` a step on so many tokens was made; None where it says nothing of the pace.

        What comes next is settled first.
        """
        if self._chooses:
            seconds = time.perf_counter() - self._settled_at
            self._choice.step(seconds, tokens, self._seen())
            self._worked_at = time.perf_counter()

    def _seen(self) -> Seen | None:
        """What was seen of the machine since the last look, where it is time for another."""
        before = self._before
        rest = max(LOOK_SECONDS, LOOK_COST * self._look_cost)
        if before is not None and time.perf_counter() - before.at < rest:
            return None
        self._before = now = self._look()
        if before is None:
            return None
        return Seen(left_by_others(self._cores, before, now), taken(before, now))

    def _look(self) -> Look:
        began = time.perf_counter()
        seen = look(self._cores)
        self._look_cost = time.perf_counter() - began
        return seen

    def _apply(self) -> None:
        share = self.share
        if torch.get_num_threads() != share.threads:
            torch.set_num_threads(share.threads)
        if self._told != share:
            self._told = share
            self._tell(share)
