"""Two tokenizations cut at the boundaries they have in common; characters split into parts."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.models import byte_fallback_tokenizer
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.tokens import Token, Tokenized
from tui_trainer.screens.tokens.alignment import align, boundaries
from tui_trainer.screens.tokens.spans import Part, part_of, spans


def tokenized(text: str, *offsets: tuple[int, int]) -> Tokenized:
    """Tokens that cover these characters."""
    tokens = (
        Token(n, n, text[start:end], text[start:end].encode(), start, end)
        for n, (start, end) in enumerate(offsets)
    )
    return Tokenized(text, tuple(tokens))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(Progress(lambda event: None))


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("llama")
    byte_fallback_tokenizer().save_pretrained(folder)
    return str(folder)


def test_segments_end_where_both_have_a_boundary() -> None:
    first = tokenized("abcdef", (0, 1), (1, 3), (3, 6))
    second = tokenized("abcdef", (0, 3), (3, 5), (5, 6))
    segments = align(first, second)
    assert [(s.start, s.end) for s in segments] == [(0, 3), (3, 6)]
    assert [(len(s.first), len(s.second)) for s in segments] == [(2, 1), (1, 2)]
    assert not any(segment.same for segment in segments)


def test_no_boundary_inside_a_split_character() -> None:
    first = tokenized("a😀b", (0, 1), (1, 2), (1, 2), (2, 3))
    assert boundaries(first) == {1, 2, 3}
    segments = align(first, tokenized("a😀b", (0, 1), (1, 2), (2, 3)))
    assert [len(segment.first) for segment in segments] == [1, 2, 1]
    assert [segment.same for segment in segments] == [True, False, True]


def test_a_space_left_out_of_the_offsets_goes_to_the_token_after_it() -> None:
    assert spans(tokenized("a b", (0, 1), (2, 3))) == ((0, 1), (1, 3))


def test_tokens_without_characters_stay_at_both_ends() -> None:
    first = tokenized("ab", (0, 0), (0, 1), (1, 2), (0, 0))
    segments = align(first, tokenized("ab", (0, 1), (1, 2)))
    assert [[token.index for token in segment.first] for segment in segments] == [[0, 1], [2, 3]]


def test_nothing_to_align_in_an_empty_text() -> None:
    assert align(tokenized(""), tokenized("")) == ()


def test_parts_of_a_character_are_counted() -> None:
    text = tokenized("é😀", (0, 1), (0, 1), (1, 2), (1, 2), (1, 2))
    assert [part_of(text, n) for n in range(5)] == [
        Part(1, 2, "é"),
        Part(2, 2, "é"),
        Part(1, 3, "😀"),
        Part(2, 3, "😀"),
        Part(3, 3, "😀"),
    ]
    assert part_of(tokenized("ab", (0, 1), (1, 2)), 0) is None


def test_a_token_with_the_first_bytes_of_a_character_is_its_first_part() -> None:
    text = tokenized("a😀", (0, 2), (1, 2))
    assert [part_of(text, n) for n in range(2)] == [Part(1, 2, "😀"), Part(2, 2, "😀")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(st.characters(codec="utf-8"), max_size=40))
def test_segments_hold_the_whole_text_and_every_token(
    text: str, engine: Engine, llama: str
) -> None:
    first, second = engine.tokenize(text, "builtin"), engine.tokenize(text, llama)
    segments = align(first, second)
    assert "".join(text[s.start : s.end] for s in segments) == text
    if text:
        assert sum((s.first for s in segments), ()) == first.tokens
        assert sum((s.second for s in segments), ()) == second.tokens
