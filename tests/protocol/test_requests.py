"""A request is plain values, and whatever stands for the engine answers every one of them."""

import dataclasses
import inspect
import pkgutil
from importlib import import_module
from types import NoneType, UnionType
from typing import TypeVar, Union, get_args, get_origin

import pytest

from tests.fake_engine import FakeEngine
from tests.protocol.one_of_each import LOOPS, REQUESTS
from tui_trainer import protocol
from tui_trainer.engine.engine import Engine
from tui_trainer.protocol.answers import Answers
from tui_trainer.protocol.request import LoopRequest, Request

ASKED = REQUESTS + LOOPS
METHODS = sorted(name for name in vars(Answers) if not name.startswith("_"))


def kinds(base: type) -> set[type]:
    """The requests of the package, whoever has imported them."""
    for module in pkgutil.iter_modules(protocol.__path__, f"{protocol.__name__}."):
        import_module(module.name)
    heirs: list[type] = base.__subclasses__()
    return {kind for kind in heirs if kind.__module__.startswith(protocol.__name__)}


def named(kind: type) -> str:
    return kind.__name__


def replies(kind: type) -> object:
    """What it says its reply, or its report, is."""
    bases = vars(kind)["__orig_bases__"]
    (base,) = (base for base in bases if get_origin(base) in (Request, LoopRequest))
    return get_args(base)[0]


def fits(value: object, type_: object) -> bool:
    """Whether a reply is of the type that was promised."""
    origin, inner = get_origin(type_), get_args(type_)
    if origin in (Union, UnionType):
        return any(fits(value, option) for option in inner)
    if origin is list:
        return isinstance(value, list) and all(fits(entry, inner[0]) for entry in value)
    if origin is tuple:
        assert isinstance(value, tuple)
        types_ = inner[:1] * len(value) if inner[1:] == (...,) else inner
        return len(value) == len(types_) and all(map(fits, value, types_))
    if type_ in (None, NoneType):
        return value is None
    return isinstance(type_, type) and isinstance(value, type_)


ANSWERED = sorted(kinds(Request), key=named)


def test_there_is_one_of_each() -> None:
    assert {type(request) for request in REQUESTS} == kinds(Request)
    assert {type(request) for request in LOOPS} == kinds(LoopRequest)


@pytest.mark.parametrize("request_", ASKED, ids=lambda request: named(type(request)))
def test_a_request_is_plain_values(request_: Request[object]) -> None:
    assert vars(type(request_))["__dataclass_params__"].frozen
    assert hash(request_) == hash(dataclasses.replace(request_))
    assert all(not callable(getattr(request_, f.name)) for f in dataclasses.fields(request_))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("engine", [Engine, FakeEngine], ids=["engine", "fake"])
def test_every_engine_has_the_methods_that_requests_call(engine: type, method: str) -> None:
    asked = inspect.signature(getattr(Answers, method)).parameters.values()
    there = inspect.signature(getattr(engine, method)).parameters.values()
    assert [(p.name, p.kind) for p in asked] == [(p.name, p.kind) for p in there]


def test_nothing_can_be_asked_that_no_request_asks() -> None:
    calls = {
        name
        for kind in kinds(Request) | kinds(LoopRequest)
        for method in ("answered_by", "begun_by")
        if hasattr(kind, method)
        for name in getattr(kind, method).__code__.co_names
    }
    assert {*METHODS} - {"recovers_from"} <= calls  # which the worker asks after a failure


def test_the_reply_is_what_the_request_says_it_is() -> None:
    engine = FakeEngine()
    for request in REQUESTS:
        assert fits(request.answered_by(engine), replies(type(request))), request


def test_the_reports_are_what_the_loop_says_they_are() -> None:
    for loop in LOOPS:
        report = next(iter(loop.begun_by(FakeEngine(answers=[["1", "2"]]))))
        assert fits(report, replies(type(loop))), loop


@pytest.mark.parametrize("kind", ANSWERED)
def test_the_call_gives_the_reply_that_the_class_names(kind: type[Request[object]]) -> None:
    assert not isinstance(replies(kind), TypeVar)
    assert inspect.signature(kind.answered_by).return_annotation in (replies(kind), None)
