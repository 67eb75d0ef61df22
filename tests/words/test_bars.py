"""Bars and small curves: as many cells as asked for, and what they tell is the value."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.words.bars import full_cells, sparkline


@pytest.mark.parametrize(
    ("share", "full"),
    [(0.0, 0), (0.09, 0), (0.53, 3), (1.0, 5), (7.0, 5), (-1.0, 0), (math.nan, 0)],
)
def test_a_share_fills_its_part_of_the_bar(share: float, full: int) -> None:
    assert full_cells(share, 5) == full


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
