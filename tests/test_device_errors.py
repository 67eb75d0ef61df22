"""What libraries say where the machine gives no more: told in the user's words, whoever said it."""

import pytest
import torch

from tui_trainer.device_errors import (
    NO_MEMORY,
    SHORTAGES,
    Shortage,
    is_of_the_device,
    is_out_of_memory,
)
from tui_trainer.failures import describe_failure

HOST, LIBRARY, DEVICE = SHORTAGES
ASSERT = (
    "CUDA error: device-side assert triggered\nSearch for `cudaErrorAssert' in "
    "https://docs.nvidia.com/cuda/ for more information.\nCUDA kernel errors might be "
    "asynchronously reported at some other API call, so the stacktrace below might be incorrect."
)
ALLOC = "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"
NO_ROOM = [
    (DEVICE, torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has")),
    (DEVICE, RuntimeError("HIP out of memory. Tried to allocate 2.00 GiB.")),
    (DEVICE, torch.OutOfMemoryError("XPU out of memory. Tried to allocate 2.00 GiB.")),
    (DEVICE, RuntimeError("MPS backend out of memory (MPS allocated: 17.9 GB, other: 1 GB)")),
    (DEVICE, torch.AcceleratorError("CUDA error: out of memory\nCUDA kernel errors might be")),
    (DEVICE, RuntimeError("Triton Error [CUDA]: out of memory")),
    (DEVICE, RuntimeError("UR error: 39 (UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY)")),
    (LIBRARY, RuntimeError(ALLOC)),
    (LIBRARY, RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")),
    (LIBRARY, RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED")),
    (LIBRARY, RuntimeError("cusolver error: CUSOLVER_STATUS_ALLOC_FAILED")),
    (HOST, MemoryError()),
    (HOST, MemoryError("std::bad_alloc")),
    (HOST, RuntimeError("std::bad_alloc")),
    (
        HOST,
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate "
            "memory: you tried to allocate 8 bytes. Error code 12 (Cannot allocate memory)"
        ),
    ),
    (HOST, RuntimeError("unable to mmap 9 bytes from file <w>: Cannot allocate memory (12)")),
    (HOST, RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED")),
]
FAILED = [
    torch.AcceleratorError(ASSERT),
    RuntimeError(ASSERT),
    torch.AcceleratorError("CUDA error: an illegal memory access was encountered"),
    RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    RuntimeError("Triton Error [CUDA]: an illegal memory access was encountered"),
    RuntimeError("HIP error: unspecified launch failure"),
    RuntimeError("level_zero backend failed with error: 20 (UR_RESULT_ERROR_DEVICE_LOST)"),
]


@pytest.mark.parametrize(("memory", "error"), NO_ROOM)
def test_what_means_no_memory_is_a_sentence_with_the_remedy(
    memory: Shortage, error: Exception
) -> None:
    failure = describe_failure(error)
    assert (failure.sentence, failure.traceback) == (f"{NO_MEMORY} {memory.remedy}", None)
    assert is_out_of_memory(error)
    assert not is_of_the_device(error)


@pytest.mark.parametrize("error", FAILED)
def test_another_error_of_the_device_is_told_in_its_first_line(error: Exception) -> None:
    failure = describe_failure(error)
    assert failure.sentence == f"The device failed: {str(error).splitlines()[0]}"
    assert str(error) in str(failure.traceback)
    assert is_of_the_device(error)
    assert not is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [ValueError("expected 3, got 2"), RuntimeError("mat1 and mat2 shapes cannot be multiplied")],
)
def test_an_error_of_the_programs_own_is_neither(error: Exception) -> None:
    assert not is_of_the_device(error)
    assert not is_out_of_memory(error)
