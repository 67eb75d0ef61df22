"""Numbers and tokens in a table keep their columns and their value."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_trainer.widgets.cell_text import token_cell
from tui_trainer.words.numbers import probability


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (1.0, "1.0000"),
        (0.12345, "0.1235"),
        (5.9e-5, "5.9e-5"),
        (1.2e-10, " 1e-10"),
        (0.0, "0.0000"),
        (math.nan, "   nan"),
    ],
)
def test_probability(p: float, shown: str) -> None:
    assert probability(p) == shown


@given(st.floats(1e-300, 1.0))
def test_a_probability_shown_is_the_probability(p: float) -> None:
    assert float(probability(p)) == pytest.approx(p, rel=0.5)
    assert len(probability(p)) <= 6 or p < 1e-99


@given(st.text(max_size=30))
def test_a_token_fills_its_column(text: str) -> None:
    assert cell_len(token_cell(text, 11)) == 11
