"""What every chart does: a crosshair that reads, zoom, following; and how little it paints."""

import asyncio
import math
from contextlib import redirect_stdout
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import ComposeResult
from textual.content import Content
from textual.events import MouseScrollUp
from textual.geometry import Region

from tests.known import present
from tui_trainer.runs.series import Series
from tui_trainer.themes import Themed
from tui_trainer.widgets.chart.axes import with_room
from tui_trainer.widgets.chart.canvas import FRAME, RAW, Dots
from tui_trainer.widgets.chart.draw import CROSS_LINE, axis_ends, draw
from tui_trainer.widgets.chart.loss_chart import LossChart
from tui_trainer.widgets.chart.marks import CHECKPOINT, CheckpointMark, LrMark, Plot
from tui_trainer.widgets.chart.panel import ChartPanel
from tui_trainer.widgets.chart.picture import Curve, Picture, Shape, readings
from tui_trainer.widgets.chart.view import View

ALL = 1.0, 1_000.0
AT_40 = "  loss 0.6000"


class ChartApp(Themed[None]):
    """A chart of a thousand losses, each its step over a thousand."""

    def __init__(self, steps: int = 1_000, *, titled: bool = True) -> None:
        super().__init__()
        self.chart = LossChart(x_label="step", titled=titled)
        for step in range(1, steps + 1):
            self.chart.series.append(step, step / 1_000)

    def compose(self) -> ComposeResult:
        yield self.chart


def title(app: ChartApp) -> str:
    return app.chart.render_line(0).text


# The crosshair


async def test_the_crosshair_reads_every_curve_at_its_step() -> None:
    app = ChartApp(50)
    app.chart.validation.append(0, 3.0)
    app.chart.validation.append(40, 2.5)
    async with app.run_test(size=(100, 24)) as pilot:
        app.chart.focus()
        await pilot.press("right")
        assert title(app).startswith(" step 50  loss 0.0500  avg 0.03")
        assert "◆ val 2.5000 @40" in title(app)
        assert any(CROSS_LINE in app.chart.render_line(y).text for y in range(1, 22))
        await pilot.press(*["left"] * 10)
        assert title(app).startswith(" step 40  loss 0.0400")
        assert "◆ val 2.5000 " in title(app)
        await pilot.press("escape")
        assert title(app).startswith(" loss (nats)")


async def test_a_step_at_a_time_where_it_is_zoomed_in_a_cell_where_not() -> None:
    app = ChartApp()
    async with app.run_test(size=(108, 24)) as pilot:
        app.chart.focus()
        await pilot.press("left", "left")
        assert app.chart.view.cross == 1_000 - 10
        await pilot.press(*["plus"] * 6, "left")
        assert app.chart.view.cross == 1_000 - 11
        low, high = app.chart.view.ends(ALL)
        assert low < 989 < high < 1_000
        assert high - low == pytest.approx(999 / 2**6)


async def test_the_mouse_reads_what_is_under_it_and_a_wheel_zooms_there() -> None:
    app = ChartApp()
    async with app.run_test(size=(108, 24)) as pilot:
        await pilot.hover(app.chart, offset=(8 + 50, 10))
        under = app.chart.view.cross
        assert under is not None
        assert under == pytest.approx(1 + 999 * 50 / 99, abs=6)
        assert title(app).startswith(f" step {under:,.0f}  loss 0.5")
        app.chart._zoom_by_wheel(_wheel(8 + 50, 10), 0.5)
        low, high = app.chart.view.ends(ALL)
        assert low < under < high
        assert high - low == pytest.approx(999 / 2)


def _wheel(x: int, y: int) -> MouseScrollUp:
    return MouseScrollUp(None, x, y, 0, 0, 0, False, False, False)


