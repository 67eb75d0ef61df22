"""What a bench ran on, in words."""

import os
import platform
from pathlib import Path

import torch

from tui_trainer.engine.accelerator import accelerator
from tui_trainer.reports.bench import Machine

CPU_FILE = Path("/proc/cpuinfo")


def describe_machine(device: torch.device) -> Machine:
    """This machine as a loop on `device` sees it."""
    gpu = None if device.type == "cpu" else accelerator(device).name()
    return Machine(
        cpu=cpu_name(),
        cores=os.cpu_count() or 1,
        threads=torch.get_num_threads(),
        gpu=gpu,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        torch=torch.__version__,
    )


def cpu_name() -> str:
    """The processor's own name where Linux tells it, else its kind."""
    try:
        lines = CPU_FILE.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(filter(None, names), platform.processor() or platform.machine())
