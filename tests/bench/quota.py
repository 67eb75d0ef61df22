"""One CPU's time for a process: a control group with that quota, or what comes nearest to it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PERIOD = "100000"
GROUPS = Path("/sys/fs/cgroup")
NAME = "tui-trainer-bench"


@dataclass(frozen=True)
class OneCpu:
    """How a command is run with one CPU's time."""

    prefix: tuple[str, ...]
    arguments: tuple[str, ...]
    told: str
    """How it was done."""


@contextmanager
def one_cpu(folder: Path) -> Iterator[OneCpu]:
    """A group of version 2, else of 1; where none can be made the process is pinned to one core and
    reads of its quota in files made up in `folder`."""
    version_2 = {"cpu.max": f"{PERIOD} {PERIOD}"}
    version_1 = {"cpu.cfs_period_us": PERIOD, "cpu.cfs_quota_us": PERIOD}
    for group, files in ((GROUPS / NAME, version_2), (GROUPS / "cpu" / NAME, version_1)):
        try:
            group.mkdir()
            if not all((group / name).exists() for name in ("cgroup.procs", *files)):
                raise OSError("no such control group")
            for name, text in files.items():
                (group / name).write_text(text)
        except OSError:
            with suppress(OSError):
                group.rmdir()
            continue
        try:
            enter = f'echo $$ > "{group}/cgroup.procs"; exec "$@"'
            yield OneCpu(("sh", "-c", enter, "sh"), (), f"control group {group}")
        finally:
            group.rmdir()
        return
    (folder / "proc/self").mkdir(parents=True)
    (folder / "proc/self/cgroup").write_text("0::/\n")
    (folder / "sys/fs/cgroup").mkdir(parents=True)
    (folder / "sys/fs/cgroup/cpu.max").write_text(version_2["cpu.max"])
    core = min(os.sched_getaffinity(0))
    yield OneCpu(("taskset", "-c", str(core)), (str(folder),), f"made up, pinned to core {core}")