def test_a_value_of_steps_taken_together_is_told_as_what_it_is() -> None:
    series = Series()
    for step in range(1, 100_001):
        series.append(step, step % 10)
    picture = Picture((Curve(series, "loss", Shape.RANGE, RAW, tell="{:g}".format),), "", "")
    assert [one.value for one in readings(picture, 50)] == ["0 to 9"]
    assert [one.value for one in readings(picture, 99_993)] == ["3"]
    assert readings(picture, 0) == []


class PanelApp(Themed[None]):
    """A chart of a run and four that are laid over it, in its panel."""

    def __init__(self) -> None:
        super().__init__()
        self.chart = LossChart("step", titled=False)
        for step in range(1, 41):
            self.chart.series.append(step, 0.6)
        self.chart.overlaid = tuple(
            Curve(self.chart.series, "avg", Shape.AVERAGE, letter=letter) for letter in "ABCD"
        )
        self.panel = ChartPanel(self.chart)

    def compose(self) -> ComposeResult:
        yield self.panel


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (120, f"loss (nats)  step 40{AT_40}  avg 0.6000  A avg 0.6000  B avg 0.6000"),
        (96, f"step 40{AT_40}  avg 0.6000  A avg 0.6000  B avg 0.6000  C avg 0.6000  D avg"),
        (80, f"step 40{AT_40}  avg 0.6000  A 0.6000  B 0.6000  C 0.6000  D 0.6000"),
        (72, "step 40  avg 0.6000  A 0.6000  B 0.6000  C 0.6000  D 0.6000"),
        (56, "step 40  avg 0.6000  A 0.6000  B 0.6000  …"),
    ],
)
async def test_what_is_read_of_several_runs_is_told_in_the_room_there_is(
    width: int, line: str
) -> None:
    app = PanelApp()
    async with app.run_test(size=(width, 12)) as pilot:
        app.chart.focus()
        await pilot.press("right")
        told = Content("  ").join(filter(None, (app.panel.title, app.panel.figure)))
        assert told.plain.startswith(line)
        assert told.cell_length <= width - 6


# Which part is on show

places = st.floats(1.0, 1_000.0)


@settings(deadline=None, max_examples=50)
@given(places, st.lists(st.sampled_from([0.5, 2.0]), max_size=12))
def test_zooming_keeps_the_crosshair_in_sight_and_within_what_there_is(
    cross: float, factors: list[float]
) -> None:
    view = View().crossed(ALL, cross)
    for factor in factors:
        view = view.zoomed(ALL, factor)
        low, high = view.ends(ALL)
        assert ALL[0] - 1e-9 <= low <= cross <= high + 1e-9
        assert high <= ALL[1] + 1e-9
    assert view.whole().ends(ALL) == ALL


def test_following_moves_with_the_end_and_again_stays_with_all() -> None:
    view = View().following(ALL)
    assert view.ends((1, 1_000)) == pytest.approx((800.2, 1_000))
    assert view.ends((1, 2_000)) == pytest.approx((1_800.2, 2_000))
    assert view.zoomed((1, 2_000), 0.5).ends((1, 3_000)) == pytest.approx((2_900.1, 3_000))
    assert view.following(ALL) == View()
    part = View().crossed(ALL, 500.0).zoomed(ALL, 0.5)
    assert part.following(ALL).ends((1, 5_000)) == pytest.approx((5_000 - 499.5, 5_000))


def test_the_crosshair_takes_the_part_on_show_along() -> None:
    view = View((100.0, 200.0)).crossed(ALL, 250.0)
    assert view.ends(ALL) == (200.0, 300.0)
    assert View((100.0, 200.0)).moved(ALL, -5.0).ends(ALL) == (1.0, 101.0)


async def test_keys_zoom_and_show_all_again() -> None:
    app = ChartApp()
    async with app.run_test(size=(108, 24)) as pilot:
        app.chart.focus()
        whole = app.chart.render_line(23).text
        await pilot.press("plus", "plus")
        assert app.chart.render_line(23).text != whole
        await pilot.press("w")
        assert app.chart.view.follows is not None
        await pilot.press("0")
        assert app.chart.render_line(23).text == whole


