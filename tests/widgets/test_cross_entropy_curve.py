"""The curve of -log p: where its points stand, at every size."""

import math

import pytest

from tui_trainer.widgets.chart.axes import LABEL_WIDTH
from tui_trainer.widgets.chart.cross_entropy_curve import (
    GUESS,
    POINT,
    CurvePoint,
    picture_of,
    place,
)
from tui_trainer.widgets.chart.draw import draw

WIDTH, HEIGHT = 108, 40


def curve_lines(point: CurvePoint, width: int, height: int, *, log: bool) -> list[str]:
    return draw(picture_of(point, log=log), width, height, titled=False).canvas.lines


def drawn(loss: float, guess: float = 3.0, *, log: bool = False) -> list[str]:
    return curve_lines(CurvePoint(loss, guess), WIDTH, HEIGHT, log=log)


def where(lines: list[str], mark: str) -> tuple[float, float]:
    """The mark's place as shares of the plot: from the left, and from the bottom."""
    rows = lines[:-2]
    row = next(n for n, line in enumerate(rows) if mark in line)
    columns = WIDTH - LABEL_WIDTH - 2
    column = rows[row].index(mark) - LABEL_WIDTH - 1
    return column / columns, 1 - row / (len(rows) - 1)


@pytest.mark.parametrize("loss", [0.0, 0.1, 0.6931, 1.5, 3.0, 4.9])
def test_the_point_stands_at_p_and_its_loss(loss: float) -> None:
    across, up = where(drawn(loss, guess=2.0), POINT)
    top = 5.0 if loss < 4.7 else 5.5
    assert across == pytest.approx(math.exp(-loss), abs=0.02)
    assert up == pytest.approx(loss / top, abs=0.06)


def test_a_loss_of_100_is_on_the_curve_and_its_p_on_a_logarithmic_axis() -> None:
    across, up = where(drawn(100.0), POINT)
    assert across < 0.02
    assert up > 0.85
    lines = drawn(100.0, log=True)
    across, up = where(lines, POINT)
    decades = math.ceil(105 / math.log(10))
    assert across == pytest.approx(1 - 100 / math.log(10) / decades, abs=0.02)
    assert up > 0.85
    assert "1e-4" in lines[-1]
    assert lines[-1].split()[0] == "p,"


def test_p_comes_from_the_loss_even_where_it_rounds_to_0() -> None:
    assert place(2000.0, log=False) == 0.0
    assert place(2000.0, log=True) == pytest.approx(-868.588963806)
    assert POINT in "\n".join(drawn(2000.0, log=True))


def test_a_guess_has_a_mark_of_its_own() -> None:
    across, _ = where(drawn(0.5, guess=math.log(4)), GUESS)
    assert across == pytest.approx(0.25, abs=0.02)
    assert GUESS not in "\n".join(drawn(2.0, guess=2.0)), "the label's mark lies above it"


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("loss", [0.0, 1e-9, 1.0, 100.0, 2000.0])
@pytest.mark.parametrize("size", [(24, 3), (40, 6), (80, 10), (120, 30), (300, 90)])
def test_it_fills_its_size(size: tuple[int, int], loss: float, log: bool) -> None:
    lines = curve_lines(CurvePoint(loss, 0.7), *size, log=log)
    assert len(lines) == size[1]
    assert max(map(len, lines)) <= size[0]
    assert POINT in "\n".join(lines)


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (23, 30), (80, 2)])
def test_where_there_is_no_room_no_curve_is_drawn(size: tuple[int, int]) -> None:
    lines = curve_lines(CurvePoint(1.0, 0.7), *size, log=False)
    assert len(lines) == 1
    assert len(lines[0]) <= size[0]
    assert POINT not in lines[0]
