"""What the machine could not do, told from all other errors: no memory, or a device that failed.

torch has a class of its own for what its allocator of an accelerator has no room for. What the
libraries below it say (cuBLAS, cuDNN, Triton, a driver), and the CPU's allocator, is a RuntimeError
as any other, so that it is known by its words alone.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shortage:
    """A memory that can run out: how it is known, and what to do."""

    signs: tuple[str, ...]
    """In what an error says, in lower case."""
    classes: tuple[str, ...]
    """Of errors that say it by what they are, by name: nobody here has torch."""
    remedy: str


_LESS = "use a shorter text, smaller batches, a smaller model or a lower precision"
_OF_THE_HOST = Shortage(
    (
        "can't allocate memory",
        "cannot allocate memory",
        "not enough memory",
        "enforce fail at alloc_cpu",
        "bad_alloc",
        "out_of_host_memory",
        "host_allocation_failed",
    ),
    ("MemoryError",),
    f"It is the memory of this machine that ran out: {_LESS}, or end other programs.",
)
_OF_A_LIBRARY = Shortage(
    ("_alloc_failed", "_allocation_failed", "rocblas_status_memory_error"),
    (),
    "A library found no room on the device beside what torch holds there: try it once more, or "
    f"{_LESS}.",
)
_OF_THE_DEVICE = Shortage(
    ("out of memory", "outofmemory", "out_of_device_memory", "errormemoryallocation"),
    ("OutOfMemoryError",),
    f"It is the memory of the device that ran out: {_LESS}, or a device with more that is free.",
)
SHORTAGES = _OF_THE_HOST, _OF_A_LIBRARY, _OF_THE_DEVICE
"""The first that fits is told."""
NO_MEMORY = "There is not enough memory for this; the weights are as they were."

DEVICE_SIGNS = (
    *("cuda error", "cuda driver error", "triton error [cuda]", "cudnn error"),
    *("cublas_status_", "cudnn_status_", "cusolver_status_", "cusparse_status_", "cufft_"),
    *("hip error", "hipblas_status_", "rocblas_status_", "miopen_status_"),
    *("ur_result_error_", "native api failed", "level_zero backend failed"),
    *("device-side assert", "illegal memory access"),
)
DEVICE_CLASSES = ("AcceleratorError",)
NOT_DETERMINISTIC = " does not have a deterministic implementation"


def shortage(error: BaseException) -> Shortage | None:
    """The memory that ran out; None where the error is another."""
    return next((each for each in SHORTAGES if _is(error, each.signs, each.classes)), None)


def is_out_of_memory(error: BaseException) -> bool:
    return shortage(error) is not None


def is_of_the_device(error: BaseException) -> bool:
    """Whether the accelerator, or a library of it, failed for another reason than its memory.

    After some of these the device does nothing more for this process, after others it does.
    """
    return shortage(error) is None and _is(error, DEVICE_SIGNS, DEVICE_CLASSES)


def not_deterministic(error: BaseException) -> str | None:
    """The operation that has no kernel which gives the same bits each time, where that is it."""
    operation, found, _ = words_of(error).partition(NOT_DETERMINISTIC)
    return operation.strip() if found else None


def _is(error: BaseException, signs: tuple[str, ...], classes: tuple[str, ...]) -> bool:
    names = {kind.__name__ for kind in type(error).__mro__}
    said = words_of(error).lower()
    return not names.isdisjoint(classes) or any(sign in said for sign in signs)


def words_of(error: BaseException) -> str:
    """What an exception says of itself, which a broken one may not even be able to."""
    try:
        return str(error)
    except Exception as unreadable:
        return f"it cannot say what it is ({type(unreadable).__name__})"
