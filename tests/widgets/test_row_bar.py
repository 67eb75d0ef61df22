"""A row of a batch as a bar: its items with their boundaries, and its padding."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.runs_on_disk import step_report
from tui_trainer.reports.steps import RowPart
from tui_trainer.widgets.row_bar import describe_row, row_bar

parts = st.lists(
    st.builds(RowPart, st.none() | st.integers(0, 7472), st.integers(1, 600)), min_size=1
)


def test_items_and_padding_stand_where_they_lie_and_a_separator_is_an_edge() -> None:
    row = RowPart(8, 40), RowPart(None, 1), RowPart(13, 39), RowPart(None, 20)
    assert row_bar(row, 20) == "▌item 8▐▌  13  ▐▌  ▐"
    assert row_bar(row, 30) == "▌  item 8  ▐▌ item 13  ▐▌pad ▐"


@given(parts, st.integers(0, 200))
def test_a_bar_is_never_wider_than_its_room(row: list[RowPart], width: int) -> None:
    assert cell_len(row_bar(row, width)) <= width


def test_the_share_of_padding_is_said_with_it_and_an_item_alone_has_none() -> None:
    row = RowPart(0, 63), RowPart(None, 37)
    report = dataclasses.replace(step_report(1, 2.0), tokens=63, positions=100, row=row)
    assert describe_row(report, 60).startswith("63% useful, 37% padding  ▌")
    assert "item 0" in describe_row(report, 60)
    assert describe_row(step_report(1, 2.0), 60) == ""
    almost = dataclasses.replace(report, tokens=9_999, positions=10_000)
    assert describe_row(almost, 60).startswith("99% useful, <1% padding")
