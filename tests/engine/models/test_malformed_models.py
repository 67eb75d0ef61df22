"""Every file of a model's folder damaged in many ways: each time one sentence, and soon."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.settings.model import ModelChoice

SECONDS = 5
"""Of this process: what others do on the machine is not its fault."""


@pytest.fixture
def folder(model_folder: Callable[[str], Path], tmp_path: Path) -> Path:
    return shutil.copytree(model_folder("Qwen3"), tmp_path / "bad")


def refusal(engine: Engine, folder: Path) -> str:
    """What loading says, which is one line and said soon."""
    started = time.process_time()
    with pytest.raises(InputError) as refused:
        engine.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    assert time.process_time() - started < SECONDS
    said = str(refused.value)
    assert "\n" not in said
    assert "bad" in said
    return said


def change(path: Path, keys: str, value: object) -> None:
    """Set the entry at `keys`, joined by dots, in a JSON file."""
    whole = json.loads(path.read_text())
    *outer, last = keys.split(".")
    entry = whole
    for key in outer:
        entry = entry[key]
    entry[last] = value
    path.write_text(json.dumps(whole))


CONFIG = [
    ("num_labels", 10**7, "10,000,000 as its num_labels, and at most 100,000 can be"),
    ("num_labels", 10**9, "1,000,000,000 as its num_labels, and at most 100,000 can be"),
    ("id2label", {str(n): "x" for n in range(100_001)}, "100,001 entries as its id2label"),
    ("text_config", {"num_labels": 10**9}, "1,000,000,000 as its num_labels"),
    ("vocab_size", 10**9, "1,000,000,000 as its vocab_size, and at most 16,777,216 can be"),
    ("vocab_size", 10**7, "describes 320,0"),
    ("hidden_size", 10**6, "describes 1,"),
    ("intermediate_size", 10**7, "weights and its files hold 1"),
    ("vocab_size", "400", "'400' as its vocab_size, and it must be a whole number from 1"),
    ("hidden_size", 16.0, "16.0 as its hidden_size, and it must be a whole number from 1"),
    (
        "num_hidden_layers",
        10**6,
        "1,000,000 as its num_hidden_layers, and its files hold 25 tensors",
    ),
    ("num_hidden_layers", -1, "-1 as its num_hidden_layers, and it must be a whole number from 1"),
    ("num_hidden_layers", 0, "0 as its num_hidden_layers, and it must be"),
    ("num_attention_heads", 0, "0 as its num_attention_heads, and it must be"),
    ("num_key_value_heads", -1, "-1 as its num_key_value_heads, and it must be"),
    ("max_position_embeddings", 0, "0 as its max_position_embeddings, and it must be"),
    ("max_position_embeddings", 10**12, "1,000,000,000,000 as its max_position_embeddings"),
    ("attention_dropout", 1.5, "1.5 as its attention_dropout, and it must be between 0 and 1"),
    ("eos_token_id", "x", "'x' as its eos_token_id, and it must be"),
    ("pad_token_id", 10**30, "as its pad_token_id, and at most 16,777,216 can be"),
    ("num_experts", -1, "-1 as its num_experts, and it must be a whole number from 0"),
    ("architectures", [None], "architectures, which is no list of class names"),
    ("architectures", "Qwen3ForCausalLM", "architectures, which is no list of class names"),
    ("dtype", "float99", "'float99' as its dtype, and torch has no such type: mend that line"),
    ("torch_dtype", "load", "'load' as its torch_dtype, and torch has no such type: mend that"),
    ("rms_norm_eps", "x", "Field 'rms_norm_eps' expected float, got str"),
    ("hidden_act", "x", "The config of bad cannot be read (KeyError: 'x'): mend config.json"),
    ("layer_types", ["full_attention"], "`num_hidden_layers` (2) must be equal to"),
    ("text_config", True, "The config of bad cannot be read"),
    ("quantization_config", True, "The config of bad cannot be read"),
]


def test_a_config_that_can_be_no_models_is_told_by_its_entry(engine: Engine, folder: Path) -> None:
    whole = (folder / "config.json").read_text()
    for key, value, words in CONFIG:
        (folder / "config.json").write_text(whole)
        change(folder / "config.json", key, value)
        assert words in refusal(engine, folder), (key, value)


OTHERS = [
    ("tokenizer.json", "model.type", "BPE2", "(tokenizer.json: data did not match"),
    ("tokenizer.json", "model.vocab.!", 10**9, "a token with the ID 1,000,000,000, and 16,777,"),
    ("tokenizer.json", "added_tokens", None, "The tokenizer of bad cannot be read"),
    ("tokenizer.json", "version", "9", "Unknown tokenizer version"),
    ("tokenizer_config.json", "model_max_length", "x", "'x' as its model_max_length"),
    ("tokenizer_config.json", "tokenizer_class", ["x"], "The tokenizer of bad cannot be read"),
    ("tokenizer_config.json", "eos_token", 7, "Special token eos_token has to be either str"),
    ("generation_config.json", "eos_token_id", {"a": 1}, "1 entries as its eos_token_id"),
    ("generation_config.json", "pad_token_id", "x", "'x' as its pad_token_id"),
]


def test_so_is_an_entry_of_the_other_files(engine: Engine, folder: Path) -> None:
    for name, keys, value, words in OTHERS:
        kept = (folder / name).read_bytes()
        change(folder / name, keys, value)
        assert words in refusal(engine, folder), (name, keys)
        (folder / name).write_bytes(kept)


NO_OBJECT = {
    b"": "is not JSON: Expecting value",
    b'{"a": ': "is not JSON",
    b"[]": "holds no JSON object",
    b"null": "holds no JSON object",
    b"1" * 10_000: "is not JSON: a number too long",
    b"[" * 100_000: "is nested too deep",
    b'{"a": "caf\xe9"}': "is not UTF-8 text",
    b"\xff\xfe{\x00}\x00": "is not UTF-8 text",
}
JSON_FILES = "config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"


@pytest.mark.parametrize("name", JSON_FILES)
def test_a_file_that_is_no_json_object_is_named(engine: Engine, folder: Path, name: str) -> None:
    for content, words in NO_OBJECT.items():
        (folder / name).write_bytes(content)
        assert f"{name} {words}" in refusal(engine, folder)


def as_a_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_a_folder(path: Path) -> None:
    path.mkdir()


def as_a_link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def as_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [as_a_pipe, as_a_folder, as_a_link_to_itself, as_a_device])
def test_what_is_no_file_is_not_opened(
    engine: Engine, folder: Path, make: Callable[[Path], None]
) -> None:
    for name in (*JSON_FILES, "model.safetensors", "special_tokens_map.json"):
        kept = (folder / name).read_bytes() if (folder / name).exists() else b"{}"
        (folder / name).unlink(missing_ok=True)
        make(folder / name)
        assert f"{name} of bad is a" in refusal(engine, folder)
        with pytest.raises(InputError, match=f"{name} of bad is a"):
            engine.load_tokenizer(str(folder))
        (folder / name).rename(folder.parent / f"{name}.{make.__name__}")
        (folder / name).write_bytes(kept)


def test_a_file_that_is_too_large_is_not_read(engine: Engine, folder: Path) -> None:
    for name in (*JSON_FILES, "merges.txt"):
        kept = (folder / name).read_bytes() if (folder / name).exists() else b""
        with (folder / name).open("ab") as file:
            file.truncate(600 << 20)  # a hole: it takes no disk
        assert f"{name} of bad has 629,145,600 bytes, and" in refusal(engine, folder)
        (folder / name).write_bytes(kept)


def header(text: bytes, length: int | None = None) -> bytes:
    return (len(text) if length is None else length).to_bytes(8, "little") + text


def tensor(dtype: object, shape: object, offsets: object) -> bytes:
    return header(
        json.dumps({"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}).encode()
    )


HEADERS = [
    (b"", "is cut off within its header"),
    (header(b"{}", 10**6), "is cut off within its header"),
    (header(b"{}", 2**63), "does not begin as a .safetensors file does"),
    (header(b"[]"), "does not begin as a .safetensors file does"),
    (header(b"[" * 10**5), "does not begin as a .safetensors file does"),
    (header(b"\xff{}"), "does not begin as a .safetensors file does"),
    (tensor("F99", [1], [0, 4]) + bytes(4), "describes a in a way that is not known"),
    (tensor("F32", [-1], [0, 4]) + bytes(4), "describes a in a way that is not known"),
    (tensor("F32", "x", [0, 4]) + bytes(4), "describes a in a way that is not known"),
    (tensor("F32", [1], [4, 0]) + bytes(4), "describes a in a way that is not known"),
    (tensor("F32", [10**9], [0, 4]) + bytes(4), "has less of a than its shape needs"),
    (tensor("F32", [1000], [0, 4000]), "is 4,000 bytes short"),
]


def test_weights_that_are_damaged_are_told_by_their_header(engine: Engine, folder: Path) -> None:
    for content, words in HEADERS:
        (folder / "model.safetensors").write_bytes(content)
        said = refusal(engine, folder)
        assert said.startswith(f"The weights of bad cannot be read (model.safetensors {words}")
