"""Bars and small curves: as many cells as asked for, and what they tell is the value."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.words.bars import bar, full_cells, sparkline


@pytest.mark.parametrize(
    ("share", "full"),
    [(0.0, 0), (0.09, 0), (0.53, 3), (1.0, 5), (7.0, 5), (-1.0, 0), (math.nan, 0)],
)
def test_a_share_fills_its_part_of_the_bar(share: float, full: int) -> None:
    assert full_cells(share, 5) == full


def test_a_bar_is_as_long_as_the_share_to_an_eighth_of_a_cell() -> None:
    assert [bar(p, 6) for p in (0.0, 0.02, 0.5, 1.0)] == ["", "▏", "███", "██████"]
    assert bar(0.5 + 3 / 64, 8) == "████▍"
    assert [bar(p, 8) for p in (math.nan, -0.1, 1.0000001)] == ["", "", "████████"]


@given(st.floats(0, 1), st.integers(1, 40))
def test_a_bar_is_right_to_half_a_cell(share: float, cells: int) -> None:
    assert abs(full_cells(share, cells) - share * cells) <= 0.5


@pytest.mark.parametrize(
    ("values", "cells", "curve"),
    [
        ((), 8, ""),
        ((1.0, 2.0), 0, ""),
        ((0.0, 0.0), 8, "▁▁"),
        ((8.0, 4.0, 0.0), 8, "▇▄▁"),
        ((100.0, 8.0, 4.0), 2, "▇▄"),
        ((math.nan, math.inf, 1.0), 8, "  ▇"),
    ],
)
def test_a_curve_has_the_last_values_from_0_to_the_highest(
    values: tuple[float, ...], cells: int, curve: str
) -> None:
    assert sparkline(values, cells) == curve
