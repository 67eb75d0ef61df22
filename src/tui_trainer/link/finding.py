"""The engines of this user on this machine, by name."""

import threading
import time
from contextlib import suppress

from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.link.connection import ANSWER_SECONDS, connect, greet
from tui_trainer.link.engine_link import EngineLink, Hears
from tui_trainer.link.frames import Ended, TooLong, receive_frame, send_frame
from tui_trainer.link.launch import is_taken
from tui_trainer.link.messages import (
    Answer,
    Describe,
    Description,
    EndEngine,
    Message,
    read_message,
    write_message,
)
from tui_trainer.link.place import SUFFIX, path_of, sockets
from tui_trainer.protocol.keeping import EndWork
from tui_trainer.protocol.wire import GarbledError, read_reply, write_request
from tui_trainer.reports.runs import End
from tui_trainer.versions import version_of

PROGRAM = "tui-trainer"
SECONDS_TO_DESCRIBE = 5.0
SILENT = "It does not answer."
NONE = "No session goes on here: 'tui-trainer' begins one."


def names() -> list[str]:
    """Of those that go on."""
    return [path.name.removesuffix(SUFFIX) for path in sockets() if is_taken(path)]


def find(name: str) -> str:
    """The session of that name; where none is named, the one there is. InputError without."""
    there = names()
    if name and name not in there:
        told = f"there are: {', '.join(there)}" if there else NONE
        raise InputError(f"There is no session {name!r}; {told}")
    if name:
        return name
    if not there:
        raise InputError(NONE)
    if len(there) > 1:
        raise InputError(
            f"Several sessions go on: {', '.join(there)}. Name one of them after the command."
        )
    return there[0]


def link_to(name: str, hears: Hears, *, looks: bool = True) -> EngineLink:
    """Be connected to it. InputError where it refuses, OSError where it has just ended."""
    stream = connect(path_of(name))
    greet(stream, version_of(PROGRAM), looks=looks)
    return EngineLink(stream, hears)


def detached(seconds: float) -> list[Description]:
    """Those that nobody looks at, the one that was left last first.

    One that does not say so within so many seconds is passed over.
    """
    told: list[Description] = []

    def ask(name: str) -> None:
        answer = describe(name, seconds)
        if isinstance(answer, Description) and answer.alone is not None:
            told.append(answer)

    until = time.monotonic() + seconds
    there = [path.name.removesuffix(SUFFIX) for path in sockets()]
    asking = [threading.Thread(target=ask, args=(name,), daemon=True) for name in there]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(max(0.0, until - time.monotonic()))
    return sorted(told, key=lambda one: one.alone or 0.0)


def describe(name: str, seconds: float = SECONDS_TO_DESCRIBE) -> Description | str:
    """What it is doing; a sentence where that cannot be had."""
    try:
        answer = _ask(name, Describe(), seconds)
    except (InputError, OSError) as error:
        return str(error)
    return answer if isinstance(answer, Description) else SILENT


def end(name: str) -> End:
    """Have it save what no file has and end: what came of that. InputError where it refuses."""
    request = EndWork(saves=True)
    answer = _ask(name, EndEngine(1, write_request(request)), None, to_the_end=True)
    if not isinstance(answer, Answer):
        raise InputError(SILENT)
    try:
        return read_reply(request, answer.reply)
    except Failure as failure:
        return End() if failure.cancelled else End(failure=failure.sentence)


def _ask(
    name: str, message: Message, seconds: float | None, *, to_the_end: bool = False
) -> Message:
    """What it answers within so many seconds, and with `to_the_end` once it has ended after that.
    InputError where it does not, OSError where it has just ended."""
    with connect(path_of(name), seconds) as stream:
        greet(stream, version_of(PROGRAM), looks=False, seconds=seconds or ANSWER_SECONDS)
        stream.settimeout(seconds)
        try:
            send_frame(stream, write_message(message))
            answer = read_message(receive_frame(stream))
        except (Ended, TooLong, GarbledError) as error:
            raise InputError(SILENT) from error
        with suppress(Ended):
            while to_the_end:
                receive_frame(stream)
    return answer
