"""The process of an engine: `python -m tui_trainer.link.engine_process NAME SOCKET MINUTES`.

It ends once a view asks for it, at SIGTERM, or when nothing runs in it and nobody has looked at it
for so many minutes; what no file has is saved first.
"""

import logging
import os
import signal
import socket
import sys
import threading
import time
from concurrent.futures import CancelledError
from types import FrameType

from tui_trainer.engine.start import make_engine
from tui_trainer.failures import Failure
from tui_trainer.grace import ended_in_time
from tui_trainer.link.place import path_of
from tui_trainer.link.server import Server
from tui_trainer.logs import append_to_log, engine_log_path
from tui_trainer.protocol.keeping import EndWork
from tui_trainer.signals import NOTICE, Heard, Patience, exit_status
from tui_trainer.versions import version_of
from tui_trainer.worker import Worker

TURN_SECONDS = 0.5


class EngineProcess:
    """One worker, and a server of its views."""

    def __init__(self, name: str, listening: socket.socket, idle_minutes: float) -> None:
        self._name, self._listening, self._idle = name, listening, idle_minutes * 60
        self._ends = threading.Event()
        self._patience = Patience()
        self._status = 0
        self._used_at = time.monotonic()
        self._server = Server(name, version_of("tui-trainer"), self._ends.set)
        self._worker = Worker(make_engine, self._server.hear)

    def run(self) -> int:
        """Until it ends; its exit status."""
        for number in (signal.SIGTERM, *NOTICE):
            signal.signal(number, self._hear)
        for number in (signal.SIGHUP, signal.SIGINT):  # those of a terminal
            signal.signal(number, signal.SIG_IGN)
        self._worker.start()
        self._server.serve(self._worker, self._listening)
        while not self._ends.wait(TURN_SECONDS):
            if self._is_forgotten():
                self._save_and_end()
        since = self._patience.heard_at if self._status else None
        with ended_in_time(since, self._status, self._server.choice):
            while not self._worker.stop(TURN_SECONDS):
                pass
        path_of(self._name).unlink(missing_ok=True)
        self._listening.close()
        self._server.part()
        return self._status

    def _hear(self, number: int, _: FrameType | None) -> None:
        """Save and end; a second time at once."""
        heard = self._patience.hear(number)
        if heard is Heard.END_AT_ONCE:
            path_of(self._name).unlink(missing_ok=True)
            os._exit(exit_status(number))
        if heard is Heard.END:
            self._status = exit_status(number)
            threading.Thread(target=self._save_and_end, daemon=True).start()

    def _save_and_end(self) -> None:
        """What no file has is saved, as far as the device and the disk let it."""
        ended = self._server.end(EndWork(saves=True))
        try:
            logging.getLogger(__name__).info("the end: %s", ended.result())
        except CancelledError:  # nothing was ever asked of it, and so there is nothing to save
            pass
        except Failure:
            logging.getLogger(__name__).exception("nothing could be saved")

    def _is_forgotten(self) -> bool:
        """Nothing has run, and nobody has looked, for so long."""
        server, now = self._server, time.monotonic()
        if server.views or server.is_busy() or self._worker.doing is not None:
            self._used_at = now
        return now - max(self._used_at, server.left_at) > self._idle


def main() -> int:
    name, descriptor, minutes = sys.argv[1:]
    log = engine_log_path(name)
    append_to_log(log if log.exists() else None)
    listening = socket.socket(fileno=int(descriptor))
    status = EngineProcess(name, listening, float(minutes)).run()
    logging.shutdown()
    return status


if __name__ == "__main__":
    sys.exit(main())
