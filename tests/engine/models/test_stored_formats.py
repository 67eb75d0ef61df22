"""What a folder or file holds that is no model's plain weights is named for what it is."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from gguf import GGUFWriter
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.gguf_file import write_gguf
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.settings.model import ModelChoice

Tensors = dict[str, Tensor]


@pytest.fixture
def folder(model_folder: Callable[[str], Path], tmp_path: Path) -> Path:
    return shutil.copytree(model_folder("Qwen3"), tmp_path / "kind")


def rewrite(folder: Path, make: Callable[[Tensors], Tensors]) -> None:
    path = folder / "model.safetensors"
    save_file(make(load_file(path)), path, metadata={"format": "pt"})


def change_config(folder: Path, **entries: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))


def matrices(weights: Tensors) -> Tensors:
    return {name: weight for name, weight in weights.items() if "proj" in name}


def fp8(weights: Tensors) -> Tensors:
    """As llm-compressor and ModelOpt write it, without a word in config.json."""
    small = {n: w.to(torch.float8_e4m3fn) for n, w in matrices(weights).items()}
    return {**weights, **small, **{f"{n}_scale": torch.ones(1) for n in small}}


def scaled(weights: Tensors) -> Tensors:
    return {**weights, **{f"{n}_scale_inv": torch.ones(1) for n in matrices(weights)}}


def int8(weights: Tensors) -> Tensors:
    return {**weights, **{n: w.to(torch.int8) for n, w in matrices(weights).items()}}


def bitsandbytes(weights: Tensors) -> Tensors:
    return {**int8(weights), **{n[:-6] + "SCB": torch.ones(4) for n in matrices(weights)}}


def mlx(weights: Tensors) -> Tensors:
    packed = {n: torch.zeros(w.shape[0], 2).int() for n, w in matrices(weights).items()}
    return {**weights, **packed, **{n[:-6] + "scales": torch.ones(4, 1) for n in packed}}


def renamed(ending: str) -> Callable[[Tensors], Tensors]:
    def make(weights: Tensors) -> Tensors:
        return {
            n[:-6] + ending if "proj" in n else n: torch.zeros(2, 2).int() if "proj" in n else w
            for n, w in weights.items()
        }

    return make


def gptq(weights: Tensors) -> Tensors:
    return {**renamed("qweight")(weights), "model.layers.0.mlp.up_proj.g_idx": torch.zeros(1).int()}


def prefixed(prefix: str) -> Callable[[Tensors], Tensors]:
    return lambda weights: {prefix + name: weight for name, weight in weights.items()}


KINDS: list[tuple[Callable[[Tensors], Tensors], str]] = [
    (fp8, "The weights of kind are quantized (fp8), and such cannot be trained: choose the model"),
    (scaled, "The weights of kind are quantized (model.layers.0.mlp.down_proj.weight_scale_inv go"),
    (int8, "The weights of kind are quantized (whole numbers of type I8), and such cannot be tra"),
    (bitsandbytes, "The weights of kind are quantized (int8 by bitsandbytes), and such cannot be"),
    (mlx, "The weights of kind are quantized (MLX), and such cannot be trained: choose the model"),
    (gptq, "The weights of kind are quantized (GPTQ), and such cannot be trained: choose the mode"),
    (renamed("qweight"), "The weights of kind are quantized (GPTQ or AWQ), and such cannot be tr"),
    (renamed("weight_packed"), "The weights of kind are quantized (compressed-tensors), and such"),
    (prefixed("_orig_mod."), "The weights of kind have _orig_mod. before their names, as torch.c"),
    (prefixed("module."), "The weights of kind have module. before their names, as DistributedDa"),
    (prefixed("base_model.model."), "The weights of kind have base_model.model. before their nam"),
    (
        prefixed("decoder."),
        "The weights of kind lack 25 tensors (lm_head.weight is one) and have ot",
    ),
]


def test_weights_that_are_no_plain_ones_are_named_for_what_they_are(
    engine: Engine, folder: Path
) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    for make, sentence in KINDS:
        (folder / "model.safetensors").write_bytes(whole)
        rewrite(folder, make)
        with pytest.raises(InputError) as refused:
            engine.load_model(ModelChoice(str(folder), "cpu", "fp32"))
        assert str(refused.value).startswith(sentence)
        assert "download" not in str(refused.value)


def notes(engine: Engine, folder: Path) -> tuple[str, ...]:
    return engine.load_model(ModelChoice(str(folder), "cpu", "fp32")).model.notes


def test_a_model_that_is_whole_has_no_note(engine: Engine, folder: Path) -> None:
    assert notes(engine, folder) == ()


def test_layers_that_the_config_leaves_out_are_told(engine: Engine, folder: Path) -> None:
    change_config(folder, num_hidden_layers=1, layer_types=["full_attention"])
    (note,) = notes(engine, folder)
    assert note.startswith("The config of kind has 1 of the 2 layers that its files hold: the oth")


def test_tensors_without_a_place_are_told(engine: Engine, folder: Path) -> None:
    rewrite(folder, lambda weights: {**weights, "tower.weight": torch.ones(2)})
    (note,) = notes(engine, folder)
    assert note.startswith(
        "The files of kind hold tensors that Qwen3ForCausalLM has no place for (1, with to"
    )


def test_an_attention_that_the_config_asks_for_is_told(engine: Engine, folder: Path) -> None:
    for asked, words in (
        ("flash_attention_2", "FlashAttention"),
        ("someone/kernel", "an attention"),
    ):
        change_config(folder, _attn_implementation=asked)
        (note,) = notes(engine, folder)
        assert note.startswith(f"The config of kind asks for {words}")
        assert engine.learner.model.config._attn_implementation == "sdpa"


def test_weights_that_are_not_finite_are_told(engine: Engine, folder: Path) -> None:
    for value in float("nan"), float("inf"):
        norm = {"model.norm.weight": torch.full((16,), value)}
        rewrite(folder, norm.__ror__)
        (note,) = notes(engine, folder)
        assert note.startswith("The weights of kind are not all numbers (model.norm.weight is one")


def test_weights_whose_sum_alone_is_too_large_are_numbers(engine: Engine, folder: Path) -> None:
    rewrite(folder, lambda weights: {**weights, "model.norm.weight": torch.full((16,), 3e38)})
    assert notes(engine, folder) == ()


@pytest.fixture
def adapter(folder: Path) -> Path:
    """The folder with an adapter beside the model."""
    facts = {"peft_type": "LORA", "base_model_name_or_path": "some/base", "r": 8}
    (folder / "adapter_config.json").write_text(json.dumps(facts))
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    save_file({name: torch.randn(8, 16)}, folder / "adapter_model.safetensors")
    return folder


def test_an_adapter_beside_a_model_is_told(engine: Engine, adapter: Path) -> None:
    (note,) = notes(engine, adapter)
    assert note == (
        "Beside the weights of kind lies a LoRA adapter for some/base, which is not applied."
    )


def test_an_adapter_alone_is_no_model(engine: Engine, adapter: Path) -> None:
    (adapter / "model.safetensors").unlink()
    for _ in range(2):  # with config.json and without
        with pytest.raises(InputError, match="kind is a LoRA adapter for some/base and no model"):
            engine.load_model(ModelChoice(str(adapter), "cpu", "fp32"))
        (adapter / "config.json").unlink(missing_ok=True)


def write_header(path: Path, entries: Mapping[str, str | int]) -> Path:
    """A GGUF file with one small tensor and these entries."""
    writer = GGUFWriter(path, "llama")
    for name, value in entries.items():
        key = name.replace("__", ".")
        writer.add_string(key, value) if isinstance(value, str) else writer.add_uint64(key, value)
    writer.add_tensor("token_embd.weight", torch.zeros(2, 2).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


GGUF: list[tuple[dict[str, str | int], str]] = [
    ({"split__count": 2, "split__no": 0}, "kind.gguf is part 1 of 2 of a model: join its parts"),
    ({"general__type": "adapter"}, "kind.gguf is an adapter and no model: merge it with its base"),
    ({"general__type": "mmproj"}, "kind.gguf is of the type mmproj and no language model"),
    ({"llama__block_count": 10**9}, "kind.gguf of kind has 1,000,000,000 as its num_hidden_layers"),
    ({"llama__embedding_length": 10**12}, "kind.gguf of kind has 1,000,000,000,000 as its hidden"),
]


def test_a_gguf_file_that_is_no_whole_model_is_named(engine: Engine, tmp_path: Path) -> None:
    for entries, sentence in GGUF:
        path = write_header(tmp_path / "kind.gguf", entries)
        with pytest.raises(InputError) as refused:
            engine.load_model(ModelChoice(str(path), "cpu", "fp32"))
        assert str(refused.value).startswith(sentence)
        path.unlink()


def test_a_gguf_file_cut_anywhere_or_with_wild_counts_is_told_soon(
    engine: Engine, model_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    whole = write_gguf(model_folder("Llama"), tmp_path / "whole.gguf").read_bytes()
    damaged = tmp_path / "damaged.gguf"
    wild = (2**62).to_bytes(8, "little")
    contents = [whole[:end] for end in (10, 30, 200, 3000, len(whole) - 1)]
    contents += [whole[:at] + wild + whole[at + 8 :] for at in (8, 16, 24)]
    for content in contents:
        damaged.write_bytes(content)
        with pytest.raises(
            InputError, match=r"^The config of damaged cannot be read .damaged.gguf"
        ):
            engine.load_model(ModelChoice(str(damaged), "cpu", "fp32"))
