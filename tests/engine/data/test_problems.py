"""Problems from the generator, from files, and what is said where a file cannot be used."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from tui_trainer.engine.data.problems import (
    Problem,
    describe_problems,
    format_problem,
    load_problems,
)
from tui_trainer.engine.data.word_problems import word_problem
from tui_trainer.errors import InputError

ROWS = [{"question": f"What is {i}?", "answer": f"It is {i}.\n#### {i}"} for i in range(5)]
PROBLEMS = [Problem(row["question"], row["answer"]) for row in ROWS]


def write_jsonl(folder: Path, *lines: object) -> str:
    path = folder / "items.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n")
    return str(path)


def write_parquet(folder: Path, columns: Mapping[str, Sequence[object]]) -> str:
    path = folder / "items.parquet"
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return str(path)


def sentence(source: str, limit: int | None = None) -> str:
    with pytest.raises(InputError) as caught:
        load_problems(source, limit=limit)
    told = str(caught.value)
    assert "\n" not in told
    assert told.endswith(".")
    return told


def test_the_format_is_the_notebooks() -> None:
    assert format_problem(Problem("Why?", "So.")) == "Question: Why?\nAnswer: So."


def test_builtin_takes_the_first_items_of_the_seed() -> None:
    assert load_problems("builtin", limit=3, seed=7) == [word_problem(7, i) for i in range(3)]
    assert len(load_problems("builtin")) == 1000


def test_builtin_test_items_are_none_of_the_training_items() -> None:
    test = load_problems("builtin", split="test", limit=200)
    assert test[0] == word_problem(0, 100_000)
    assert not set(test) & set(load_problems("builtin", limit=1000))


def test_jsonl_keeps_the_order_and_the_limit(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path, *ROWS)
    assert load_problems(source, limit=3) == PROBLEMS[:3]
    assert load_problems(source, limit=99) == PROBLEMS


def test_jsonl_passes_over_blank_lines_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(ROWS[0]).encode() + b"\r\n\r\n  \n")
    assert load_problems(str(path)) == PROBLEMS[:1]


def test_what_lies_past_the_limit_is_not_looked_at(tmp_path: Path) -> None:
    assert load_problems(write_jsonl(tmp_path, ROWS[0], "{broken"), limit=1) == PROBLEMS[:1]


def test_parquet_keeps_the_order_and_the_limit(tmp_path: Path) -> None:
    columns = {name: [row[name] for row in ROWS] for name in ("question", "answer")}
    source = write_parquet(tmp_path, {"id": list("01234"), **columns})
    assert load_problems(source, limit=2) == PROBLEMS[:2]
    assert load_problems(source) == PROBLEMS


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ({"answer": 72}, "72"),
        ({"answer": 72.0}, "72"),
        ({"answer": 0.5}, "0.5"),
        ({"answer": "72", "reasoning": "48+24 = 72."}, "48+24 = 72.\n#### 72"),
        ({"answer": 72, "reasoning": "48+24 = 72.\n"}, "48+24 = 72.\n#### 72"),
        ({"answer": "#### 72", "reasoning": "48+24 = 72."}, "48+24 = 72.\n#### 72"),
        ({"answer": "72", "reasoning": None}, "72"),
        ({"answer": "72", "reasoning": " "}, "72"),
    ],
)
def test_numbers_and_reasoning_make_an_answer(
    tmp_path: Path, row: dict[str, object], answer: str
) -> None:
    source = write_jsonl(tmp_path, {"question": "Q", **row})
    assert load_problems(source) == [Problem("Q", answer)]


def test_parquet_numbers_and_reasoning(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {
        "question": ["Q"],
        "answer": [72],
        "reasoning": ["48+24 = 72."],
    }
    assert load_problems(write_parquet(tmp_path, columns)) == [Problem("Q", "48+24 = 72.\n#### 72")]


def test_hostile_text_comes_through_untouched(tmp_path: Path) -> None:
    hostile = "\x1b]52;c;AAAA\x07 [/foo] \u202e \x9b31m"
    source = write_jsonl(tmp_path, {"question": hostile, "answer": hostile})
    assert load_problems(source) == [Problem(hostile, hostile)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"question": "a", ', "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        ('{"question": "a", "answer": ' + "9" * 5000 + "}", "is not valid JSON"),
        ("[1, 2]", "is not a JSON object"),
        ('{"question": "a", "label": 1}', "has no column answer"),
        ('{"text": "a"}', "has no column question and no column answer"),
        ('{"question": 3, "answer": "a"}', "has a question that is a number"),
        ('{"question": "a", "answer": null}', "has an answer that is missing"),
        ('{"question": "a", "answer": ["b"]}', "has an answer that is a list"),
        ('{"question": "a", "answer": true}', "has an answer that is true or false"),
        ('{"question": "a", "answer": NaN}', "has an answer that is a number with no value"),
        ('{"question": "a", "answer": "b", "reasoning": {}}', "has a reasoning that is an object"),
        ('{"question": "\\ud800", "answer": "b"}', "half a surrogate pair in its question"),
    ],
)
def test_a_bad_line_is_named_by_number_and_file(tmp_path: Path, line: str, said: str) -> None:
    source = write_jsonl(tmp_path, ROWS[0], ROWS[1], line)
    told = sentence(source)
    assert told.startswith(f"Line 3 of {source} ")
    assert said in told


def test_missing_columns_name_the_columns_found(tmp_path: Path) -> None:
    assert "its columns are: text, label" in sentence(
        write_jsonl(tmp_path, {"text": "a", "label": 1})
    )
    told = sentence(write_parquet(tmp_path, {"prompt": ["a"], "answer": ["b"]}))
    assert "has no column question" in told
    assert "its columns are: prompt, answer" in told


def test_a_line_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(json.dumps(ROWS[0]).encode() + b'\n{"question": "\xff"}\n')
    assert sentence(str(path)).startswith(f"Line 2 of {path} is not UTF-8")


def test_a_bad_row_of_a_table_is_named(tmp_path: Path) -> None:
    told = sentence(write_parquet(tmp_path, {"question": ["a", None], "answer": ["b", "c"]}))
    assert told.startswith("Row 2 of ")
    assert "question that is missing" in told


def test_a_text_of_a_table_that_is_not_utf8_is_named_by_row_and_column(tmp_path: Path) -> None:
    latin1 = pyarrow.array([b"2", b"4 caf\xe9"]).view(pyarrow.string())
    for column, article in (("answer", "an answer"), ("question", "a question")):
        columns = {"question": ["1+1?", "2+2?"], "answer": ["2", "4"], column: latin1}
        path = write_parquet(tmp_path, columns)
        assert sentence(path) == (
            f"Row 2 of {path} has {article} that is not UTF-8 text: write the file anew."
        )
        assert len(load_problems(path, limit=1)) == 1  # what is not wanted is not looked at


def test_numbers_of_every_kind_are_answers(tmp_path: Path) -> None:
    kinds = {
        "4.5": pyarrow.array([Decimal("4.50")]),
        "72": pyarrow.array([Decimal("72.00")]),
        "7": pyarrow.array([7], pyarrow.int8()),
        "0.25": pyarrow.array([0.25], pyarrow.float32()),
        "12": pyarrow.array(["12"]).dictionary_encode(),
    }
    for answer, column in kinds.items():
        path = write_parquet(tmp_path, {"question": ["?"], "answer": column})
        assert [problem.answer for problem in load_problems(path)] == [answer]


def test_what_is_no_answer_is_called_what_it_is(tmp_path: Path) -> None:
    kinds = {
        "missing": pyarrow.array([None], pyarrow.string()),
        "bytes": pyarrow.array([b"4"]),
        "true or false": pyarrow.array([True]),
        "a list": pyarrow.array([["4"]]),
        "a number with no value": pyarrow.array([float("nan")]),
    }
    for kind, column in kinds.items():
        path = write_parquet(tmp_path, {"question": ["?"], "answer": column})
        assert f"Row 1 of {path} has an answer that is {kind}: make it a string" in sentence(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"question": "1", "question": "2", "answer": "3"}', "has question twice: delete one"),
        ('{"question": "1", "answer": "2"}'.encode("utf-16"), "is not UTF-8 text: save the file"),
        (b'{"question": "1", "answer": ' + b"1" * 5000 + b"}", "is not valid JSON (too deep or to"),
        (b'{"question": "1", "answer": 1e999}', "has an answer that is a number with no value"),
        (b'{"question": "1", "answer": null}', "has an answer that is missing"),
        (b"[" * 100_000, "is not valid JSON (too deep or too large)"),
        (b" " * (64 << 20) + b"{}", "is longer than 67,108,864 bytes: write an object a line."),
    ],
    ids=["doubled", "utf-16", "digits", "infinite", "null", "deep", "long"],
)
def test_a_line_of_another_kind_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(content)
    assert sentence(str(path)).startswith(f"Line 1 of {path} {said}")


def test_windows_line_ends_are_no_part_of_an_item(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes("\r\n".join(json.dumps(row) for row in ROWS).encode())
    assert load_problems(str(path)) == PROBLEMS


def test_a_name_that_no_file_can_have_is_told() -> None:
    long = "d" * 300
    assert sentence(f"{long}.jsonl").startswith("There is no file ddd")
    assert sentence(f"/{long}").startswith("There are no problems called /ddd")
    assert sentence("~nobody-of-that-name/items.jsonl").startswith("There is no file ~nobody")
    assert sentence("-").startswith("There are no problems called -: use builtin")


def test_a_folder_is_not_taken_for_a_data_set_of_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil" / "repo").mkdir(parents=True)
    for source in "evil/repo", "evil/repo:main":
        assert sentence(source).startswith(f"{source} is a Hub data set by its form and there is")


def test_a_broken_table_is_told(tmp_path: Path) -> None:
    source = write_parquet(tmp_path, {"question": ["a"] * 100, "answer": ["b"] * 100})
    path = Path(source)
    path.write_bytes(path.read_bytes()[:-40])
    assert "cannot be read" in sentence(source)


@pytest.mark.parametrize("name", ["items.jsonl", "items.parquet"])
def test_a_missing_file_and_a_directory_are_told(tmp_path: Path, name: str) -> None:
    assert "There is no file" in sentence(str(tmp_path / name))
    (tmp_path / name).mkdir()
    assert "is not a file" in sentence(str(tmp_path / name))


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    assert "holds no problem" in sentence(write_jsonl(tmp_path))
    assert "holds no problem" in sentence(write_parquet(tmp_path, {"question": [], "answer": []}))


@pytest.mark.parametrize("source", ["items.csv", "/no/such/place", "a b", "x/y/z", "a\0.jsonl", ""])
def test_what_is_no_source_is_told(source: str) -> None:
    assert sentence(source).startswith("There ")


def test_a_limit_below_one_is_refused() -> None:
    assert "At least 1 item" in sentence("builtin", limit=0)


def test_the_listing_names_each_kind() -> None:
    listed = {source.name: source for source in describe_problems()}
    assert next(iter(listed)) == "builtin"
    assert listed["openai/gsm8k:main"].train_items == 7473
    assert "nuprl/engineering-llm-systems:gsm8k" in listed
    assert {Path(name).suffix for name in listed} >= {".jsonl", ".parquet"}
