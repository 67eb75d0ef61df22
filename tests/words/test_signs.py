"""A sign says what a colour means."""

import math

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_trainer.protocol.events import LoopState
from tui_trainer.words.signs import BETTER, SAME, STATES, WORSE, WRONG, change

finite = st.floats(allow_nan=False)


@given(finite, finite)
def test_a_loss_that_falls_and_a_p_that_rises_are_better(before: float, after: float) -> None:
    loss, p = change(before, after), change(before, after, falls_is_better=False)
    if before == after:
        assert loss == p == SAME
        return
    assert loss.mark == p.mark == ("↓" if after < before else "↑")
    assert {loss.style, p.style} == {BETTER, WORSE}
    assert (loss.style == BETTER) is (after < before)


def test_what_is_no_number_any_more_went_the_worse_way() -> None:
    assert change(2.0, math.nan) == change(0.5, math.nan, falls_is_better=False) == WRONG


def test_each_state_has_a_sign_of_one_cell_and_its_own_words() -> None:
    assert set(STATES) == set(LoopState)
    assert len({words for words, _style in STATES.values()}) == len(STATES)
    assert all(cell_len(words.split()[0]) == 1 for words, _style in STATES.values())
