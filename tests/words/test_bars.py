"""Bars and small curves: as many cells as asked for, and what they tell is the value."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.words.bars import full_cells, meter, sparkline


@pytest.mark.parametrize(
    ("share", "bar"),
    [
        (0.0, "▱▱▱▱▱"),
        (0.09, "▱▱▱▱▱"),
        (0.53, "▰▰▰▱▱"),
        (1.0, "▰▰▰▰▰"),
        (7.0, "▰▰▰▰▰"),
        (-1.0, "▱▱▱▱▱"),
        (math.nan, "▱▱▱▱▱"),
    ],
)
def test_a_share_fills_its_part_of_the_bar(share: float, bar: str) -> None:
    assert meter(share, 5) == bar


@given(st.floats(0, 1), st.integers(1, 40))
def test_a_bar_is_right_to_half_a_cell(share: float, cells: int) -> None:
    assert abs(full_cells(share, cells) - share * cells) <= 0.5
    assert len(meter(share, cells)) == cells


@pytest.mark.parametrize(
    ("values", "cells", "curve"),
    [
        ((), 8, ""),
        ((1.0, 2.0), 0, ""),
        ((0.0, 0.0), 8, "▁▁"),
        ((8.0, 4.0, 0.0), 8, "█▅▁"),
        ((100.0, 8.0, 4.0), 2, "█▅"),
        ((math.nan, math.inf, 1.0), 8, "  █"),
    ],
)
def test_a_curve_has_the_last_values_from_0_to_the_highest(
    values: tuple[float, ...], cells: int, curve: str
) -> None:
    assert sparkline(values, cells) == curve