# What is drawn


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60),
    st.floats(0, 1),
    st.floats(0.01, 1),
    st.sampled_from([(80, 20), (30, 5), (14, 2), (10, 1)]),
)
def test_any_part_of_any_curve_is_drawn_within_its_size(
    numbers: list[float], start: float, wide: float, size: tuple[int, int]
) -> None:
    series = Series()
    for step, number in enumerate(numbers):
        series.append(step, number)
    last = len(numbers) - 1
    low = start * last * (1 - wide)
    view = View((low, low + wide * last), cross=low)
    curves = Curve(series, "x", Shape.RANGE, RAW), Curve(series, "x", Shape.AVERAGE)
    canvas = draw(Picture(curves, "", "", plain=True), *size, view, titled=False).canvas
    assert len(canvas.cells) == size[1]
    assert {len(row) for row in canvas.cells} == {size[0]}


HOSTILE = st.floats() | st.sampled_from(
    [0.0, 5e-324, 1e-30, 1e30, 1e300, -1e300, 1.7e308, 1e15, 1e15 + 1, math.nan, math.inf]
)
STEPS = st.sampled_from([1, 2, 1_000, 10**6, 10**12])


@settings(deadline=None, max_examples=150)
@given(
    st.lists(HOSTILE, max_size=30) | st.builds(lambda n, x: [x] * n, st.integers(1, 3), HOSTILE),
    STEPS,
    STEPS,
    st.tuples(st.sampled_from([1, 2, 9, 10, 24, 48, 200]), st.sampled_from([1, 2, 3, 4, 8, 40])),
    st.booleans(),
    st.booleans(),
)
def test_any_numbers_at_any_steps_are_drawn_at_any_size(
    numbers: list[float], first: int, gap: int, size: tuple[int, int], log: bool, plain: bool
) -> None:
    """One point, equal ones, 1e-30 beside 1e30, gaps of NaN, a loss that explodes."""
    series = Series()
    for n, number in enumerate(numbers):
        series.append(first + n * (gap if n > len(numbers) / 2 else 1), number)
    curves = Curve(series, "x", Shape.RANGE, RAW), Curve(series, "x", Shape.AVERAGE, letter="A")
    marks = CheckpointMark(first), LrMark(first + 1, 1e-5)
    picture = Picture(curves, "t", "nothing", marks=marks, log=log, plain=plain, most=first + 10**6)
    view = View()
    if (ends := axis_ends(picture)) is not None:
        view = view.zoomed(ends, 0.5).crossed(ends, ends[1]).moved(ends, -0.5)
        readings(picture, ends[1])
    with redirect_stdout(StringIO()) as said:
        canvas = draw(picture, *size, view, titled=False).canvas
    assert {len(row) for row in canvas.cells} == {size[0]}
    assert len(canvas.cells) <= size[1]
    assert not said.getvalue(), "what draws the axes says nothing on the screen"


async def test_the_crosshair_stays_where_it_reads_while_the_chart_has_other_sizes() -> None:
    app = ChartApp(50)
    async with app.run_test(size=(100, 24)) as pilot:
        app.chart.focus()
        await pilot.press("right", "left", "left")
        for size in ((30, 6), (12, 3), (1, 1), (100, 24)):
            await pilot.resize_terminal(*size)
            async with asyncio.timeout(20):
                while app.chart.size != size:
                    await pilot.pause(0.02)
            title(app)
        place = app.chart.view.cross
        assert place is not None
        assert title(app).startswith(f" step {place:.0f}  loss {place / 1000:.4f}")


# The mouse


