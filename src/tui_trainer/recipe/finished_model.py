"""The finished model folder: weights in bf16 at a scale that suits the notebook's learning rate.

AdamW moves every weight by about the learning rate, whatever the weight's size. The notebook's 1e-5
is chosen for models many times wider than this one, where more weights move together. A model with
RMSNorm has many equal forms: dividing every matrix by s and multiplying by s the gains of the norms
that feed them gives the same function, and a step of a fixed size then moves it s times as far.
"""

import shutil
from pathlib import Path

import torch
from transformers import Qwen3ForCausalLM
from transformers.models.qwen3.modeling_qwen3 import Qwen3RMSNorm

SCALE = 16


def export(model: Qwen3ForCausalLM, tokenizer_folder: Path, out: Path, scale: int = SCALE) -> None:
    """Writes weights, configuration and tokenizer into `out`; `model` itself is changed by it."""
    rescale(model, scale)
    out.mkdir(parents=True, exist_ok=True)
    model.bfloat16().save_pretrained(out)
    (out / "model.safetensors").chmod(0o644)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tokenizer_folder / name, out / name)


def rescale(model: Qwen3ForCausalLM, scale: int) -> None:
    """Divides every matrix by `scale`, a power of two, and keeps the model's function.

    The residual stream shrinks with the embedding and the output projections, and the norms that
    read it undo that (their epsilon shrinks too). They hand on values `scale` times as large to
    matrices that are smaller by as much, and the tied output embedding likewise. So the queries and
    keys that q_norm and k_norm see are unchanged, and the new epsilon is all they notice: some 1e-6
    of their length.
    """
    if scale < 1 or scale & (scale - 1):
        raise ValueError(f"the scale must be a power of two, not {scale}")
    epsilon = model.config.rms_norm_eps / scale**2
    model.config.rms_norm_eps = epsilon
    for module in model.modules():
        if isinstance(module, Qwen3RMSNorm):
            module.variance_epsilon = epsilon
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2:
                parameter.div_(scale)
            elif "q_norm" not in name and "k_norm" not in name:
                parameter.mul_(scale)
