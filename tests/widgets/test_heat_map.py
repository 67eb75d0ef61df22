"""The heat map: each mark is of its number, with colours and without."""

from dataclasses import replace

import pytest

from tui_trainer.reports.layers import LayerFigures, LayersReport
from tui_trainer.runs.layer_history import LayerHistory
from tui_trainer.widgets.heat_map import (
    MARKS,
    PLAIN,
    SHADES,
    HeatMap,
    draw,
    legend,
    limits_of,
)

STEPS = 6


def heat_map(layers: int = 3, layer: int = 0, at: int = 0, steps: int = STEPS) -> HeatMap:
    """The number of layer l at step s is 10^l s."""
    history = LayerHistory()
    for step in range(1, steps + 1):
        told = (LayerFigures(f"layers.{n}", 10.0**n * step, None, None, 0) for n in range(layers))
        history.hear(LayersReport(step, tuple(told)))
    return HeatMap(history.names, history.whole(99), 0, layer, at, "{:.3g}".format, repr)


def marks(line: str) -> str:
    return "".join(mark for mark in line if mark in MARKS)


def test_a_fifth_has_the_first_shade_and_a_twentieth_the_last() -> None:
    assert limits_of([]) == limits_of([2.0, 2.0]) == []
    assert limits_of([0.0] * 99 + [1.0, 2.0, 3.0, 4.0]) == [1.0, 2.0, 4.0, 4.0]
    numbers = [1e-9, *map(float, range(1, 100))]
    limits = limits_of(numbers)
    assert limits == [20.0, 50.0, 80.0, 95.0]
    shades = [sum(n >= limit for limit in limits) for n in numbers]
    assert [shades.count(shade) for shade in range(5)] == [20, 30, 30, 15, 5]


def test_a_mark_says_between_which_limits_its_number_is() -> None:
    drawn = heat_map()
    limits = drawn.limits()
    lines = draw(drawn, 80, 24, SHADES).plain.splitlines()
    for layer, line in enumerate(lines[1:]):
        found = marks(line)[::4]  # there is room for four cells a step
        expected = [10.0**layer * step for step in range(1, STEPS + 1)]
        assert found == "".join(MARKS[sum(n >= limit for limit in limits)] for n in expected)
    told = legend(drawn, SHADES).plain
    assert all(f"<{limit:.3g}" in told for limit in limits)
    assert f"≥{limits[-1]:.3g}" in told
    assert [mark for mark in told if mark in MARKS] == list(MARKS)


def test_limits_that_would_read_alike_are_told_in_all_their_digits() -> None:
    drawn = replace(heat_map(), tell=lambda _: "99.9%")
    assert all(f"<{limit!r}" in legend(drawn, SHADES).plain for limit in drawn.limits())


def test_without_colours_the_same_marks_are_drawn_in_none() -> None:
    coloured, plain = (draw(heat_map(), 80, 24, styles) for styles in (SHADES, PLAIN))
    assert coloured.plain == plain.plain
    assert {str(span.style) for span in plain.spans} <= {"$context", "bold", "reverse bold"}
    assert {f"$token-{n}" for n in range(1, 6)} <= {str(span.style) for span in coloured.spans}


def test_the_cursor_is_marked_at_its_line_and_above_its_step() -> None:
    head, *lines = draw(heat_map(layer=1, at=2), 80, 24, PLAIN).plain.splitlines()
    assert [line.startswith("▸") for line in lines] == [False, True, False]
    first = min(lines[1].index(mark) for mark in marks(lines[1]))
    assert head.index("▾") == first + 4 * 2
    assert [line.split()[-1] for line in lines] == ["3", "30", "300"]


@pytest.mark.parametrize(("at", "told"), [(0, ["▾", "40"]), (20, ["1", "▾", "40"]), (39, ["1"])])
def test_the_cursor_stands_in_no_number(at: int, told: list[str]) -> None:
    head = draw(heat_map(layers=1, at=at, steps=40), 80, 24, PLAIN).plain.splitlines()[0]
    assert head.split()[1 : 1 + len(told)] == told
    assert head.count("▾") == 1


@pytest.mark.parametrize(
    ("layer", "rows"), [(0, range(9)), (20, range(16, 25)), (29, range(21, 30))]
)
def test_of_many_layers_those_around_the_cursor_are_there(layer: int, rows: range) -> None:
    drawn = heat_map(layers=30, layer=layer)
    assert drawn.rows(9) == rows
    lines = draw(drawn, 80, 10, PLAIN).plain.splitlines()
    assert [line.removeprefix("▸").split()[0] for line in lines[1:]] == [
        f"layers.{n}" for n in rows
    ]


@pytest.mark.parametrize("width", [30, 80, 120, 200])
def test_no_line_is_longer_than_there_is_room(width: int) -> None:
    history = LayerHistory()
    for step in range(1, 300):
        name = "a name that is longer than any room for it"
        history.hear(LayersReport(step, (LayerFigures(name, step / 7, None, None, 0),)))
    columns = history.whole(width - 27)
    drawn = HeatMap(history.names, columns, 0, 0, len(columns) - 1, "{:.3g}".format, repr)
    assert all(len(line) <= width for line in draw(drawn, width, 10, PLAIN).plain.splitlines())
