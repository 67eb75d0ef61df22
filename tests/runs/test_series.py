"""The loss series against the formulas written out."""

import gc
import math
import random
import sys

import pytest

from tui_trainer.runs.series import BUCKETS_AT_MOST, FIELDS, SMOOTHING, Series


def series_of(losses: list[float]) -> Series:
    series = Series()
    for step, loss in enumerate(losses, start=1):
        series.append(step, loss)
    return series


def weighted_mean(losses: list[float]) -> float:
    """The moving average as one sum: weight beta^age, normalized by the sum of the weights."""
    weights = [SMOOTHING ** (len(losses) - 1 - n) for n in range(len(losses))]
    return math.fsum(w * x for w, x in zip(weights, losses, strict=True)) / math.fsum(weights)


def noisy(number: int) -> list[float]:
    source = random.Random(4)
    return [2 + 3 * math.exp(-n / 50) + source.gauss(0, 0.3) for n in range(number)]


def test_smoothed_is_the_bias_corrected_moving_average() -> None:
    losses = noisy(300)
    series = Series()
    assert series.smoothed is None
    for step, loss in enumerate(losses, start=1):
        series.append(step, loss)
        assert series.smoothed == pytest.approx(weighted_mean(losses[:step]), rel=1e-9)
    assert series_of([5.0]).smoothed == pytest.approx(5.0)


def test_first_last_best_and_length() -> None:
    series = series_of([4.0, 1.5, 3.0])
    assert (series.first, series.last, series.best, len(series)) == (4.0, 3.0, 1.5, 3)
    series.clear()
    assert (series.first, series.last, series.best, len(series)) == (None, None, None, 0)
    assert series.reduced(10) == []


def test_short_series_is_kept_exactly() -> None:
    losses = noisy(100)
    buckets = series_of(losses).reduced(100)
    assert [bucket.first for bucket in buckets] == list(range(1, 101))
    assert [bucket.lowest for bucket in buckets] == [bucket.highest for bucket in buckets] == losses


@pytest.mark.parametrize("number", [1000, BUCKETS_AT_MOST, BUCKETS_AT_MOST + 1, 30_000])
@pytest.mark.parametrize("columns", [1, 7, 160])
def test_buckets_are_the_range_of_their_steps(number: int, columns: int) -> None:
    losses = noisy(number)
    buckets = series_of(losses).reduced(columns)
    assert len(buckets) <= columns
    assert [bucket.first for bucket in buckets[1:]] == [bucket.last + 1 for bucket in buckets[:-1]]
    assert (buckets[0].first, buckets[-1].last) == (1, number)
    for bucket in buckets:
        held = losses[int(bucket.first) - 1 : int(bucket.last)]
        assert (bucket.lowest, bucket.highest) == (min(held), max(held))
        assert bucket.middle == (bucket.first + bucket.last) / 2
    assert buckets[-1].smoothed == pytest.approx(weighted_mean(losses[-1000:]), rel=1e-6)


def test_memory_is_flat_and_a_spike_stays() -> None:
    series = series_of([99.0 if step == 12_345 else 2.0 for step in range(1, 50_001)])
    assert len(series.reduced(10**9)) <= BUCKETS_AT_MOST
    spikes = [bucket for bucket in series.reduced(100) if bucket.highest == 99.0]
    assert len(spikes) == 1
    assert spikes[0].first <= 12_345 <= spikes[0].last
    assert spikes[0].lowest == 2.0
    assert len(series) == 50_000


def test_losses_that_are_not_finite_are_counted_and_left_out() -> None:
    series = series_of([3.0, math.nan, 1.0, math.inf, -math.inf])
    assert series.not_finite == 3
    assert len(series) == 5
    assert series.best == 1.0
    assert series.smoothed == pytest.approx(weighted_mean([3.0, 1.0]))
    assert [(bucket.first, bucket.highest) for bucket in series.reduced(9)] == [(1, 3.0), (3, 1.0)]
    only = series_of([math.nan])
    assert only.reduced(9) == []
    assert only.best is None


def test_reducing_does_not_change_the_series() -> None:
    series = series_of(noisy(500))
    before = series.reduced(500)
    series.reduced(3)
    series.append(501, -7.0)
    assert series.reduced(501)[:500] == before


def bytes_held(series: Series) -> int:
    """All that the series refers to."""
    seen: dict[int, object] = {}
    waiting: list[object] = [series]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen and not isinstance(one, type):
            seen[id(one)] = one
            waiting += gc.get_referents(one)
    return sum(map(sys.getsizeof, seen.values()))


@pytest.mark.long
def test_ten_times_the_steps_take_four_levels_more_and_none_of_them_grows() -> None:
    series, held = Series(), list[int]()
    level = 8 * FIELDS * (BUCKETS_AT_MOST + 1)  # bytes at most
    for step in range(1, 1_000_001):
        series.append(step, 1 + step % 7 / 10, 100 * step, 0.5 * step)
        if step in (10_000, 100_000, 1_000_000):
            assert len(series.reduced(10**9)) <= BUCKETS_AT_MOST
            held.append(bytes_held(series))
    assert held[2] < 21 * level  # 1.2 MB: the numbers of all steps alone were 56
    assert max(held[1] - held[0], held[2] - held[1]) < 4 * level
