"""The overlay of loss curves: axes, letters, and what each cell belongs to."""

import math
from dataclasses import replace

import pytest

from tests.widgets.dots import is_dots
from tui_trainer.runs.curve import Alarmed, LossCurve, Place, XAxis
from tui_trainer.runs.series import Series
from tui_trainer.widgets.chart.canvas import Canvas
from tui_trainer.widgets.chart.draw import draw
from tui_trainer.widgets.chart.overlay_chart import Overlaid, OverlayChart
from tui_trainer.widgets.chart.picture import INKS


def curve_of(losses: list[float], seconds: float = 0.1) -> LossCurve:
    series = Series()
    for step, loss in enumerate(losses, start=1):
        series.append(step, loss, 100 * step, seconds * step)
    return LossCurve(tuple(series.reduced(2048)), 0, len(losses), series.not_finite, is_whole=True)


def lines(canvas: Canvas) -> list[str]:
    return canvas.lines


def drawn(
    curves: list[Overlaid],
    over: XAxis = XAxis.STEP,
    *,
    width: int = 80,
    height: int = 14,
    log: bool = False,
) -> Canvas:
    chart = OverlayChart()
    chart.set_reactive(OverlayChart.axis, over)
    chart.set_reactive(OverlayChart.log_axis, log)
    chart.show(curves)
    return draw(chart.picture(), width, height).canvas


HIGH, LOW = Overlaid("A", curve_of([5.0] * 60)), Overlaid("B", curve_of([1.0] * 30))


def test_each_curve_has_its_letter_on_it_and_its_own_cells() -> None:
    canvas = drawn([HIGH, LOW])
    rows = {
        (cell, row)
        for row, cells in enumerate(canvas.cells[1:-2], start=1)
        for cell in cells
        if cell in "AB"
    }
    assert {cell for cell, _ in rows} == {"A", "B"}
    assert max(row for cell, row in rows if cell == "A") < min(r for c, r in rows if c == "B")
    for cells, inks in zip(canvas.cells[1:], canvas.inks[1:], strict=True):
        for cell, ink in zip(cells, inks, strict=True):
            assert (ink in INKS) is (cell in ("A", "B") or is_dots(cell))
            if cell in ("A", "B"):
                assert ink == INKS["AB".index(cell)]


def test_curves_that_lie_on_one_another_both_keep_letters() -> None:
    same = [Overlaid(letter, curve_of([2.0, 1.0] * 50)) for letter in "ABC"]
    text = "".join(lines(drawn(same))[1:])
    assert all(text.count(letter) >= 3 for letter in "ABC")
    crossing = [
        Overlaid("A", curve_of([1 + n / 20 for n in range(100)])),
        Overlaid("B", curve_of([6 - n / 20 for n in range(100)])),
    ]
    text = "".join(lines(drawn(crossing))[1:])
    assert min(text.count("A"), text.count("B")) >= 3


@pytest.mark.parametrize(
    ("over", "word", "last"),
    [(XAxis.STEP, "step", "60"), (XAxis.TOKEN, "token", "6,000"), (XAxis.TIME, "second", "6")],
)
def test_the_axis_is_named_and_reaches_to_the_longest(over: XAxis, word: str, last: str) -> None:
    text = lines(drawn([HIGH, LOW], over))
    assert f"by {word}" in text[0]
    assert text[-1].split()[0] == word
    assert text[-1].split()[-1] == last


def test_a_single_curve_has_no_letters() -> None:
    text = "".join(lines(drawn([Overlaid("", curve_of([3.0, 2.0, 1.0]))]))[1:])
    assert any(is_dots(cell) for cell in text)


@pytest.mark.parametrize("size", [(24, 4), (40, 8), (80, 12), (118, 30), (300, 90)])
def test_the_chart_fills_its_size(size: tuple[int, int]) -> None:
    text = lines(drawn([HIGH, LOW], width=size[0], height=size[1]))
    assert len(text) == size[1]
    assert {len(line) for line in text} == {size[0]}


def test_small_sizes_and_odd_losses_break_nothing() -> None:
    odd = [
        [],
        [math.nan],
        [0.0],
        [1e300, 1e-300],
        [-1.0, 2.0],
    ]
    for losses in odd:
        for log in (False, True):
            for size in ((1, 1), (20, 3), (60, 10)):
                for over in XAxis:
                    drawn(
                        [Overlaid("A", curve_of(losses)), LOW],
                        over,
                        width=size[0],
                        height=size[1],
                        log=log,
                    )
    told = lines(drawn([Overlaid("", curve_of([]))]))
    assert [line.strip() for line in told] == ["", "There is no loss to draw here."]
    assert drawn([]).cells[1][1:6] == list("There")


def test_the_title_tells_what_is_missing() -> None:
    text = lines(drawn([Overlaid("A", curve_of([1.0, math.nan]))], width=100))[0]
    assert "1 not finite, not shown" in text
    part = LossCurve(curve_of([2.0, 1.0]).buckets, 0, 2, 0, is_whole=False)
    assert "reading on" in lines(drawn([Overlaid("", part)], width=100))[0]
    assert "log axis" in lines(drawn([HIGH], log=True))[0]


def test_long_numbers_of_tokens_are_short_on_the_axis() -> None:
    series = Series()
    for step in range(1, 100):
        series.append(step, 1.0 + 1 / step, step * 40_000_000, step * 1.0)
    curve = LossCurve(tuple(series.reduced(2048)), is_whole=True)
    assert lines(drawn([Overlaid("", curve)], XAxis.TOKEN))[-1].split()[-1].endswith("B")


def test_an_alert_of_a_run_is_marked_with_its_letter() -> None:
    spiked = replace(HIGH.curve, alerts=(Alarmed(Place(40), ("loss_spike",)),))
    assert "A ▲ loss spike" in "\n".join(lines(drawn([replace(HIGH, curve=spiked), LOW])))
