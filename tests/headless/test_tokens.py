"""`tui-trainer tokens`: IDs, pieces and bytes, alone and as a batch."""

import io
import sys
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from tests.headless.conftest import Program, obeyed_characters
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.tokens import Tokenized

TEXT = "def hello():\n\treturn"
HOSTILE = "\x1b[31m\x1b]52;c;aGk=\x07\x9b2J\u202egpj\u200b[/foo][UNK]\x7f"


def ids_of(text: str) -> list[int]:
    return AutoTokenizer.from_pretrained(MODEL_FOLDER)(text).input_ids


def give_stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_json_holds_ids_mask_and_tokens_of_each_text(program: Program) -> None:
    ended = program("tokens", TEXT, "half", "--json")
    assert (ended.status, ended.err) == (0, "")
    first, second = ended.lines
    ids = ids_of(TEXT)
    fields = ["text", "shape", "input_ids", "attention_mask", "tokens", "read_as", "dropped"]
    assert list(first) == fields
    assert first["text"] == TEXT
    assert first["shape"] == [1, len(ids)]
    assert first["input_ids"] == ids
    assert first["attention_mask"] == [1] * len(ids)
    assert [list(token) for token in first["tokens"]] == [["index", "id", "text", "bytes"]] * len(
        ids
    )
    assert [token["index"] for token in first["tokens"]] == list(range(len(ids)))
    assert b"".join(bytes.fromhex(token["bytes"]) for token in first["tokens"]) == TEXT.encode()
    assert second["input_ids"] == ids_of("half")


def test_a_split_character_shows_its_bytes(program: Program) -> None:
    (line,) = program("tokens", "👍", "--json").lines
    assert len(line["tokens"]) > 1
    assert line["tokens"][0]["text"] == "\ufffd"
    assert "".join(token["bytes"] for token in line["tokens"]) == "👍".encode().hex()


def test_an_empty_text_has_no_tokens(program: Program) -> None:
    (line,) = program("tokens", "", "--json").lines
    assert (line["shape"], line["input_ids"], line["tokens"]) == ([1, 0], [], [])


@pytest.mark.parametrize("side", ["left", "right"])
def test_batch_pads_each_row_to_the_longest(program: Program, side: str) -> None:
    texts = "a", "several words here"
    lines = program("tokens", *texts, "--batch", "--padding-side", side, "--json").lines
    width = len(ids_of(texts[1]))
    short, long = lines
    padding = [0] * (width - 1)
    assert short["shape"] == long["shape"] == [2, width]
    assert long["input_ids"] == ids_of(texts[1])
    assert short["attention_mask"] == ([*padding, 1] if side == "left" else [1, *padding])
    assert long["position_ids"] == list(range(width))
    assert long["labels"] == [*long["input_ids"][1:], -100]
    assert (short["position_ids"], short["labels"]) == ([0] * width, [-100] * width)
    for line in lines:
        for token in line["tokens"]:
            assert line["input_ids"][token["index"]] == token["id"]


def test_batch_pads_on_the_right_unless_told(program: Program) -> None:
    short, _ = program("tokens", "a", "two words", "--batch", "--json").lines
    assert short["attention_mask"][0] == 1


def test_batch_for_people_lines_up_its_grids(program: Program) -> None:
    out = program("tokens", "a", "two words", "--padding-side", "left").out.splitlines()
    width = len(ids_of("two words"))
    assert out[0] == f"shape (2, {width}), padded on the left with ID 0"
    first = out.index("input_ids")
    ids, mask, positions, labels = (
        [line.split() for line in out[first + 3 * n + 1 : first + 3 * n + 3]] for n in range(4)
    )
    assert mask == [["0"] * (width - 1) + ["1"], ["1"] * width]
    assert ids[1] == [str(token_id) for token_id in ids_of("two words")]
    assert positions == [["0"] * width, [str(n) for n in range(width)]]
    assert labels == [["-100"] * width, [*ids[1][1:], "-100"]]
    assert len({len(line) for line in out[first + 1 :] if line[-1].isdigit()}) == 1


