"""How many threads compute, in words."""

from tui_trainer.reports.threads import ThreadShare
from tui_trainer.words.numbers import counted


def describe_threads(share: ThreadShare) -> str:
    """`1 thread: others use this machine`; without why where there are as many as there may be."""
    told = counted(share.threads, "thread")
    return f"{told}: others use this machine" if share.is_reduced else told


def with_threads(device: str, threads: int) -> str:
    """What stands after the precision of a run: `, 2 threads` on a CPU, where that is known."""
    return f", {counted(threads, 'thread')}" if threads and device == "cpu" else ""
