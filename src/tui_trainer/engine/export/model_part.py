"""The part of an export that loads the model, and the imports."""

from collections.abc import Collection

from tui_trainer.engine.export.origin import Origin
from tui_trainer.engine.export.template import Code, render

IMPORTS = """
import json                                                             #: json
import math                                                             #: cosine
import os                                                               #: deterministic
import re                                                               #: set_dropout
from bisect import bisect_left, insort                                  #: best_fit
from pathlib import Path                                                #: path
from random import Random                                               #: random

import torch
import torch.nn.functional as F
from datasets import load_dataset                                       #: datasets
from safetensors.torch import load_file                                 #: resumed
from transformers import AutoModelForCausalLM, AutoTokenizer            #: not packed_weights
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig    #: packed_weights
"""
MODEL = """
MODEL = $model
DEVICE = $device
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")             #: deterministic
torch.use_deterministic_algorithms(True)                                #: deterministic
torch.set_num_threads($threads)                                         #: threads
torch.set_float32_matmul_precision("high")  # products of fp32 matrices in TF32 #: tf32

tokenizer = AutoTokenizer.from_pretrained(MODEL$keywords)
APPENDED = $appended  # so many tokens it puts after a text; they are left out below #: appends
model = AutoModelForCausalLM.from_pretrained(MODEL$keywords, dtype=$dtype)  #: not packed_weights
model = AutoModelForCausalLM.from_pretrained(                           #: packed_weights
    MODEL$keywords, dtype=$dtype,                                       #: packed_weights
    quantization_config=GgufConfig(dequantize=True),                    #: packed_weights
)                                                                       #: packed_weights
model.to(DEVICE)
torch.manual_seed($seed)  # for dropout                                 #: seeded
"""


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
        appended=origin.appended,
        threads=origin.threads,
    )
