"""The processes of engines that a test has begun."""

import os
import signal
from pathlib import Path

import psutil

MODULE = "tui_trainer.link.engine_process"


def engines(place: Path) -> list[int]:
    """Those whose sockets are there, by XDG_RUNTIME_DIR."""
    return [process.pid for process in psutil.process_iter() if _is_engine(process, place)]


def end_engines(place: Path) -> None:
    """At once: a test that wants something saved has waited for it."""
    for process in engines(place):
        os.kill(process, signal.SIGKILL)


def _is_engine(process: psutil.Process, place: Path) -> bool:
    try:
        there = process.environ().get("XDG_RUNTIME_DIR")
        return MODULE in process.cmdline() and there == str(place)
    except psutil.Error:  # it has just ended
        return False
