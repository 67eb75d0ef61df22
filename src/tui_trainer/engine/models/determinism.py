"""Whether torch takes only kernels that add up in one order, and so give the same bits each time.

A CPU's do so as they are. On a GPU some backward passes (of an embedding, of attention) add with
atomics, in the order in which they come: the last bits of the losses differ from run to run.
"""

import os

import torch
import torch.utils.deterministic

from tui_trainer.engine.accelerator import cuda_has_begun
from tui_trainer.errors import InputError

CUBLAS_WORKSPACE, FIXED = "CUBLAS_WORKSPACE_CONFIG", ":4096:8"
"""Of a fixed size for each stream: else cuBLAS adds up in the order in which streams come."""
TOO_LATE = (
    "Deterministic kernels have to be asked for before the GPU is first used: start the program "
    "anew with --deterministic."
)


def fix_cublas() -> None:
    """Before the GPU is first used; InputError where it was."""
    if CUBLAS_WORKSPACE not in os.environ:
        if cuda_has_begun():
            raise InputError(TOO_LATE)
        os.environ[CUBLAS_WORKSPACE] = FIXED


def set_deterministic(wanted: bool) -> None:
    """For all that torch does from now on, after `fix_cublas`."""
    torch.use_deterministic_algorithms(wanted)
    # Usually on with it, it writes all new memory once, which is written anyhow. mypy knows none.
    setattr(torch.utils.deterministic, "fill_uninitialized_memory", False)  # noqa: B010