def test_table_shows_every_token(program: Program) -> None:
    out = program("tokens", " a\n").out.splitlines()
    assert out[:2] == [" a⏎", f"shape (1, {len(ids_of(' a' + chr(10)))})"]
    assert out[2].split() == ["position", "ID", "piece", "bytes"]
    assert out[3].split() == ["0", str(ids_of(" a")[0]), "␣a", "20", "61"]


def test_a_directory_with_a_tokenizer_alone_is_enough(program: Program, tmp_path: Path) -> None:
    AutoTokenizer.from_pretrained(MODEL_FOLDER).save_pretrained(tmp_path)
    for option in ("--model", "--tokenizer"):
        (line,) = program("tokens", TEXT, option, str(tmp_path), "--json").lines
        assert line["input_ids"] == ids_of(TEXT)


def test_a_dash_reads_stdin_byte_for_byte(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_stdin(monkeypatch, "é\r\n".encode())
    first, second = program("tokens", "-", "x", "--json").lines
    assert (first["text"], second["text"]) == ("é\r\n", "x")


@pytest.mark.parametrize(
    ("data", "arguments", "said"),
    [
        (b"ok \xff", ("-",), "byte 4"),
        (b"twice", ("-", "-"), "once"),
    ],
)
def test_stdin_that_cannot_be_used_is_refused(
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    data: bytes,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    give_stdin(monkeypatch, data)
    ended = program("tokens", *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert said in ended.err


def test_closed_stdin_is_refused(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    ended = program("tokens", "-")
    assert ended.status == 2
    assert "closed" in ended.err


def test_half_a_surrogate_pair_is_refused(program: Program) -> None:
    ended = program("tokens", "a\ud800")
    assert ended.status == 2
    assert "surrogate" in ended.err


def test_a_tokenizer_that_is_not_there_is_refused(program: Program, tmp_path: Path) -> None:
    ended = program("tokens", "a", "--model", str(tmp_path / "no\x1b[31mne"))
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "no␛[31mne" in ended.err


@pytest.mark.parametrize("options", [(), ("--batch",)])
def test_hostile_text_never_reaches_the_terminal_raw(
    program: Program, options: tuple[str, ...]
) -> None:
    ended = program("tokens", HOSTILE, *HOSTILE, *options)
    assert ended.status == 0
    assert "[/foo][UNK]" in ended.out
    assert obeyed_characters(ended.out) == set()


def test_json_is_ascii_without_control_characters(program: Program) -> None:
    ended = program("tokens", HOSTILE, "--json")
    assert ended.lines[0]["text"] == HOSTILE
    assert ended.out.isascii()
    assert obeyed_characters(ended.out) == set()


def test_what_a_library_prints_stays_off_stdout(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenize = Engine.tokenize

    def chatty(engine: Engine, text: str, source: str) -> Tokenized:
        print("chatter")
        return tokenize(engine, text, source)

    monkeypatch.setattr(Engine, "tokenize", chatty)
    ended = program("tokens", "a", "--json")
    assert len(ended.lines) == 1
    assert ended.err == "chatter\n"


def test_escapes_are_read_where_they_are_asked_for_and_else_pointed_out(program: Program) -> None:
    typed, meant = "def hello():\\n\\treturn", "def hello():\n\treturn"
    (line,) = program("tokens", typed, "--escapes", "--json").lines
    (real,) = program("tokens", meant, "--json").lines
    assert line == real
    (plain,) = program("tokens", typed, "--json").lines
    assert plain["text"] == typed
    assert program("tokens", typed, "--json").err == ""
    assert "with --escapes a newline and a tab" in program("tokens", typed, "--batch").err
    assert program("tokens", typed, "--batch", "--escapes").err == ""
    assert program("tokens", meant).err == ""
