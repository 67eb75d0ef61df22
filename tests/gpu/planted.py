"""Steps that do not pass, each in its way: what the frame is tried with."""

import os
import subprocess
import sys
import time

from tests.gpu.record import Record
from tests.gpu.step import Place


def passes(_place: Place, record: Record) -> None:
    record.figure("answer", {"is": 42, "was": float("nan")})
    record.at_most("error", 0.5, 1)
    record.at_least("speed", 0.1, 10, of_a_device=True)


def misses(_place: Place, record: Record) -> None:
    record.at_most("error", 0.5, 1)
    record.at_most("other error", float("nan"), 1)


def raises(_place: Place, record: Record) -> None:
    record.at_most("error", 0.5, 1)
    raise ValueError("no such thing\nand more")


def hangs(place: Place, record: Record) -> None:
    """With a process of its own beside it, as a compiler has."""
    record.at_most("error", 0.5, 1)
    beside = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (place.folder / "beside").write_text(str(beside.pid))
    time.sleep(60)


def crashes(_place: Place, record: Record) -> None:
    record.at_most("error", 0.5, 1)
    print("an assert of the device, say", flush=True)
    os.abort()


def checks_nothing(_place: Place, record: Record) -> None:
    record.figure("answer", 42)


def cannot_tell(_place: Place, record: Record) -> None:
    record.at_least("speed", 0.1, 10, of_a_device=True)
