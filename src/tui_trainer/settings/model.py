"""Which model is loaded, where and how. No torch here."""

import os
from dataclasses import dataclass
from typing import ClassVar

from tui_trainer.errors import InputError
from tui_trainer.json_lines import LARGEST_WHOLE
from tui_trainer.settings.fields import MODEL, SPEED, check_settings, setting

DEVICES = "auto", "cpu", "cuda", "xpu", "mps"
DEVICE_NOT_KNOWN = "Device {} is not known: use auto, cpu, cuda, cuda:N, xpu or mps."
FP32, TF32 = "fp32", "tf32"
MIXED = "mixed"
BF16_STOCHASTIC = "bf16-sr"
"""bf16 weights that an update rounds by chance."""
PRECISIONS = "auto", FP32, TF32, MIXED, "bf16", BF16_STOCHASTIC
FULL_WIDTH = FP32, TF32
"""Precisions whose logits are fp32, and nothing of them bf16."""
RANDOM = "random:"  # and a shape: a model whose weights are in no file


def check_threads(threads: int | None) -> None:
    """InputError where there are more than this machine has cores."""
    cores = os.cpu_count() or 1
    if threads is not None and threads > cores:
        raise InputError(f"threads must be at most {cores}, the cores here, not {threads:,}.")


@dataclass(frozen=True)
class ModelChoice:
    """Which model, where, and in which precision."""

    TAKES_EFFECT: ClassVar[str] = "when the model is loaded (m)"

    source: str = setting(
        "builtin",
        "builtin, a directory in Hugging Face format, a .gguf file, a Hub id, smollm2, or "
        "random:SHAPE (random:qwen3-1.7b) for random weights",
        group=MODEL,
        refusal="Name a model: builtin, a directory, a .gguf file or a Hub id.",
        flag="--model M",
    )
    device: str = setting(
        "auto",
        "cpu, cuda, cuda:N, xpu, mps, or auto: the GPU with the most free memory, else the CPU",
        group=MODEL,
        more="`cuda` is also for AMD's GPUs, `xpu` for Intel's, `mps` for Apple's.",
        flag="--device D",
    )
    precision: str = setting(
        "auto",
        "fp32, tf32 (fp32, but an NVIDIA GPU multiplies 11 bits of each number), mixed (fp32 "
        "weights, bf16 compute), bf16, bf16-sr (bf16, an update rounded by chance so that small "
        "steps count), or auto",
        group=MODEL,
        more="`auto` is fp32 on a CPU; on a GPU mixed where it fits, else bf16-sr. In `fp32` TF32 "
        "is off: all 24 bits are multiplied.",
        choices=PRECISIONS,
        refusal=f"Precision {{told}} is not known: use {', '.join(PRECISIONS)}.",
        flag="--precision P",
    )
    remote_code: bool = setting(
        False,
        "run Python code that comes with the model. It can do whatever you can do on this machine, "
        "reading and deleting your files included: only for authors you trust",
        group=MODEL,
        flag="--trust-remote-code",
    )
    threads: int | None = setting(
        None,
        "how many threads compute on the CPU, or auto: as many as it has cores for this program, "
        "fewer while others use them",
        group=SPEED,
        more="`auto` counts quotas and Slurm's `--cpus-per-task`, and stays at `OMP_NUM_THREADS` "
        "where that is set. The last bits of a loss depend on the number: fix it where they count; "
        "with `--deterministic` it stays.",
        unit="threads",
        least=1,
        most=LARGEST_WHOLE,
        none_is="auto",
        flag="--threads N",
    )

    deterministic: bool = setting(
        False,
        "take only kernels that give the same bits each time",
        group=SPEED,
        more="A CPU's do so anyhow. A GPU is slower with them, by how much depends on the model, "
        "and what has none ends with a sentence. Undo and redo are exact without it: they store "
        "the bits.",
        flag="--deterministic",
        flag_meaning="take only kernels that give the same bits each time: slower on a GPU, no "
        "change on a CPU",
    )

    def __post_init__(self) -> None:
        if self.device.split(":")[0] not in DEVICES:
            raise InputError(DEVICE_NOT_KNOWN.format(repr(self.device)))
        check_threads(self.threads)
        check_settings(self)
