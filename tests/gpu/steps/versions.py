"""What is installed, what a context takes of a card, and the kernels that the engine will look for.

Whatever is missing is told here in a sentence: nothing of the program is imported before.
"""

import importlib.metadata
import inspect
import platform
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.gpu.record import Record
from tests.gpu.step import Place

if TYPE_CHECKING:
    from torch import Tensor

NEEDED = {"torch": "2.11", "transformers": "5.0", "msgspec": "0", "psutil": "0", "pytest": "0"}
"""Of each the lowest version; msgspec and psutil are the program's own, pytest its CUDA tests'."""
OPTIONAL = ("datasets", "trl", "textual", "plotext", "gguf", "accelerate", "pyarrow", "triton")
"""Nothing here needs them but the compiler, which is Triton's on CUDA."""
CONTEXT_BYTES = 1e9
"""What the context may take; 0.3 to 0.5 GB were seen on other cards."""


def look(place: Place, record: Record) -> None:
    """The packages, then the card."""
    found = {name: version_of(name) for name in (*NEEDED, *OPTIONAL)}
    record.figure("python", platform.python_version())
    record.figure("packages", found)
    short = [
        f"{name}>={lowest}" for name, lowest in NEEDED.items() if is_below(found[name], lowest)
    ]
    record.equal("packages that are needed and are not there", " ".join(short) or "none", "none")
    if short:
        record.figure("remedy", f"pip install {' '.join(short)}")
    if found["torch"] is None:
        return
    look_at_kernels(record)
    if place.on_device:
        look_at_card(place, record)


def version_of(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def is_below(found: str | None, lowest: str) -> bool:
    """Whether it is not there, or older than that."""
    return found is None or numbers_of(found) < numbers_of(lowest)


def numbers_of(version: str) -> tuple[int, ...]:
    """`2.13.0+cu130` as 2, 13, 0; what follows a letter is left out."""
    parts = version.partition("+")[0].split(".")
    return tuple(int(part) for part in parts if part.isdigit())


def look_at_kernels(record: Record) -> None:
    """The signatures that the engine decides by: whether packed rows have one kernel."""
    import torch  # noqa: PLC0415  # may be what is missing

    try:
        from torch.nn.attention.varlen import varlen_attn  # noqa: PLC0415
    except ImportError:
        signature = "none"
    else:
        signature = str(inspect.signature(varlen_attn))
    record.figure("varlen_attn", signature)
    record.holds("varlen_attn is there", signature != "none")
    overloads = torch.ops.aten.addmm.overloads()
    record.figure("addmm", list(overloads))
    record.holds("addmm takes bf16 and adds in fp32", "dtype" in overloads)


def look_at_card(place: Place, record: Record) -> None:
    """What it is called and can do, and what a context with a first product takes of it."""
    import torch  # noqa: PLC0415

    others = used_bytes()  # while this process has no context
    device = torch.device(place.device)
    square = torch.ones(1024, 1024, device=device, dtype=torch.bfloat16)
    product = (square @ square).float().mean().item()
    record.equal("a product in bf16", int(product), 1024)
    record.at_most("error of a bf16 product that adds in fp32", added_in_fp32(square), 1e-4)
    properties = torch.cuda.get_device_properties(device)
    record.figure("card", properties.name)
    record.figure("capability", f"{properties.major}.{properties.minor}")
    record.figure("total_bytes", properties.total_memory)
    record.figure("cuda", torch.version.cuda or torch.version.hip)
    free, total = torch.cuda.mem_get_info(device)
    before = others.get(f"GPU-{properties.uuid}", 0)
    record.figure("used_before_bytes", before)
    taken = total - free - torch.cuda.memory_reserved(device) - before
    record.at_most("bytes that a context takes", taken, CONTEXT_BYTES)
    record.holds("torch computes in bf16 there", torch.cuda.is_bf16_supported())


def added_in_fp32(like: "Tensor") -> float:
    """How far such a product of numbers by chance is off (relative L2); one in bf16 is 2e-3."""
    import torch  # noqa: PLC0415

    left, right = (torch.randn_like(like) for _ in range(2))
    begun = torch.zeros(like.shape, device=like.device)
    found = torch.addmm(begun, left, right, out_dtype=torch.float32).double()
    wanted = left.double() @ right.double()
    return ((found - wanted).norm() / wanted.norm()).item()


def used_bytes() -> dict[str, int]:
    """What all programs hold of each card, by its UUID; nothing where no tool tells it.

    The numbers of `nvidia-smi` are not torch's where some cards are hidden.
    """
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return {}
    command = [tool, "--query-gpu=uuid,memory.used", "--format=csv,noheader,nounits"]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    lines = [line.split(", ") for line in told.stdout.splitlines() if "GPU-" in line]
    return {uuid: int(used) * 2**20 for uuid, used in lines if used.isdigit()}
