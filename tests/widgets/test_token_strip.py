"""Tokens laid out in rows of terminal cells."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_trainer.widgets.aligned_strip import Aligned
from tui_trainer.widgets.aligned_strip import lay_out as lay_out_aligned
from tui_trainer.widgets.cell_text import fit, piece
from tui_trainer.widgets.line_table import Column, share_out
from tui_trainer.widgets.token_strip import lay_out

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
pieces = st.lists(texts.map(piece), max_size=30)


def test_tokens_fill_a_row_and_go_on_in_the_next() -> None:
    rows = lay_out(["ab", "cd", "ef"], 8)
    assert [[fragment.text for fragment in row] for row in rows] == [["ab", "cd"], ["ef"]]
    assert [fragment.x for fragment in rows[0]] == [1, 4]


def test_a_row_ends_where_the_text_has_a_newline() -> None:
    rows = lay_out([piece("a"), piece("b\n"), piece("c")], 80)
    assert [[fragment.token for fragment in row] for row in rows] == [[0, 1], [2]]


def test_a_long_token_goes_over_several_rows() -> None:
    rows = lay_out(["abcdefgh"], 5)
    assert [row[0].text for row in rows] == ["abc", "def", "gh"]
    assert [(row[0].begins, row[0].ends) for row in rows] == [
        (True, False),
        (False, False),
        (False, True),
    ]


def test_a_wide_character_takes_two_cells() -> None:
    (row,) = lay_out(["你", "a"], 10)
    assert [(fragment.x, fragment.width) for fragment in row] == [(1, 2), (4, 1)]


@given(pieces, st.integers(4, 60))
def test_every_row_fits_and_no_text_is_lost(tokens: list[str], width: int) -> None:
    rows = lay_out(tokens, width)
    for row in rows:
        assert row[-1].x + row[-1].width + 1 <= width
    for index, token in enumerate(tokens):
        assert "".join(f.text for row in rows for f in row if f.token == index) == token


def test_aligned_segments_are_as_wide_as_the_wider_tokenizer() -> None:
    segments = [
        Aligned(("a", "b", "c"), ("abc",), 0, 0),
        Aligned(("x",), ("x",), 3, 1),
        Aligned(("⏎",), ("⏎",), 4, 2),
        Aligned(("y",), ("y",), 5, 3),
    ]
    rows = lay_out_aligned(segments, 40)
    assert [[(c.segment, c.x, c.width) for c in row] for row in rows] == [
        [(0, 1, 5), (1, 7, 1), (2, 9, 1)],
        [(3, 1, 1)],
    ]


def test_a_segment_wider_than_the_row_goes_on_in_the_next() -> None:
    rows = lay_out_aligned([Aligned(("abcdefgh",), ("abcd", "efgh"), 0, 0)], 6)
    assert [[(c.start, c.width, c.ends) for c in row] for row in rows] == [
        [(0, 4, False)],
        [(4, 4, False)],
        [(8, 1, True)],
    ]


@given(texts, st.integers(0, 30), st.booleans(), st.booleans())
def test_a_cell_has_exactly_its_width(text: str, width: int, right: bool, keep_end: bool) -> None:
    assert cell_len(fit(piece(text), width, right=right, keep_end=keep_end)) == width


def test_a_path_that_is_too_long_for_its_cell_keeps_its_end() -> None:
    cells = {fit(f"../very/long/{name}.jsonl", 13, keep_end=True) for name in ("train", "test")}
    assert cells == {"…/train.jsonl", "…g/test.jsonl"}


@given(texts)
def test_a_piece_is_never_without_width(text: str) -> None:
    assert cell_len(piece(text)) > 0


def test_a_lone_accent_gets_a_carrier() -> None:
    assert piece("\u0301") == "◌\u0301"
    assert piece("") == "∅"


def test_columns_share_what_is_left() -> None:
    columns = (Column("a", 4), Column("b", 6, share=1), Column("c", 6, share=3))
    assert share_out(columns, 41) == (4, 11, 21)
    assert share_out(columns, 5) == (4, 6, 6)
