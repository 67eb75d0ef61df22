"""Tiny random models on disk, and the program run in this process."""

import json
import signal
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any, Protocol

import pytest
import torch
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoTokenizer,
    GenerationConfig,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedConfig,
    PreTrainedModel,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.cli import main
from tui_trainer.engine.accelerator import Arriving, receive
from tui_trainer.engine.loop import step_figures

SHOWN_CONTROLS = {"\n"}
OBEYED = "Cc", "Cf", "Cs", "Zl", "Zp"


Line = dict[str, Any]
"""An object of JSON, which may hold anything: an assertion says what it is to hold."""


@dataclass(frozen=True)
class Ended:
    """What a run of the program left behind."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[Line]:
        """Standard output as strict JSON, an object a line."""
        return [json.loads(line, parse_constant=_refuse) for line in self.out.splitlines()]

    @property
    def steps(self) -> list[Line]:
        """The lines of steps alone, without those of events."""
        return [line for line in self.lines if "event" not in line]


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


class Program(Protocol):
    """`program("step", "a b c", "--json")`: what a run of `tui-trainer` left behind."""

    def __call__(self, *arguments: str) -> Ended: ...


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    """Run `tui-trainer` with the arguments given."""

    def run(*arguments: str) -> Ended:
        capsys.readouterr()
        status = main(arguments)
        captured = capsys.readouterr()
        return Ended(status, captured.out, captured.err)

    return run


@pytest.fixture
def in_step(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, int], None]]:
    """Have this process sent a signal in the middle of a step, by its number."""

    def send(step: int, number: int) -> None:
        before.append((number, signal.signal(number, signal.SIG_DFL)))  # `nohup` ignores some
        losses_received: list[int] = []

        def receiving(*losses: Tensor) -> Arriving:
            losses_received.append(1)
            if len(losses_received) == step:
                signal.raise_signal(number)
            return receive(*losses)

        monkeypatch.setattr(step_figures, "receive", receiving)

    before: list[tuple[int, Any]] = []
    yield send
    for number, handler in before:
        signal.signal(number, handler)


def save(model_class: type[PreTrainedModel], config: PreTrainedConfig, folder: Path) -> str:
    torch.manual_seed(1)
    model_class(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(MODEL_FOLDER).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with a random Qwen3 of two layers; no dropout."""
    config = Qwen3Config(
        vocab_size=len(AutoTokenizer.from_pretrained(MODEL_FOLDER)),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=512,
        tie_word_embeddings=True,
    )
    return save(Qwen3ForCausalLM, config, tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny_dropout(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with a random GPT-2 of two layers and dropout 0.1."""
    config = GPT2Config(
        vocab_size=len(AutoTokenizer.from_pretrained(MODEL_FOLDER)),
        n_embd=32,
        n_layer=2,
        n_head=2,
        n_positions=512,
        bos_token_id=0,
        eos_token_id=0,
    )
    return save(GPT2LMHeadModel, config, tmp_path_factory.mktemp("tiny_dropout"))


@pytest.fixture(scope="session")
def brief(tiny: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """`tiny`, but every other token ends its texts: an answer takes it a few, and not hundreds."""
    return of_few_words(tiny, tmp_path_factory.mktemp("brief"))


@pytest.fixture(scope="session")
def brief_dropout(tiny_dropout: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same of `tiny_dropout`."""
    return of_few_words(tiny_dropout, tmp_path_factory.mktemp("brief_dropout"))


def of_few_words(model: str, folder: Path) -> str:
    copytree(model, folder, dirs_exist_ok=True)
    ends = list(range(0, AutoConfig.from_pretrained(model).vocab_size, 2))
    GenerationConfig(eos_token_id=ends).save_pretrained(folder)
    return str(folder)


def obeyed_characters(text: str) -> set[str]:
    """The characters of `text` that a terminal would obey, reorder or hide."""
    return {c for c in text if unicodedata.category(c) in OBEYED} - SHOWN_CONTROLS
