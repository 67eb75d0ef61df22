"""The part of an export that loads the model, and the imports."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tui_trainer.engine.export.template import Code, render

IMPORTS = """
import json                                                             #: json
import math                                                             #: cosine
from bisect import bisect_left, insort                                  #: best_fit
from pathlib import Path                                                #: beside
from random import Random                                               #: random

import torch
import torch.nn.functional as F
from datasets import load_dataset                                       #: datasets
from transformers import AutoModelForCausalLM, AutoTokenizer            #: not packed_weights
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig    #: packed_weights
"""
MODEL = """
MODEL = $model
DEVICE = $device

tokenizer = AutoTokenizer.from_pretrained(MODEL$keywords)
model = AutoModelForCausalLM.from_pretrained(MODEL$keywords, dtype=$dtype)  #: not packed_weights
model = AutoModelForCausalLM.from_pretrained(                           #: packed_weights
    MODEL$keywords, dtype=$dtype,                                       #: packed_weights
    quantization_config=GgufConfig(dequantize=True),                    #: packed_weights
)                                                                       #: packed_weights
model.to(DEVICE)
torch.manual_seed($seed)  # for dropout                                 #: seeded
"""


@dataclass(frozen=True)
class Origin:
    """Where `from_pretrained` finds a model again."""

    place: str
    """A folder, or a Hub id."""
    device: str
    precision: str
    dropout: float = 0.0
    gguf_file: str | None = None
    packed_weights: bool = False
    """Whether transformers has to be told to unpack the weights of a GGUF file."""
    revision: str | None = None
    """The commit of a Hub model."""
    remote_code: bool = False

    @property
    def facts(self) -> set[str]:
        """What conditions of templates can ask of a model."""
        told = {
            "mixed": self.precision == "mixed",
            "half": self.precision != "fp32",
            "dropout": self.dropout > 0,
            "packed_weights": self.packed_weights,
        }
        return {name for name, is_so in told.items() if is_so}


def folder_place(folder: Path) -> str:
    """An absolute path: the script may be run in another directory."""
    return str(folder.expanduser().absolute())


def model_cell(origin: Origin, facts: Collection[str], seed: int) -> str:
    given = {
        "gguf_file": origin.gguf_file,
        "revision": origin.revision,
        "trust_remote_code": origin.remote_code,
    }
    keywords = "".join(f", {name}={value!a}" for name, value in given.items() if value)
    return render(
        MODEL,
        facts,
        model=origin.place,
        device=origin.device,
        dtype=Code("torch.bfloat16" if origin.precision == "bf16" else "torch.float32"),
        keywords=Code(keywords),
        seed=seed,
    )
