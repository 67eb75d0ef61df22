"""Untrusted text on a terminal: nothing that it would obey, reorder or hide gets through."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcwidth

from tui_trainer.terminal_text import OF_NO_AGREED_WIDTH, visible, visible_source, visible_token

HOSTILE = st.one_of(
    st.text(max_size=50),
    st.text(st.characters(categories=["Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs", "Mn"])),
    st.sampled_from(
        [
            "\x1b[31mred",
            "\x1b]52;c;cm0gLXJm\x07",
            "\x9b2J",
            "\u202egnp.exe",
            "[/foo]",
            "[UNK]",
            "\ud83d",
            "a\u0301" * 20,
            "👩\u200d👩\u200d👧",
            "👍🏽 ◌🏽 🇩🇪🇫🇷 1\ufe0f\u20e3 ❤\ufe0f",
            "\u1112\u1161\u11ab\ua960\ud7b0",
            "हिन्दी தமிழ்",
            "x" * 10_000,
        ]
    ),
)


def obeyed_or_hidden(text: str) -> list[str]:
    """The characters of `text` that a terminal would obey, reorder or not show."""
    forbidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return [character for character in text if unicodedata.category(character) in forbidden]


@given(HOSTILE)
@example("\x00\x07\x1b\x7f\x80\x9b\u2028\ufeff\U000e0041")
def test_what_comes_out_is_fit_for_a_terminal(text: str) -> None:
    for shown in visible(text), visible_token(text), visible(text, limit=20):
        assert obeyed_or_hidden(shown) == []
        shown.encode()


@given(HOSTILE)
def test_what_is_visible_already_stays_as_it_is(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown


@given(
    st.text(
        st.characters(categories=["L", "N", "P"], exclude_characters="\u3164\uffa0").filter(
            lambda character: character not in OF_NO_AGREED_WIDTH
        )
    )
)
def test_letters_digits_and_punctuation_are_left_alone(text: str) -> None:
    assert visible(text) == text


def cells_by_character(text: str) -> int:
    """As tmux 3.3 and other terminals count that know of no sequences."""
    return sum(map(wcwidth, text))


@given(HOSTILE)
def test_a_terminal_that_counts_each_character_counts_as_the_layout_does(text: str) -> None:
    for shown in visible(text), visible_token(text), visible(text, limit=20):
        assert cells_by_character(shown) == cell_len(shown)


@pytest.mark.long
def test_every_character_is_as_wide_alone_as_the_layout_has_it() -> None:
    for point in range(0x110000):
        shown = visible(chr(point))
        assert cells_by_character(shown) == cell_len(shown), f"{point:X}"


@given(HOSTILE)
def test_no_line_begins_with_a_mark(text: str) -> None:
    for line in visible(text, newline="\n").split("\n"):
        assert not unicodedata.category(line[:1] or "x").startswith("M")


@given(HOSTILE)
def test_different_controls_look_different(text: str) -> None:
    for character in {c for c in text if ord(c) < 0x20}:
        others = {visible(chr(point)) for point in range(0x21) if chr(point) != character}
        assert visible(character) not in others


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain [/foo] [UNK]", "plain [/foo] [UNK]"),
        ("a\nb\tc", "a⏎b⇥c"),
        ("\r\n", "␍⏎"),
        ("\x1b[2J", "␛[2J"),
        ("\x00\x07\x7f", "␀␇␡"),
        ("\x9b", "⟨009B⟩"),
        ("a\u202eb", "a⟨202E⟩b"),
        ("\ud83d", "⟨D83D⟩"),
        ("\ufffd", "\ufffd"),
        ("zero\u200bwidth", "zero⟨200B⟩width"),
        ("\u3164\u2800", "⟨3164⟩⟨2800⟩"),
        ("no\u00a0break", "no⟨00A0⟩break"),
        ("\U000e0041", "⟨E0041⟩"),
        ("é 漢字 😀", "é 漢字 😀"),
        ("\u0301a", "◌\u0301a"),
        ("e\u0301", "e\u0301"),
        ("👍🏽", "👍⟨1F3FD⟩"),
        ("◌🏽", "◌⟨1F3FD⟩"),
        ("🇩🇪", "⟨1F1E9⟩⟨1F1EA⟩"),
        ("1\ufe0f\u20e3", "1⟨FE0F⟩⟨20E3⟩"),
        ("\u1112\u1161\u11ab", "⟨1112⟩⟨1161⟩⟨11AB⟩"),
        ("न\u0940", "न⟨0940⟩"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_stay_apart_where_they_are_asked_to() -> None:
    assert visible("a\nb\x1b", newline="\n") == "a\nb␛"
    assert visible("a\tb", tab="    ") == "a    b"


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde…"), ("", 1, ""), ("ab", 1, "…")],
)
def test_a_long_text_is_cut_and_shows_that_it_was(text: str, limit: int, shown: str) -> None:
    assert visible(text, limit=limit) == shown


@pytest.mark.parametrize("limit", [12, 20, 30, 40, 60])
def test_of_a_long_path_the_end_stays(limit: int) -> None:
    folder = "../very/long/path/of/a/course/and/its/students/data/of/this/year"
    shown = {visible_source(f"{folder}/{name}.jsonl", limit) for name in ("train", "test")}
    assert len(shown) == 2
    assert all(len(path) == limit and path.startswith("…") for path in shown)
    assert visible_source("train.jsonl", limit) == "train.jsonl"
    assert "\x1b" not in visible_source("\x1b" * 100, limit)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" hello", "␣hello"),
        ("hello", "hello"),
        ("a b ", "a b␣"),
        ("   ", "␣␣␣"),
        ("", ""),
        (" \n", "␣⏎"),
        ("\n ", "⏎␣"),
    ],
)
def test_a_tokens_outer_spaces_are_seen(text: str, shown: str) -> None:
    assert visible_token(text) == shown
