"""Numbers as text: no 100% before the end, no 0.0000 for what is not 0, no width that moves."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.settings.fields import field_of
from tui_trainer.settings.train import TrainSettings
from tui_trainer.words.numbers import (
    LOSS_WIDTH,
    byte_count,
    counted,
    duration,
    learning_rate,
    nats,
    nats_cell,
    per_second,
    percent,
    probability,
    rate,
    seconds_of,
    short_count,
    signed,
)


@pytest.mark.parametrize("total", [2, 3, 16, 500, 1319, 7473, 1_000_000])
def test_a_share_is_whole_at_the_end_alone_and_nothing_at_the_start_alone(total: int) -> None:
    for decimals in (0, 1, 2):
        whole, nothing = percent(1.0, decimals), percent(0.0, decimals)
        for done in (1, 2, total // 2, total - 2, total - 1):
            if 0 < done < total:
                assert percent(done / total, decimals) not in (whole, nothing)
        assert len(percent((total - 1) / total, decimals)) <= len(whole)
    assert (percent(1.0), percent(0.0), percent(498 / 500)) == ("100%", "0%", "99%")
    assert (percent(0.004), percent(1 / 1319, 1), percent(0.99996, 2)) == ("<1%", "0.1%", "99.99%")


@pytest.mark.parametrize(
    "loss",
    [0.0, -0.0, 1e-320, 1e-12, 3.1e-5, 0.000999, 0.001, 5.5, 99.99999, 123.456, 9999.9, 12345.678,
     999999.4, 1e7, 1e38, 1.7e308, -1e-9, -5.5, math.nan, math.inf, -math.inf, None],
)  # fmt: skip
def test_a_loss_has_its_width_and_digits_that_tell(loss: float | None) -> None:
    assert len(nats_cell(loss)) == LOSS_WIDTH
    if loss:
        assert nats(loss).strip("-0.") != ""
    assert nats(-0.0) == "0.0000"


@pytest.mark.parametrize("p", [0.0, 5e-324, 1e-10, 4.4e-5, 0.00096, 0.001, 0.5, 0.99999, 1.0])
def test_a_probability_is_never_nothing_where_it_is_something(p: float) -> None:
    assert len(probability(p)) == 6
    assert (probability(p) == "0.0000") == (p == 0)


def test_a_change_has_a_sign_where_there_is_one() -> None:
    assert [signed(x) for x in (0.0, -0.0, 0.5, -1e-7)] == [
        "0.0000",
        "0.0000",
        "+0.5000",
        "-1.0e-7",
    ]


def test_counts_do_not_round_up_to_what_is_not_done() -> None:
    assert [short_count(n) for n in (0, 999, 1000, 999_499, 999_999, 6_700_000, 1_720_000_000)] == [
        "0", "999", "1K", "999K", "1M", "6.7M", "1.72B",
    ]  # fmt: skip
    assert [short_count(n, down=True) for n in (999, 49_999, 999_999, 7_999)] == [
        "999", "49.9K", "999K", "7.99K",
    ]  # fmt: skip
    assert (counted(1, "step"), counted(1000, "step"), counted(0, "step")) == (
        "1 step", "1,000 steps", "0 steps",
    )  # fmt: skip


def test_bytes_have_the_unit_that_fits() -> None:
    sizes = None, 0, 999, 999_999, 98_362_432, 999_999_999, 2 * 10**12
    assert [byte_count(size) for size in sizes] == [
        "?", "0 B", "999 B", "1.0 MB", "98.4 MB", "1.0 GB", "2.0 TB",
    ]  # fmt: skip


def test_times_and_paces_are_never_negative_or_endless() -> None:
    assert [seconds_of(s) for s in (0.0, 0.0042, 0.25, 3.14, 59.6, 1234.5)] == [
        "<0.001 s", "0.004 s", "0.25 s", "3.1 s", "60 s", "1,234 s",
    ]  # fmt: skip
    assert (duration(None), duration(0.4), duration(3599.6)) == ("  -:--", "  0:00", "1:00:00")
    assert per_second(5, 0.0) == 0.0
    for pace in (0.0, 1e-9, 0.0949, 0.95, 9.995, 999.95, 123456):
        assert len(rate(pace)) >= 6


def test_a_learning_rate_is_told_in_one_way_whatever_its_size() -> None:
    """Ten times as much is seen at once: no zeros to count, and no notation that changes."""
    ladder = [1e-8, 2e-5, 5e-5, 1e-4, 7 * 1e-5, 0.001, 0.05, 0.1, 0.5, 1.0, 10.0]
    told = [learning_rate(lr) for lr in ladder]
    assert told[:5] == ["1e-8", "2e-5", "5e-5", "1e-4", "7e-5"]
    assert told[5:] == ["1e-3", "5e-2", "0.1", "0.5", "1", "10"]
    assert [learning_rate(1.2345e-4, digits) for digits in (2, 4)] == ["1.2e-4", "1.234e-4"]
    assert [learning_rate(lr) for lr in (0.0, math.nan)] == ["0", "nan"]


@given(st.floats(1e-30, 10))
def test_a_learning_rate_that_is_typed_is_told_so_and_read_back_to_the_bit(lr: float) -> None:
    told = field_of(TrainSettings, "lr").as_typed(lr)
    assert float(told) == lr
    assert "e-0" not in told
    if len(told) < 7:
        assert told == learning_rate(lr)
