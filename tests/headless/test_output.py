"""What every command writes through: JSON lines, columns, cells of untrusted text."""

import io
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.headless.conftest import obeyed_characters
from tui_trainer.engine.data.problems import ProblemSource
from tui_trainer.headless.output import Output, json_line
from tui_trainer.headless.problems import source_cells
from tui_trainer.headless.step import describe_model, prediction_cells
from tui_trainer.headless.tokens import token_cells
from tui_trainer.reports.models import LearnerStatus, ModelReport
from tui_trainer.reports.predictions import Candidate, Position
from tui_trainer.reports.tokens import Token
from tui_trainer.words.numbers import byte_count
from tui_trainer.words.table import TextColumn, row, table

hostile = st.one_of(
    st.text(),
    st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"])),
    st.sampled_from(["\x1b]52;c;aGk=\x07", "\x9b31m", "\u202e", "[/foo]", "\ud800", "x" * 10_000]),
)


@given(hostile)
def test_json_gives_any_text_back_and_is_safe_to_print(text: str) -> None:
    line = json_line({"text": text, "tokens": [{"text": text}]})
    # Two halves of a surrogate pair are one character to JSON; no tokenizer takes them.
    same = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert json.loads(line) == {"text": same, "tokens": [{"text": same}]}
    assert line.isascii()
    assert obeyed_characters(line) == set()
    assert "\n" not in line


def test_numbers_that_json_lacks_are_null() -> None:
    line = json_line({"loss": math.nan, "rest": (math.inf, {"p": -math.inf}), "lr": 1e-5})
    assert line == '{"loss": null, "rest": [null, {"p": null}], "lr": 1e-05}'


def test_a_closed_stdout_takes_nothing() -> None:
    Output(None, as_json=True).json({"step": 1})


def test_a_line_leaves_at_once() -> None:
    pipe = io.BytesIO()
    output = Output(io.TextIOWrapper(pipe), as_json=True)
    output.json({"step": 1})
    assert pipe.getvalue() == b'{"step": 1}\n'


def test_each_kind_of_line_ends_in_a_newline() -> None:
    stream = io.StringIO()
    output = Output(stream, as_json=False)
    output.text("a")
    output.text()
    output.json({"b": 1})
    assert stream.getvalue() == 'a\n\n{"b": 1}\n'


@given(hostile)
def test_no_cell_holds_what_a_terminal_obeys(text: str) -> None:
    candidate = Candidate(1, text, 0.5, 2.0)
    position = Position(0, 1, text, candidate, 0.1, 0.2, (candidate,), 1, 1.0)
    model = ModelReport(text, text, 1, "cpu", "fp32", None, 1, 0.0, 0.1)
    shown = [
        *token_cells(Token(0, 1, text, b"", 0, 1)),
        *prediction_cells(position, position),
        *source_cells(ProblemSource(text, text)),
        describe_model(LearnerStatus(model, 0, 1e-5, "AdamW", True)),
    ]
    assert obeyed_characters("".join(shown)) == set()
    assert "\n" not in "".join(shown)


def test_columns_line_up_by_terminal_cells() -> None:
    lines = table(
        (TextColumn("piece", 0, left=True), TextColumn("n", 3)), [("日本語", "1"), ("ab", "22222")]
    )
    assert lines == ["piece       n", "日本語      1", "ab      22222"]


def test_a_cell_wider_than_its_column_is_kept_whole() -> None:
    assert row((TextColumn("a", 2), TextColumn("b", 2)), ("long", "x")) == "long   x"


@pytest.mark.parametrize(
    ("count", "shown"),
    [(None, "?"), (999, "999 B"), (98_362_432, "98.4 MB"), (2 * 10**12, "2.0 TB")],
)
def test_bytes_are_in_units_of_a_thousand(count: int | None, shown: str) -> None:
    assert byte_count(count) == shown
