"""What takes a while on disk, away from the UI's thread and from the worker's."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(work: Callable[[], Result]) -> Result:
    """The result of `work`, or what it raised, from a daemon thread of its own."""
    return await asyncio.wrap_future(begin_in_thread(work))


def begin_in_thread(work: Callable[[], Result]) -> "Future[Result]":
    """The same for whoever does not wait for it now.

    Not from the worker: a loop's steps would wait. Not from the default executor: the process
    would wait for it at its end.
    """
    future: Future[Result] = Future()
    future.set_running_or_notify_cancel()  # who stops waiting for it cannot cancel it

    def run() -> None:
        try:
            result = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    Thread(target=run, name="disk", daemon=True).start()
    return future
