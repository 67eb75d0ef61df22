"""The file layer that fails (`faults.c`): compiled, and what it is to fail at."""

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parent / "faults.c"
NO_COMPILER = "there is no C compiler (cc) that makes the file layer that fails"


def has_compiler() -> bool:
    return shutil.which("cc") is not None


def compiled(folder: Path) -> Path:
    """What LD_PRELOAD is to name."""
    library = folder / "faults.so"
    command = ["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


@dataclass(frozen=True)
class Fault:
    """Which calls under `folder` fail with which number of the system."""

    folder: Path
    number: int = 0
    first: int = 0
    """The first call that fails, from 1 on; none at 0."""
    one_in: int = 0
    """Of the calls from there on one in so many, by chance; 0: that alone."""
    until: Path | None = None
    """All from the first on fail for as long as this file is there."""
    growing: bool = False
    """Only what takes room is counted, and can fail."""
    log: Path | None = None

    @property
    def environment(self) -> dict[str, str]:
        told = {
            "UNDER": str(self.folder),
            "ERRNO": str(self.number),
            "FIRST": str(self.first),
            "ONE_IN": str(self.one_in),
            "GROWING": str(int(self.growing)),
        }
        told |= {} if self.until is None else {"WHILE": str(self.until)}
        told |= {} if self.log is None else {"LOG": str(self.log)}
        return {f"FAULTS_{name}": value for name, value in told.items()}


@contextmanager
def armed(fault: Fault) -> Iterator[None]:
    """What is begun inside the block meets it; it counts from nothing."""
    os.environ |= fault.environment
    try:
        yield
    finally:
        for name in fault.environment:
            del os.environ[name]


@dataclass(frozen=True)
class Call:
    """One line of the log."""

    number: int
    name: str
    failed: bool
    path: str


def calls_of(log: Path) -> list[Call]:
    lines = log.read_text().splitlines() if log.exists() else []
    parts = [line.split(" ", 3) for line in lines]
    return [Call(int(n), name, how == "failed", path) for n, name, how, path in parts]


def counted(calls: list[Call]) -> str:
    names = Counter(call.name for call in calls)
    return ", ".join(f"{count} {name}" for name, count in sorted(names.items()))
