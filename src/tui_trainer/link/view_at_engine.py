"""A view, at the engine's end: a thread that reads what it asks, and one that writes to it."""

import socket
import threading
from collections import deque
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Protocol, TypeVar

from tui_trainer.failures import Failure, describe_failure
from tui_trainer.link.frames import Ended, TooLong, receive_frame, send_frame
from tui_trainer.link.messages import (
    Answer,
    DoingNow,
    Message,
    Refusal,
    Taken,
    read_message,
    write_message,
)
from tui_trainer.protocol.events import Doing
from tui_trainer.protocol.wire import GarbledError, write_reply

if TYPE_CHECKING:
    from tui_trainer.link.server import Server

Reply = TypeVar("Reply")


class AnyFuture(Protocol):
    """A future, whatever it gives."""

    def running(self) -> bool: ...
    def cancel(self) -> bool: ...


ASKED_AT_MOST = 1000
"""Requests of one view that are not answered: whoever asks for more is not read until some are."""
TURN_SECONDS = 1 / 24
"""How long what a loop reports may wait to be sent: a screen draws half as often."""
GARBLED = "This is no message of a view of tui-trainer."


class ViewAtEngine:
    """Ends, and nothing else does, where what comes cannot be read, or nobody is there."""

    def __init__(self, server: "Server", stream: socket.socket, *, hears: bool) -> None:
        """`hears` what goes on; else it is told only what it asks."""
        self._server, self._stream, self._hears = server, stream, hears
        self._heard: int | None = None
        self._outbox: deque[Message] = deque()
        self._asked: dict[int, AnyFuture] = {}
        self._taken: set[int] = set()
        self._doing: Doing | None = None
        self._room = threading.Semaphore(ASKED_AT_MOST)
        self._is_over = False
        self._all_told = threading.Event()

    def run(self) -> None:
        """Until it ends; called on a thread of its own."""
        writer = threading.Thread(target=self._write, daemon=True)
        writer.start()
        try:
            while True:
                self._server.heed(self, read_message(receive_frame(self._stream)))
        except Ended:
            pass
        except (GarbledError, TooLong):
            self.send(Refusal(GARBLED))
        finally:
            self.close()
            writer.join()
            self._stream.close()

    def close(self) -> None:
        """It is told what is in its box, and no more; what it asked for is done all the same."""
        self._is_over = True
        with self._server.feed.changed:
            self._server.feed.changed.notify_all()

    def see_out(self, seconds: float) -> None:
        """Wait until it is told that, for a while: one that does not read is not waited for."""
        self._all_told.wait(seconds)

    # Requests

    def await_answer(self, number: int, future: "Future[Reply]") -> None:
        """Send what comes of it, when it comes."""
        self._room.acquire()
        self._asked[number] = future
        future.add_done_callback(lambda done: self._answer(number, done))

    def withdraw(self, number: int) -> None:
        if (future := self._asked.get(number)) is not None:
            future.cancel()

    def _answer(self, number: int, future: "Future[Reply]") -> None:
        self._asked.pop(number, None)
        self._taken.discard(number)
        self._room.release()
        try:
            reply: object = future.result()
        except CancelledError:
            reply = Failure("The engine ended before it was asked.", cancelled=True)
        except Failure as failure:
            reply = failure
        self.send(Answer(number, write_reply(reply)))

    def refuse(self, number: int, error: Exception) -> None:
        """A request that is none."""
        self.send(Answer(number, write_reply(describe_failure(error))))

    # What it is told

    def send(self, message: Message) -> None:
        with self._server.feed.changed:
            self._outbox.append(message)
            self._server.feed.changed.notify_all()

    def _write(self) -> None:
        try:
            while (messages := self._next()) is not None:
                for message in messages:
                    send_frame(self._stream, write_message(message))
        except (Ended, TooLong, OSError):
            self._is_over = True
            # The reader waits for what it will not say.
            try:
                self._stream.shutdown(socket.SHUT_RDWR)
            except OSError:
                return
        finally:
            self._all_told.set()

    def _next(self) -> list[Message] | None:
        """What is to be sent now, in order; None once it is over and all is sent."""
        feed = self._server.feed
        with feed.changed:
            if not self._outbox and not self._has_more():
                if self._is_over:
                    return None
                feed.changed.wait(TURN_SECONDS if self._hears else None)
            messages: list[Message] = []
            if self._has_more():
                messages, self._heard = feed.after(self._heard, self)
            messages += [*self._standing(), *self._outbox]
            self._outbox.clear()
        return messages

    def _has_more(self) -> bool:
        """Whether it listens, and there is something that it has not heard."""
        return self._hears and self._heard != self._server.feed.told

    def _standing(self) -> list[Message]:
        """What the worker does, where that is something else now."""
        if not self._hears:
            return []
        told: list[Message] = []
        for number, future in list(self._asked.items()):
            if number not in self._taken and future.running():
                self._taken.add(number)
                told.append(Taken(number))
        doing = self._server.worker.doing
        if doing != self._doing:
            self._doing = doing
            told.append(DoingNow(doing))
        return told
