"""A chart as a PNG: its numbers are the chart's, and its pixels lie where they say."""

import math
from pathlib import Path

import pytest
from PIL import Image

from tui_trainer.runs.curve import LossCurve, Measured, Place
from tui_trainer.runs.png import DOTS_AN_INCH, PngChart, figure_of, save_png
from tui_trainer.runs.series import Bucket
from tui_trainer.themes import LIGHT
from tui_trainer.widgets.chart.cross_entropy_curve import CrossEntropyCurve, CurvePoint
from tui_trainer.widgets.chart.loss_chart import LossChart
from tui_trainer.widgets.chart.marks import CheckpointMark, LrMark
from tui_trainer.widgets.chart.number_chart import NumberChart
from tui_trainer.widgets.chart.overlay_chart import Overlaid, OverlayChart
from tui_trainer.widgets.chart.png import png_of
from tui_trainer.widgets.chart.view import View

STEPS = 101
LINE = [5.0 - step / 25 for step in range(STEPS)]


def loss_chart(losses: list[float], *, smoothing: bool = True) -> LossChart:
    chart = LossChart("step", smoothing=smoothing)
    for step, loss in enumerate(losses):
        chart.series.append(step, loss)
    return chart


def colour(pixel: object) -> str:
    assert isinstance(pixel, tuple)
    return "#" + "".join(f"{part:02x}" for part in pixel[:3])


def pixels(chart: PngChart, places: list[tuple[float, float]]) -> list[tuple[int, int]]:
    """Where on the picture each number lies: from the left, and from the top."""
    figure = figure_of(chart)
    figure.set_dpi(DOTS_AN_INCH)
    figure.draw_without_rendering()
    height = figure.bbox.height
    found = [figure.axes[0].transData.transform(place) for place in places]
    return [(round(x), round(height - y)) for x, y in found]


@pytest.mark.parametrize("log", [False, True])
def test_a_straight_line_lies_where_its_numbers_say(tmp_path: Path, log: bool) -> None:
    path = tmp_path / "line.png"
    losses = [math.exp(loss) for loss in LINE] if log else LINE
    chart = loss_chart(losses, smoothing=False)
    chart.set_reactive(LossChart.log_axis, log)
    made = png_of(chart)
    save_png(made, path)
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("PNG", (1350, 750))
        there = pixels(made, list(enumerate(losses)))
        assert {colour(picture.getpixel(place)) for place in there} == {LIGHT.variables["data"]}
        for x, y in there[40:60]:  # far from the legend
            assert colour(picture.getpixel((x, y + 12))) != LIGHT.variables["data"]
    (x, y), (to_x, to_y) = there[0], there[-1]
    assert to_x - x > 1000
    assert to_y - y > 500
    for step, place in enumerate(there):
        share = step / (STEPS - 1)
        assert place == pytest.approx((x + share * (to_x - x), y + share * (to_y - y)), abs=1)


def test_raw_average_and_validation_are_the_runs_own_numbers() -> None:
    chart = loss_chart([4.0, 2.0, 3.0])
    chart.validation.append(0, 5.0)
    chart.validation.append(2, 2.5)
    chart.marks.append(LrMark(1, 2e-5))
    chart.checkpoints.append(CheckpointMark(2))
    made = png_of(chart)
    raw, average, validation = made.curves
    assert raw.points == ((0, 4.0), (1, 2.0), (2, 3.0))
    assert raw.is_faint
    weights = [0.95 * 0.95 * 0.05, 0.95 * 0.05, 0.05]
    smoothed = sum(w * n for w, n in zip(weights, (4, 2, 3), strict=True)) / sum(weights)
    assert average.points[-1] == pytest.approx((2, smoothed))
    assert (validation.points, validation.marker) == (((0, 5.0), (2, 2.5)), "D")
    names = [curve.name for curve in made.curves]
    assert names == ["each step", "moving average", "validation"]
    assert (made.x_label, made.y_label) == ("step", "loss (nats)")
    assert [rule.label for rule in made.rules] == ["step 1: lr 2e-5"]
    assert made.checkpoints == (2,)


def test_it_stays_what_it_was_when_it_was_asked_for() -> None:
    chart = loss_chart([4.0, 2.0])
    made = png_of(chart)
    chart.series.append(2, 1.0)
    assert made.curves[0].points == ((0, 4.0), (1, 2.0))


def test_it_is_the_part_of_the_axis_that_is_on_show() -> None:
    chart = loss_chart(LINE)
    chart.set_reactive(LossChart.view, View(part=(20.0, 40.0)))
    made = png_of(chart)
    assert made.ends == (20.0, 40.0)
    assert figure_of(made).axes[0].get_xlim() == (20.0, 40.0)
    assert png_of(loss_chart(LINE)).ends is None


def test_axes_and_legend_are_named() -> None:
    chart = NumberChart("tokens/s")
    chart.series.append(1, 100.0)
    (axes,) = figure_of(png_of(chart)).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "tokens/s")
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["each step", "moving average"]


def test_a_number_whose_name_looks_like_a_formula_is_told_as_it_is(tmp_path: Path) -> None:
    chart = NumberChart("$x^$")
    chart.series.append(1, 100.0)
    save_png(png_of(chart), tmp_path / "x.png")
    assert figure_of(png_of(chart)).axes[0].get_ylabel() == "$x^$"


def test_of_several_runs_the_legend_has_their_names() -> None:
    chart = OverlayChart()
    buckets = tuple(Bucket(n, n, 1.0, 1.0, 1.0) for n in (1, 2))
    measured = (Measured(Place(2), 0.5),)
    chart.curves = (
        Overlaid("A", LossCurve(buckets, validations=measured), "one-run"),
        Overlaid("B", LossCurve(buckets), "other-run"),
    )
    chart._place_curves()
    made = png_of(chart)
    names = ["A one-run: moving average", "B other-run: moving average", "A one-run: validation"]
    assert [curve.name for curve in made.curves] == names
    assert len({(curve.colour, curve.dashes) for curve in made.curves}) == 3
    figure_of(made)


def test_the_curve_of_the_loss_screen_is_one_too(tmp_path: Path) -> None:
    chart = CrossEntropyCurve()
    chart.set_reactive(CrossEntropyCurve.point, CurvePoint(1.0, math.log(3)))
    made = png_of(chart)
    assert (made.x_label, made.y_label) == ("p", "-log p")
    save_png(made, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        picture.verify()


def test_a_long_run_keeps_its_spikes() -> None:
    chart = LossChart("step")
    for step in range(20_000):
        chart.series.append(step, 100.0 if step == 12_345 else 1.0)
    points = png_of(chart).curves[0].points
    assert max(y for _, y in points) == 100.0
    assert len(points) < 6000
