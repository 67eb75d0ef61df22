"""What is looked for in the numbers of a run, on series that are made up."""

import math
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from tui_trainer.engine.loop.alerts.detector import Detector, StepSeen
from tui_trainer.engine.loop.alerts.disk import DiskWatch
from tui_trainer.engine.loop.alerts.memory import MemoryUse, MemoryWatch
from tui_trainer.engine.loop.alerts.robust import WINDOW, Least, RobustWindow
from tui_trainer.reports.alerts import Alert
from tui_trainer.runs.loop_lines import shortened
from tui_trainer.runs.metrics import AlertLine, LayersLine, StepLine, ValidationLine
from tui_trainer.settings.train import TrainSettings

GB = 10**9


def noisy(count: int, mean: float = 2.0, spread: float = 0.3, seed: int = 0) -> list[float]:
    """Losses of single items: some are twice the others."""
    rng = random.Random(seed)
    return [mean * rng.lognormvariate(0, spread) for _ in range(count)]


def alerts_in(
    losses: Sequence[float],
    norms: Sequence[float | None] = (),
    settings: TrainSettings | None = None,
) -> list[tuple[str, int]]:
    detector = Detector(settings or TrainSettings())
    given = [*norms, *[None] * (len(losses) - len(norms))]
    pairs = enumerate(zip(losses, given, strict=True), start=1)
    seen = (StepSeen(step, loss, norm) for step, (loss, norm) in pairs)
    return kinds(alert for one in seen for alert in detector.step(one))


def kinds(alerts: Iterable[Alert]) -> list[tuple[str, int]]:
    return [(alert.kind, alert.step) for alert in alerts]


def test_the_score_is_that_of_the_definition() -> None:
    window, numbers = RobustWindow(), noisy(3 * WINDOW)
    for number in (*numbers, math.nan, math.inf):  # the last two are no numbers of it
        window.add(number)
    last = sorted(numbers[-WINDOW:])
    median = (last[31] + last[32]) / 2
    apart = sorted(abs(one - median) for one in last)
    score = window.score(9.0, Least())
    assert score is not None
    assert score.median == median
    assert score.deviations == pytest.approx(
        (9.0 - median) / (1.4826 * (apart[31] + apart[32]) / 2)
    )
    assert window.score(9.0, Least(times=10)) is None
    assert window.score(median, Least()) is None


def test_nothing_is_a_spike_before_there_are_enough_steps() -> None:
    assert not alerts_in([*noisy(WINDOW - 1), 50.0])
    assert alerts_in([*noisy(WINDOW), 50.0]) == [("loss_spike", WINDOW + 1)]


def test_a_spike_is_told_once_and_again_when_the_window_is_one_of_later_steps() -> None:
    losses = noisy(400)
    for step in (100, 101, 130, 300):
        losses[step - 1] = 40.0
    assert alerts_in(losses) == [("loss_spike", 100), ("loss_spike", 300)]


def test_a_gradient_alone_spikes_and_a_loss_that_falls_is_none() -> None:
    losses, norms = noisy(200), noisy(200, mean=5.0, spread=0.6, seed=1)
    losses[150], norms[160] = 1e-4, 500.0
    assert alerts_in(losses, norms) == [("gradient_spike", 161)]
    assert not alerts_in(losses, norms, TrainSettings(spike_score=None))


def test_what_is_learned_by_heart_spikes_by_a_nat_at_least() -> None:
    losses = noisy(200, mean=1e-3)
    losses[100] = 0.4  # 1,000 deviations
    assert not alerts_in(losses)
    losses[180] = 1.4
    assert alerts_in(losses) == [("loss_spike", 181)]


def test_no_progress_is_told_once_for_each_lowest() -> None:
    falling = [2.0 - step / 200 for step in range(256)]
    settings = TrainSettings(stalled_after=500)
    told = alerts_in([*falling, *[1.0] * 2_000, *[0.5] * 2_000], settings=settings)
    # Those up to step 256 are the lowest until all of 64 are at 0.5.
    assert told == [("no_progress", 256 + 512), ("no_progress", 2_368 + 512)]
    assert not alerts_in([1.0] * 3_000, settings=TrainSettings(stalled_after=0))
    assert not alerts_in([4.0 * 0.9995**step for step in range(5_000)])


