"""All that crosses, as bytes and back: MessagePack, each value checked as it is read.

Where a value may be one of several kinds its name goes with it. Nothing that is read is run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast, get_args, get_origin

import msgspec
from msgspec.msgpack import Encoder

from tui_trainer.failures import Failure
from tui_trainer.protocol import keeping, loops, models, predictions, tokens, updates
from tui_trainer.protocol.events import Event
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.protocol.request import LoopRequest, Request

Kind = TypeVar("Kind")
Reply = TypeVar("Reply")
AnyRequest = Request[Any] | LoopRequest[Any]
PLAIN, HALVED = b"\0", b"\1"
"""The first byte: whether texts are in UTF-8, or one has half of a surrogate pair, as a file's name
that is not in UTF-8 does; then they are in its superset, read as Latin-1."""


class GarbledError(ValueError):
    """Bytes that are no such value: damaged, or written by another version."""


@dataclass(frozen=True)
class _Named:
    """A value of one of several kinds."""

    name: str
    value: bytes
    number: int | None = None
    """Of what is told without being asked."""


@dataclass(frozen=True)
class _Answer:
    """What came of a request: one of the two."""

    reply: bytes | None = None
    failure: bytes | None = None


# Requests, events, reports: each says which it is


def _of(*modules: object) -> dict[str, type[AnyRequest]]:
    """The requests that these modules have, by their names."""
    kinds = [kind for module in modules for kind in vars(module).values() if isinstance(kind, type)]
    whole = [kind for kind in kinds if issubclass(kind, Request | LoopRequest)]
    return {kind.__name__: kind for kind in whole if kind not in (Request, LoopRequest)}


REQUESTS = _of(keeping, loops, models, predictions, tokens, updates)
EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}
REPORTS: dict[str, type[Report]] = {kind.__name__: kind for kind in get_args(Report)}


def write_request(request: AnyRequest) -> bytes:
    return write_named(request)


def read_request(data: bytes) -> AnyRequest:
    """GarbledError where it is none; InputError where a setting in it cannot be meant."""
    return read_named(data, REQUESTS)


def write_event(event: Numbered[Event]) -> bytes:
    return write_named(event.what, event.number)


def read_event(data: bytes) -> Numbered[Event]:
    """GarbledError where it is none."""
    return _read_numbered(data, EVENTS)


def write_report(report: Numbered[Report]) -> bytes:
    return write_named(report.what, report.number)


def read_report(data: bytes) -> Numbered[Report]:
    """GarbledError where it is none."""
    return _read_numbered(data, REPORTS)


def write_named(value: object, number: int | None = None) -> bytes:
    return to_bytes(_Named(type(value).__name__, to_bytes(value), number))


def _read_numbered(data: bytes, kinds: dict[str, type[Kind]]) -> Numbered[Kind]:
    number = from_bytes(data, _Named).number
    if number is None:
        raise GarbledError("it has no number")
    return Numbered(number, read_named(data, kinds))


def read_named(data: bytes, kinds: dict[str, type[Kind]]) -> Kind:
    named = from_bytes(data, _Named)
    if named.name not in kinds:
        raise GarbledError(f"{named.name!r} is not known here")
    return from_bytes(named.value, kinds[named.name])


# Replies: the request says what it is


def write_reply(reply: object) -> bytes:
    """What a request was answered with; a Failure where it failed."""
    if isinstance(reply, Failure):
        return to_bytes(_Answer(failure=to_bytes(reply)))
    return to_bytes(_Answer(to_bytes(reply)))


def read_reply(request: Request[Reply], data: bytes) -> Reply:
    """The reply to `request`; raises the Failure where it failed, GarbledError where it is none."""
    return read_answer(data, reply_type(type(request)))


def read_answer(data: bytes, kind: type[Reply]) -> Reply:
    """As `read_reply`, where the type of the reply is `kind`."""
    answer = from_bytes(data, _Answer)
    if answer.failure is not None:
        raise from_bytes(answer.failure, Failure)
    return from_bytes(answer.reply or b"", kind)


def reply_type(kind: type[Request[Reply]]) -> type[Reply]:
    """What a request says its reply is."""
    bases = vars(kind)["__orig_bases__"]
    (reply,) = (get_args(base)[0] for base in bases if get_origin(base) is Request)
    return cast("type[Reply]", reply)


# Any value


def to_bytes(value: object) -> bytes:
    """One that `from_bytes` reads as an equal one, whatever its texts and numbers are."""
    try:
        return PLAIN + _ENCODER.encode(value)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, builtin_types=(bytes,), enc_hook=_write_failure)
        return HALVED + _ENCODER.encode(_each_text(plain, _halve))


def from_bytes(data: bytes, kind: type[Kind]) -> Kind:
    """A value of the type `kind`; GarbledError where it is none."""
    texts, value = data[:1], data[1:]
    try:
        if texts == PLAIN:
            return msgspec.msgpack.decode(value, type=kind, dec_hook=_read_failure)
        plain = _each_text(msgspec.msgpack.decode(value), _whole)
        return msgspec.convert(plain, kind, dec_hook=_read_failure)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise GarbledError(str(error)) from error


def _write_failure(value: object) -> tuple[str, str | None, bool]:
    """An exception is no dataclass."""
    if isinstance(value, Failure):
        return value.sentence, value.traceback, value.cancelled
    raise TypeError(f"{type(value).__name__} does not cross")


def _read_failure(kind: type, fields: object) -> Failure:
    if kind is not Failure:
        raise TypeError(f"{kind.__name__} does not cross")
    sentence, traceback, cancelled = msgspec.convert(fields, tuple[str, str | None, bool])
    return Failure(sentence, traceback, cancelled=cancelled)


_ENCODER = Encoder(enc_hook=_write_failure)


def _each_text(plain: object, change: Callable[[str], str]) -> object:
    """Builtin values with every text in them changed."""
    if isinstance(plain, str):
        return change(plain)
    if isinstance(plain, dict):
        return {_each_text(k, change): _each_text(v, change) for k, v in plain.items()}
    if isinstance(plain, list | tuple):
        return [_each_text(entry, change) for entry in plain]
    return plain


def _halve(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def _whole(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "surrogatepass")