async def test_what_is_dragged_stays_under_the_mouse_where_there_is_more_of_it() -> None:
    app = ChartApp()
    async with app.run_test(size=(108, 24)) as pilot:
        chart = app.chart
        await pilot.mouse_down(chart, offset=(40, 10))
        await pilot.mouse_up(chart, offset=(60, 10))
        assert chart.view.part is None, "all of it is on show already"
        chart.look(View((400.0, 500.0)))
        plot = present(chart._built().plot)
        held = plot.place(40)
        await pilot.mouse_down(chart, offset=(40, 10))
        await pilot.mouse_up(chart, offset=(60, 10))
        assert present(chart._built().plot).place(60) == pytest.approx(held)
        await pilot.hover(chart, offset=(50, 10))
        assert present(chart._built().plot).place(60) == pytest.approx(held), "it was let go"


def test_a_small_chart_without_a_title_is_curve_from_top_to_bottom() -> None:
    series = Series()
    for step in range(100):
        series.append(step, float(step))
    picture = Picture((Curve(series, "lr"),), "", "", plain=True)
    canvas = draw(picture, 30, 5, titled=False).canvas
    assert "┤" not in "".join(canvas.lines)
    assert all("first" in row for row in canvas.inks)
    assert canvas.lines[0].lstrip().startswith("100")


def test_what_lies_behind_gives_way_and_of_two_lines_both_stay() -> None:
    dots = Dots(1, 1)
    dots.dot(0, 0, RAW)
    dots.dot(1, 3, "first")
    assert dots.masks == [[0x80]]
    dots.dot(0, 0, "second")
    assert dots.masks == [[0x81]]
    assert dots.inks == [["second"]]


def test_a_checkpoint_is_a_sign_on_the_axis() -> None:
    series = Series()
    for step in range(1, 101):
        series.append(step, 1.0)
    marks = CheckpointMark(50), CheckpointMark(100)
    canvas = draw(Picture((Curve(series, "loss"),), "", "", marks=marks), 100, 12).canvas
    axis = canvas.lines[-2]
    assert [x for x, cell in enumerate(axis) if cell == CHECKPOINT] == [53, 99]
    assert FRAME in canvas.inks[-2]


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_an_axis_on_which_more_is_to_come_moves_seldom(last: int, most: int) -> None:
    end = with_room(last, most)
    assert last <= end <= 1.5 * last
    assert end <= max(last, most)
    if last < end:
        assert with_room(last + (end - last) / 2, most) == end, "it stays until it is reached"


async def test_of_a_long_run_a_redraw_paints_only_the_cells_that_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = ChartApp(101)
    app.chart.most = 1_000
    painted: list[Region] = []
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.pause()
        refresh = app.chart.refresh

        def refreshing(*regions: Region, **how: bool) -> object:
            painted.extend(regions or [app.chart.region])
            return refresh(*regions, **how)

        monkeypatch.setattr(app.chart, "refresh", refreshing)
        app.chart.series.append(102, 0.102)
        app.chart._draw_anew()
        cells = sum(region.area for region in painted)
    assert 1 <= cells <= 6


def test_a_sentence_in_the_place_of_a_curve_is_told_to_its_end() -> None:
    said = "Nothing is measured on held-out items yet."
    canvas = draw(Picture((), "", said), 20, 8, titled=False).canvas
    assert " ".join(" ".join(canvas.lines).split()) == said
    assert len(draw(Picture((), "", said), 20, 1).canvas.lines) == 1


def test_a_point_stands_on_the_dot_of_its_line_and_the_crosshair_on_both() -> None:
    for columns in range(2, 90):
        plot = Plot(0.0, 1.0, 5, 5 + columns - 1)
        dots = Dots(columns, 1)
        for share in (0.0, 0.25, 1 / 3, 0.5, 0.75, 1.0):
            dot = round(share * (dots.width - 1))
            assert plot.column(share) == 5 + dot // 2
        assert [plot.column(plot.place(5 + n)) for n in range(columns)] == [
            *range(5, 5 + columns)
        ], "the mouse is on what it reads"
