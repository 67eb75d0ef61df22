"""A table draws the rows that changed, and no others; its columns stay where they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from textual.app import ComposeResult
from textual.content import Content
from textual.strip import Strip

from tui_trainer.themes import Themed
from tui_trainer.widgets import line_table
from tui_trainer.widgets.cell_text import piece
from tui_trainer.widgets.line_table import Cell, Column, LineTable, Row

COLUMNS = (Column("n", 4), Column("square", 8))


class OneTable(Themed[None]):
    CSS_PATH = Path(line_table.__file__).with_suffix(".tcss")

    def compose(self) -> ComposeResult:
        yield LineTable(id="table")


@contextmanager
def drawn_by(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The lines of the screen that a table draws meanwhile."""
    lines: list[int] = []
    draw = LineTable.render_line

    def noted(table: LineTable, y: int) -> Strip:
        lines.append(y)
        return draw(table, y)

    with monkeypatch.context() as patch:
        patch.setattr(LineTable, "render_line", noted)
        yield lines


def squares(row: int) -> tuple[Cell, ...]:
    return str(row), Content.styled(str(row * row), "bold")


def of(last: int) -> Row:
    return lambda row: (str(row), f"{row} of {last}")


async def test_the_cursor_is_in_view_on_a_row_that_comes_with_the_first_bar() -> None:
    async with OneTable().run_test(size=(40, 12)) as pilot:
        table = pilot.app.query_one(LineTable)
        table.styles.height = 6
        table.show(COLUMNS, 3, squares)
        await pilot.pause()
        table.cursor = 8
        table.show(COLUMNS, 9, squares)
        table.cursor = 8
        await pilot.pause()
        assert [*table.in_view] == [4, 5, 6, 7, 8]


async def test_what_comes_pulls_nobody_back_who_has_scrolled_and_a_cursor_in_view_stays_so() -> (
    None
):
    """The list of runs went back to its top with each run that was read."""
    async with OneTable().run_test(size=(40, 12)) as pilot:
        table = pilot.app.query_one(LineTable)
        table.styles.height = 6
        table.show(COLUMNS, 100, squares)
        await pilot.pause()
        table.scroll_to(y=60, animate=False, immediate=True)
        for rows in (100, 101, 100):
            table.show(COLUMNS, rows, squares)
            await pilot.pause()
            assert table.in_view.start == 60
        table.styles.height = 8
        await pilot.pause()
        assert [*table.in_view] == [*range(60, 67)]
        table.cursor = 66
        table.styles.height = 4
        await pilot.pause()
        assert [*table.in_view] == [64, 65, 66]


async def test_what_changed_is_drawn_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async with OneTable().run_test(size=(40, 12)) as pilot:
        table = pilot.app.query_one(LineTable)
        table.show(COLUMNS, 100, squares)
        await pilot.pause()
        with drawn_by(monkeypatch) as lines:
            table.show(COLUMNS, 100, squares)
            await pilot.pause()
            assert lines == []
            table.show(COLUMNS, 100, lambda row: squares(row if row != 3 else 9))
            await pilot.pause()
            assert lines == [4]
            loud = Content.styled("81", "reverse")
            table.show(COLUMNS, 100, lambda row: ("9", loud) if row == 3 else squares(row))
            await pilot.pause()
            assert lines == [4, 4]
            table.cursor = 5
            await pilot.pause()
            assert sorted(lines[2:]) == [1, 6]
            table.show(COLUMNS, 99, squares)
            await pilot.pause()
            assert set(lines[4:]) == set(range(12))


async def test_rows_that_changed_out_of_sight_are_right_once_they_are_scrolled_to() -> None:
    async with OneTable().run_test(size=(40, 12)) as pilot:
        table = pilot.app.query_one(LineTable)
        table.show(COLUMNS, 100, squares)
        await pilot.pause()
        for last in (99, 0, 99):
            table.cursor = last
            table.show(COLUMNS, 100, of(last))
            await pilot.pause()
            lines = [table.render_line(y).text for y in range(1, 12)]
            assert all(f"of {last}" in line for line in lines)
            assert any(f"{last} of {last}" in line for line in lines)


HOSTILE = (
    "日本語" * 20,
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "e\u0301" * 30,
    "\u0301",
    "שלום",
    "\u202eevil",
    "\x1b[31m",
    "\u0e01\u0e47",
    "\ufdfd" * 9,
    "a" * 40,
    "",
)


@pytest.mark.parametrize("width", [34, 60, 118])
async def test_numbers_stay_in_their_columns_whatever_stands_before_them(width: int) -> None:
    columns = (
        Column("token", 8, share=1),
        Column("p", 6, right=True),
        Column("loss", 7, right=True),
    )
    app = OneTable()
    async with app.run_test(size=(width, 20)) as pilot:
        table = app.query_one(LineTable)
        table.show(columns, len(HOSTILE), lambda row: (piece(HOSTILE[row]), "0.1234", "22.9424"))
        await pilot.pause()
        room = table.scrollable_content_region.width
        for y in range(1, len(HOSTILE) + 1):
            line = table.draw_line(y)
            assert line.cell_length == room
            assert line.crop(room - 15, room).text == "0.1234  22.9424"
