"""Which losses the chart of Step shows, whatever was undone and redone in between."""

import pytest

from tests.fake_engine import FakeEngine
from tui_trainer.runs.series import Series
from tui_trainer.screens.step.update_losses import UpdateLosses


class Curve:
    """What a chart would draw, and how often it was told to."""

    def __init__(self) -> None:
        self.series, self.grad_norms, self.redraws = Series(), Series(), 0
        self.after = Series()
        self.losses = UpdateLosses(self.series, self.after, self.grad_norms, self._redraw)

    def _redraw(self) -> None:
        self.redraws += 1

    def updates(self, *texts: str) -> None:
        for text in texts:
            update = self.losses.updates + 1
            self.losses.add(update, float(update), text, 10.0 * update)

    @property
    def ends(self) -> tuple[int, float | None, float | None]:
        return len(self.series), self.series.first, self.series.last


def test_an_undone_update_is_off_the_curve_and_comes_back_with_redo() -> None:
    curve = Curve()
    curve.updates("a", "a", "a")
    assert curve.losses.go_to(1, can_redo=True)
    assert curve.ends == (1, 1.0, 1.0)
    assert not curve.losses.go_to(3, can_redo=False)
    assert curve.ends == (3, 1.0, 3.0)


def test_an_update_after_an_undo_takes_the_place_of_what_was_undone() -> None:
    curve = Curve()
    curve.updates("a", "a", "a")
    curve.losses.go_to(1, can_redo=True)
    curve.losses.add(2, 9.0, "a")
    assert curve.ends == (2, 1.0, 9.0)
    curve.losses.go_to(3, can_redo=False)  # an update of a loop, whose loss is on another chart
    assert curve.ends == (2, 1.0, 9.0)


def test_a_reload_forgets_them_all() -> None:
    curve = Curve()
    curve.updates("a", "a")
    assert curve.losses.go_to(0, can_redo=False)
    assert curve.ends == (0, None, None)
    curve.losses.go_to(2, can_redo=False)
    assert curve.ends == (0, None, None)


def test_undo_and_redo_lead_to_the_curve_that_was_there() -> None:
    """The losses of a text that was trained on again came back into its second curve."""
    curve = Curve()
    curve.updates("a", "a", "b", "a", "a")
    before = curve.ends
    assert before == (2, 4.0, 5.0)
    curve.losses.go_to(3, can_redo=True)
    assert curve.ends == (1, 3.0, 3.0)
    curve.losses.go_to(5, can_redo=False)
    assert curve.ends == before
    assert (len(curve.grad_norms), curve.grad_norms.first, curve.grad_norms.last) == (2, 40.0, 50.0)


def test_a_status_that_changes_nothing_draws_nothing() -> None:
    curve = Curve()
    curve.updates("a", "a")
    drawn = curve.redraws
    curve.losses.go_to(2, can_redo=False)
    assert curve.redraws == drawn


def test_the_loss_that_the_last_update_led_to_is_on_the_chart_until_the_weights_are_others() -> (
    None
):
    """The panel said 6.80 → 5.08, and the chart beside it ended at 6.80."""
    curve, engine = Curve(), FakeEngine()
    report = engine.update("abc")
    curve.losses.add_update(report)
    assert (report.loss, curve.series.last) == (5.0, 5.0)
    assert (curve.after.ends, curve.after.last) == ((1, 1), report.after.loss)
    curve.losses.add_update(engine.update("abc"))
    assert curve.after.ends == (2, 2)
    assert curve.after.last == pytest.approx(5 / 3)
    curve.losses.go_to(1, can_redo=True)
    assert len(curve.after) == 0


def test_a_curve_of_other_updates_or_of_another_text_says_so() -> None:
    """After a run, `after update 506` stood above the updates 1 to 6 of the text before."""
    curve, engine = Curve(), FakeEngine()
    assert not curve.losses.describe(500, None)
    for _ in range(2):
        curve.losses.add_update(engine.update("abc"))
    same, other = engine.predict("abc"), engine.predict("xyz")
    assert not curve.losses.describe(2, same)
    assert curve.losses.describe(2, other) == "updates 1 to 2, another text"
    curve.losses.leave(506)
    assert len(curve.after) == 0
    assert curve.losses.describe(506, same) == "updates 1 to 2"
    assert curve.losses.describe(506, other) == "updates 1 to 2, another text"
