"""What of several lines, or of several parts of one, has room."""

from textual.content import Content

from tui_trainer.widgets.cell_text import fewer_parts, first_fitting


def test_the_first_line_that_has_room_in_cells_is_taken_else_the_last() -> None:
    lines = "three words here", "日本語", "no"
    assert [first_fitting(lines, width) for width in (16, 15, 6, 5, 0)] == [
        *("three words here", "日本語", "日本語", "no", "no")
    ]
    styled = Content.styled("bold", "bold"), Content("b")
    assert first_fitting(styled, 4).is_same(styled[0])
    assert first_fitting(styled, 3).plain == "b"


def test_a_line_loses_whole_parts_from_its_end_and_a_sign_may_stand_for_them() -> None:
    line = Content("lr 1e-5 · items 500 · seed 0")
    assert [fewer.plain for fewer in fewer_parts(line, " · ", "…")] == [
        *("lr 1e-5 · items 500 · seed 0", "lr 1e-5 · items 500 · …", "lr 1e-5 · …", "lr 1e-5")
    ]
    keys = Content("w follow   0 all")
    assert [fewer.plain for fewer in fewer_parts(keys, "   ")] == [
        *("w follow   0 all", "w follow", "w follow")
    ]