@pytest.mark.parametrize(
    ("measured", "training", "told"),
    [
        ([3.0, 2.0, 1.0, 1.1, 1.2, 1.3, 1.4], [3.0, 2.0, 1.5, 1.0, 0.7, 0.5, 0.4], [50]),
        ([3.0, 2.0, 1.0, 1.1, 1.2, 0.9, 1.4], [3.0, 2.0, 1.5, 1.0, 0.7, 0.5, 0.4], []),
        ([3.0, 2.0, 1.0, 1.1, 1.2, 1.3, 1.4], [3.0, 2.0, 1.5, 2.6, 2.7, 2.8, 2.9], []),
        ([3.0, 2.0, 1.0, 1.001, 1.002, 1.003], [3.0, 2.0, 1.5, 1.0, 0.7, 0.5], []),
    ],
    ids=["rises", "falls again", "training rises too", "within chance"],
)
def test_held_out_items_that_get_worse_while_training_gets_better_are_told(
    measured: list[float], training: list[float], told: list[int]
) -> None:
    detector, found = Detector(TrainSettings(spike_score=None)), []
    for number, (loss, of_training) in enumerate(zip(measured, training, strict=True)):
        if number:
            for step in range(number * 10 - 9, number * 10 + 1):
                deep = list(detector.step(StepSeen(step, of_training)))
                assert not deep
        found += [alert.step for alert in detector.measured(number * 10, loss)]
    assert found == told


def test_a_run_that_is_resumed_goes_on_as_one_that_was_not(tmp_path: Path) -> None:
    """From every step: what the metrics have is all that the detector knows."""
    losses, norms = noisy(300), noisy(300, mean=5.0, seed=1)
    for step in (90, 100, 200):
        losses[step - 1] = 40.0
    norms[120] = 900.0
    settings = TrainSettings(stalled_after=128)
    whole: dict[int, list[tuple[str, int]]] = {}
    lines: list[StepLine | ValidationLine | AlertLine | LayersLine] = []
    rms = [(0.1 * one, None, one) for one in noisy(300, mean=1.0, spread=0.1, seed=2)]
    rms[240] = (19.0, None, 1.0)
    ends: dict[int, int] = {}
    detector = Detector(settings)
    for step, (loss, norm) in enumerate(zip(losses, norms, strict=True), start=1):
        found = list(detector.step(StepSeen(step, loss, norm, rms[step - 1])))
        lines += [*(AlertLine(step, alert.kind) for alert in found)]
        told = tuple(one and shortened(one) for one in rms[step - 1])
        lines += [LayersLine(step, ("a", "b", "c"), told, told, told, told)]
        lines += [StepLine(step, loss, 10, 1e-3, 0.1, norm)]
        ends[step] = len(lines)
        if step % 20 == 0:
            measured = abs(step - 100) / 50 + 1
            found += detector.measured(step, measured)
            lines += [ValidationLine(step, measured)]
        whole[step] = kinds(found)
    assert {kind for told in whole.values() for kind, _ in told} == {
        "loss_spike",
        "gradient_spike",
        "update_spike",
        "no_progress",
        "validation_rises",
    }
    for start in range(0, 300, 7):
        resumed = Detector(settings)
        resumed.replay(lines[: ends.get(start, 0)])
        if start and start % 20 == 0:
            assert kinds(resumed.measured(start, abs(start - 100) / 50 + 1)) == []
        for step in range(start + 1, 301):
            seen = StepSeen(step, losses[step - 1], norms[step - 1], rms[step - 1])
            found = list(resumed.step(seen))
            if step % 20 == 0:
                found += resumed.measured(step, abs(step - 100) / 50 + 1)
            assert kinds(found) == whole[step], (start, step)


def test_steps_left_out_one_after_another_are_told_once() -> None:
    detector = Detector(TrainSettings())
    assert [step for step in range(1, 200) if detector.tells_of_not_finite(step)] == [
        1,
        65,
        129,
        193,
    ]
    detector.replay([AlertLine(250, "not_finite")])
    assert not detector.tells_of_not_finite(300)


def test_memory_that_others_take_is_told_where_little_is_left() -> None:
    watch = MemoryWatch(MemoryUse(60 * GB, 80 * GB, 15 * GB))
    uses = [
        MemoryUse(5 * GB, 80 * GB, 70 * GB),  # this run took it
        MemoryUse(30 * GB, 80 * GB, 15 * GB),  # others took 30, and 30 are left
        MemoryUse(6 * GB, 80 * GB, 15 * GB),
        MemoryUse(4 * GB, 80 * GB, 15 * GB),  # 2 more since
        MemoryUse(1 * GB, 80 * GB, 15 * GB),
    ]
    told = [kinds(watch.look(step, use)) for step, use in enumerate(uses)]
    assert told == [[], [], [("device_memory", 2)], [], [("device_memory", 4)]]


def test_a_disk_that_will_be_full_is_told_until_there_was_room() -> None:
    watch = DiskWatch(lambda: 1 * GB)
    free = [10 * GB, 2 * GB - 1, 1 * GB, 2 * GB + 1, 1 * GB, None, 4 * GB, 1 * GB]
    told = [kinds(watch.look(step, left, Path("there"))) for step, left in enumerate(free)]
    assert [step for step, found in enumerate(told) if found] == [1, 7]
