"""A view's end of the socket: what is asked, and the futures of what is answered."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import Generic, Protocol, TypeVar

from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.link.frames import Ended, TooLong, receive_frame, send_frame
from tui_trainer.link.messages import (
    Answer,
    Hello,
    Message,
    Refusal,
    Taken,
    Welcome,
    Withdraw,
    read_message,
    write_message,
)
from tui_trainer.link.place import is_from_this_user
from tui_trainer.lost_device import ENGINE_ENDED
from tui_trainer.protocol.request import Request
from tui_trainer.protocol.wire import GarbledError, read_answer, read_reply

Reply = TypeVar("Reply")
ANSWER_SECONDS = 10.0
CLOSING_SECONDS = 2.0
NO_ENGINE = "What answers there is no engine of tui-trainer."


def connect(path: Path, seconds: float | None = None) -> socket.socket:
    """To the engine there. OSError where there is none, or with `seconds` where it takes longer."""
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(seconds)
    try:
        stream.connect(str(path))
    except OSError:
        stream.close()
        raise
    return stream


def greet(
    stream: socket.socket, version: str, *, looks: bool, seconds: float = ANSWER_SECONDS
) -> Welcome:
    """Say who asks. InputError where the engine refuses, does not answer, or is none."""
    try:
        if not is_from_this_user(stream):
            raise InputError("The session belongs to another user.")
        stream.settimeout(seconds)
        send_frame(stream, write_message(Hello(version, looks)))
        answer = read_message(receive_frame(stream))
        stream.settimeout(None)
    except (Ended, TooLong, GarbledError) as error:
        raise InputError(NO_ENGINE) from error
    if isinstance(answer, Refusal):
        raise InputError(answer.sentence)
    if not isinstance(answer, Welcome):
        raise InputError(NO_ENGINE)
    return answer


class _Waits(Protocol):
    """Somebody who waits for an answer."""

    def take(self) -> bool: ...
    def settle(self, reply: bytes) -> None: ...
    def fail(self, failure: Failure) -> None: ...


class _Waiting(Generic[Reply]):
    """A future, and what reads its answer."""

    def __init__(self, future: "Future[Reply]", read: Callable[[bytes], Reply]) -> None:
        self._future, self._read = future, read

    def take(self) -> bool:
        """It is answered now; False where nobody waits any more."""
        return self._future.running() or self._future.set_running_or_notify_cancel()

    def settle(self, reply: bytes) -> None:
        if not self.take():
            return
        try:
            self._future.set_result(self._read(reply))
        except Failure as failure:
            self._future.set_exception(failure)
        except GarbledError as error:
            self.fail(Failure(f"What the engine answered cannot be read: {error}"))

    def fail(self, failure: Failure) -> None:
        if self.take():
            self._future.set_exception(failure)


class Connection:
    """Sends what is asked, in order, and settles futures as answers come.

    `hear` gets all else that comes, and `ended` is called once nothing more does, both on the
    thread that reads. Nobody waits for an engine that does not read: a thread writes.
    """

    def __init__(
        self, stream: socket.socket, hear: Callable[[Message], None], ended: Callable[[], None]
    ) -> None:
        self._stream, self._hear, self._ended = stream, hear, ended
        self._numbers = count(1)
        self._waiting: dict[int, _Waits] = {}
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()
        self._is_over = False
        self._writer = threading.Thread(target=self._write, name="to engine", daemon=True)
        self._reader = threading.Thread(target=self._read, name="from engine", daemon=True)

    def begin(self) -> None:
        self._writer.start()
        self._reader.start()

    def send(self, message: Message) -> None:
        """Nothing comes of it where the engine is gone."""
        self._outbox.put(write_message(message))

    def ask(
        self,
        future: "Future[Reply]",
        read: Callable[[bytes], Reply],
        ask: Callable[[int], Message],
    ) -> None:
        """Send what `ask` makes of a number, and settle `future` with what is `read` of its
        answer."""
        number = next(self._numbers)

        def withdraw(done: "Future[Reply]") -> None:
            if done.cancelled() and self._waiting.pop(number, None) is not None:
                self.send(Withdraw(number))

        self._waiting[number] = _Waiting(future, read)
        future.add_done_callback(withdraw)
        self.send(ask(number))
        if self._is_over:
            self._fail_all()

    def close(self, seconds: float = CLOSING_SECONDS) -> None:
        """Once what was sent has gone: nothing more is asked or heard."""
        self._outbox.put(None)
        self._writer.join(seconds)
        try:
            self._stream.shutdown(socket.SHUT_RDWR)
        except OSError:  # the engine was faster
            return

    def ends_within(self, seconds: float) -> bool:
        """Wait for the engine's end of it to close."""
        self._reader.join(seconds)
        return not self._reader.is_alive()

    def _write(self) -> None:
        try:
            while (message := self._outbox.get()) is not None:
                send_frame(self._stream, message)
        except Ended:
            return

    def _read(self) -> None:
        try:
            while True:
                self._take(read_message(receive_frame(self._stream)))
        except (Ended, TooLong, GarbledError):
            self._is_over = True
            self._fail_all()
            self._outbox.put(None)
            self._stream.close()
            self._ended()

    def _take(self, message: Message) -> None:
        if isinstance(message, Answer):
            if (waiting := self._waiting.pop(message.number, None)) is not None:
                waiting.settle(message.reply)
        elif isinstance(message, Taken):
            if (waiting := self._waiting.get(message.number)) is not None:
                waiting.take()
        else:
            self._hear(message)

    def _fail_all(self) -> None:
        while self._waiting:
            _, waiting = self._waiting.popitem()
            waiting.fail(Failure(ENGINE_ENDED))


def reply_of(request: Request[Reply]) -> Callable[[bytes], Reply]:
    """What reads the answer to it."""
    return lambda data: read_reply(request, data)


def read_nothing(data: bytes) -> None:
    """Of an answer that says no more than that it came; raises the Failure where it failed."""
    read_answer(data, type(None))
