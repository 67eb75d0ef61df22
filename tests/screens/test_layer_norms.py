"""The gradient norms of the layers at the last updates, whatever was undone in between."""

import math

from tui_trainer.reports.moved import ALL
from tui_trainer.reports.phases import NamedNorm
from tui_trainer.screens.step.kept_updates import KEPT
from tui_trainer.screens.step.layer_norms import LayerNorms


def norms_of(updates: int) -> LayerNorms:
    norms = LayerNorms()
    for update in range(1, updates + 1):
        norms.add(update, (NamedNorm("a", 3.0 * update), NamedNorm("b", 4.0 * update)))
    return norms


def test_an_undone_update_is_left_out_and_comes_back_with_redo() -> None:
    norms = norms_of(3)
    assert norms.of("a", 3) == [3.0, 6.0, 9.0]
    assert norms.of("a", 2) == [3.0, 6.0]
    assert norms.at("b", 2) == 8.0
    assert norms.of("a", 3) == [3.0, 6.0, 9.0]


def test_an_update_after_an_undo_takes_the_place_of_what_was_undone() -> None:
    norms = norms_of(3)
    norms.add(2, (NamedNorm("a", 7.0),))
    assert norms.of("a", 9) == [3.0, 7.0]
    assert norms.at("b", 2) is None


def test_all_layers_together_have_the_norm_of_their_norms() -> None:
    assert norms_of(2).of(ALL, 2) == [5.0, 10.0]
    assert math.hypot(6.0, 8.0) == norms_of(2).at(ALL, 2)


def test_as_many_are_kept_as_can_be_drawn() -> None:
    norms = norms_of(KEPT + 40)
    assert len(norms.of("a", 10**6)) == KEPT
    assert norms.of("a", 10**6)[-1] == 3.0 * (KEPT + 40)
    assert norms.of("c", 10**6) == []
