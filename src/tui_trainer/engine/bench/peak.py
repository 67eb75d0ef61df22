"""What the device can do, and what a token of a model costs."""

import time
from collections.abc import Sequence

import torch
from torch import nn
from transformers import PreTrainedModel

from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.tf32 import tf32
from tui_trainer.reports.bench_figures import flops_per_token
from tui_trainer.settings.model import FP32, TF32

DTYPES = {FP32: torch.float32, "bf16": torch.bfloat16}
SECONDS = 0.5
FEWEST_PRODUCTS = 2  # the first is slower; some CPUs take seconds for one in bf16
SIZES = {"cpu": 1024}
GPU_SIZE = 8192


def measure_peaks(device: torch.device) -> dict[str, float]:
    """Of each way of multiplying that the device has, TF32 where it is there."""
    with tf32(False):
        peaks = {dtype: measure_peak(device, dtype) for dtype in DTYPES}
    if accelerator(device).has_tf32():
        with tf32(True):
            peaks[TF32] = measure_peak(device, FP32)
    return peaks


def measure_peak(device: torch.device, dtype: str) -> float:
    """Floating point operations a second of the fastest of many products of square matrices."""
    size = SIZES.get(device.type, GPU_SIZE)
    left, right = (torch.randn(size, size, device=device).to(DTYPES[dtype]) for _ in range(2))
    times: list[float] = []
    while len(times) < FEWEST_PRODUCTS or sum(times) < SECONDS:
        times.append(_product_seconds(left, right))
    return 2 * size**3 / min(times)


def _product_seconds(left: torch.Tensor, right: torch.Tensor) -> float:
    started = time.perf_counter()
    left @ right
    accelerator(left.device).synchronize()
    return time.perf_counter() - started


def model_flops_per_token(model: PreTrainedModel, lengths: Sequence[int]) -> float:
    """Forward and backward of a token of items so long; see `flops_per_token`."""
    config = model.config.get_text_config()
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    attention_width = config.num_attention_heads * width
    return flops_per_token(
        count_matrix_weights(model), config.num_hidden_layers, attention_width, lengths
    )


def count_matrix_weights(model: PreTrainedModel) -> int:
    """The weights that each token is multiplied by: all matrices but embeddings, which are looked
    up, and the output layer also where it shares its matrix with them."""
    matrices = sum(weight.numel() for weight in model.parameters() if weight.dim() >= 2)
    embeddings = [module for module in model.modules() if isinstance(module, nn.Embedding)]
    looked_up = {module.weight for module in embeddings}
    output = model.get_output_embeddings().weight
    shared = output.numel() if any(output is weight for weight in looked_up) else 0
    return matrices - sum(weight.numel() for weight in looked_up) + shared
