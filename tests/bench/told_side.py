"""The side that tells views of thousands of reports a second, and what that costs its process."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from tests.fake_engine import FakeEngine
from tests.link.behind_socket import served, viewed
from tui_trainer.protocol.loop_names import GSM8K
from tui_trainer.protocol.loops import Train
from tui_trainer.reports.loop import LoopReport
from tui_trainer.settings.train import TrainSettings

REPORTS_A_SECOND = 5_000
AT_ONCE = 50
"""Reports between two rests: a rest for each would cost more than what is measured."""
SECONDS = 8.0
TOKENS = 150
"""Of an item, as GSM8K's have."""
A_VIEW = "from tests.bench.told_side import look; look()"


def told() -> tuple[float, float]:
    """Cores that the engine's process takes at 5,000 reports a second: with no view, and with one
    that reads all."""
    with served(lambda _: Endless(item=["seven"] * TOKENS)) as server, viewed() as begins:
        begins.worker.start_loop(GSM8K, Train(TrainSettings())).result(10)
        begins.worker.leave()
        _wait_while(lambda: len(server.views) > 0)
        alone = cores()
        with a_view():
            _wait_while(lambda: not server.views)
            time.sleep(1)  # it is told what there is
            return alone, cores()


class Endless(FakeEngine):
    """Reports one step again and again: to make another each time would cost more than to tell."""

    def train(
        self, settings: TrainSettings, *, record: bool = False, job: str = ""
    ) -> Iterator[LoopReport]:
        report = next(super().train(settings))
        began = time.perf_counter()
        for made in count(1):
            yield report
            if made % AT_ONCE == 0:
                due = began + made / REPORTS_A_SECOND
                time.sleep(max(0.0, due - time.perf_counter()))


def _wait_while(condition: Callable[[], bool]) -> None:
    while condition():
        time.sleep(0.01)


def cores() -> float:
    """Of this process, from now on."""
    began, used = time.perf_counter(), time.process_time()
    time.sleep(SECONDS)
    return (time.process_time() - used) / (time.perf_counter() - began)


@contextmanager
def a_view() -> Iterator[None]:
    """In a process of its own."""
    process = subprocess.Popen([sys.executable, "-c", A_VIEW])
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def look() -> None:
    """Take all that comes, as a screen does, until somebody ends it."""
    with viewed() as view:
        while True:
            view.worker.drain(GSM8K)
            time.sleep(1 / 12)
