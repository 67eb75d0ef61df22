"""What crosses is read back from its bytes as an equal value, whatever is in it."""

import dataclasses
import math
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.protocol.one_of_each import LOOPS, REQUESTS
from tests.protocol.test_requests import kinds, replies
from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.protocol import wire
from tui_trainer.protocol.events import LoopChanged, LoopState
from tui_trainer.protocol.models import LoadModel, ReadStatus
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.protocol.predictions import Predict
from tui_trainer.protocol.request import LoopRequest, Request
from tui_trainer.reports.labelled_logits import LabelledLogits
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.cell import CellSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import PRESETS
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings

TEXTS = st.text(st.characters(exclude_categories=()), max_size=8)  # halves of pairs as well
WHOLE = st.integers(-(2**63), 2**64 - 1)
FAILURES = st.builds(
    lambda sentence, traceback, cancelled: Failure(sentence, traceback, cancelled=cancelled),
    TEXTS,
    st.none() | TEXTS,
    st.booleans(),
)
FLOATS = st.floats()  # NaN and infinities as well
CHECKED: dict[type, st.SearchStrategy[Any]] = {
    ModelChoice: st.builds(
        ModelChoice, TEXTS.map("m{}".format), st.sampled_from(("cpu", "cuda:1"))
    ),
    Sampling: st.builds(
        Sampling, st.booleans(), st.floats(0.01, 100), st.none() | st.integers(1, 2**63 - 1)
    ),
    CellSettings: st.builds(
        CellSettings,
        st.floats(1e-8, 10),
        st.sampled_from(("AdamW", "SGD")),
        st.booleans(),
        st.none() | st.floats(0, 0.9),
        st.none() | st.integers(0, 2**62),
    ),
    TrainSettings: st.builds(
        dataclasses.replace,
        st.sampled_from(tuple(PRESETS.values())),
        problems=TEXTS.map("p{}".format),
    ),
    EvaluationSettings: st.just(EvaluationSettings()),
    BenchSettings: st.just(BenchSettings()),
    LabelledLogits: st.lists(st.floats(-1000, 1000), min_size=2, max_size=20).map(
        lambda logits: LabelledLogits(tuple(logits), len(logits) - 1)
    ),
}
"""What refuses values that cannot be meant."""


def any_of(kind: object) -> st.SearchStrategy[Any]:
    """Values of a type: those of its fields, and of what they are made of."""
    if inner := get_args(kind):
        return _any_within(get_origin(kind), inner)
    assert isinstance(kind, type)
    plain = {
        str: TEXTS,
        float: FLOATS,
        int: WHOLE,
        bool: st.booleans(),
        bytes: st.binary(max_size=8),
    }
    known = {**plain, NoneType: st.none(), Failure: FAILURES, **CHECKED}
    if kind in known:
        return known[kind]
    if issubclass(kind, Enum):
        return st.sampled_from(tuple(kind))
    assert dataclasses.is_dataclass(kind)
    hints = get_type_hints(kind)
    return st.builds(kind, **{f.name: any_of(hints[f.name]) for f in dataclasses.fields(kind)})


def _any_within(origin: object, inner: tuple[object, ...]) -> st.SearchStrategy[Any]:
    if origin in (Union, UnionType):
        return st.one_of(*map(any_of, inner))
    if origin is dict:
        return st.dictionaries(any_of(inner[0]), any_of(inner[1]), max_size=2)
    if origin is tuple and inner[1:] != (...,):
        return st.tuples(*map(any_of, inner))
    return st.lists(any_of(inner[0]), max_size=2).map(list if origin is list else tuple)


def same(value: object, other: object) -> bool:
    """Whether two values are equal, and of the same types; NaN is what it was."""
    if type(value) is not type(other):
        return False
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return all(same(getattr(value, name), getattr(other, name)) for name in names)
    if isinstance(value, tuple | list):
        assert isinstance(other, tuple | list)
        return len(value) == len(other) and all(map(same, value, other))
    if isinstance(value, dict):
        assert isinstance(other, dict)
        return [*value] == [*other] and all(same(value[key], other[key]) for key in value)
    if isinstance(value, float) and isinstance(other, float) and math.isnan(value):
        return math.isnan(other)
    return value == other


def named(kind: object) -> str:
    return getattr(kind, "__name__", str(kind))


a_few = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@pytest.mark.parametrize("kind", wire.REQUESTS.values(), ids=named)
@a_few
@given(data=st.data())
def test_a_request_is_read_as_it_was_written(kind: type, data: st.DataObject) -> None:
    request = data.draw(any_of(kind))
    assert same(wire.read_request(wire.write_request(request)), request)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: named(type(request)))
@a_few
@given(data=st.data())
def test_a_reply_is_read_as_it_was_written(request_: Request[Any], data: st.DataObject) -> None:
    reply = data.draw(any_of(wire.reply_type(type(request_))))
    assert same(wire.read_reply(request_, wire.write_reply(reply)), reply)


@pytest.mark.parametrize("kind", wire.EVENTS.values(), ids=named)
@a_few
@given(data=st.data())
def test_an_event_is_read_as_it_was_written(kind: type, data: st.DataObject) -> None:
    event = Numbered(data.draw(WHOLE), data.draw(any_of(kind)))
    assert same(wire.read_event(wire.write_event(event)), event)


@pytest.mark.parametrize("kind", wire.REPORTS.values(), ids=named)
@a_few
@given(data=st.data())
def test_a_report_is_read_as_it_was_written(kind: type, data: st.DataObject) -> None:
    report = Numbered(data.draw(WHOLE), data.draw(any_of(kind)))
    assert same(wire.read_report(wire.write_report(report)), report)


def test_every_request_and_every_report_of_a_loop_crosses() -> None:
    assert set(wire.REQUESTS.values()) == kinds(Request) | kinds(LoopRequest)
    for loop in LOOPS:
        kind = replies(type(loop))
        assert set(get_args(kind) or (kind,)) <= set(wire.REPORTS.values())


def test_a_failure_is_raised_where_the_reply_is_read() -> None:
    failure = Failure("The disk is full: make room.", cancelled=True)
    with pytest.raises(Failure) as raised:
        wire.read_reply(ReadStatus(), wire.write_reply(failure))
    assert raised.value == failure


def test_what_was_worked_out_of_a_report_does_not_cross() -> None:
    """A value that keeps what it worked out has more in it than its fields."""
    from tests.fake_engine import evaluated_item  # noqa: PLC0415

    item = evaluated_item(0, "#### 1", EvaluationSettings())
    before = wire.to_bytes(item)
    assert item.outcome
    assert wire.to_bytes(item) == before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"\2\x80",
        wire.write_request(Predict("def"))[:-3],
        wire.write_event(Numbered(1, LoopChanged("gsm8k", LoopState.PAUSED))),
        wire.to_bytes({"name": "Predict", "value": wire.to_bytes({"text": 5})}),
        wire.to_bytes({"name": "Predict", "value": wire.to_bytes({"top": 1})}),
        wire.to_bytes({"name": "os.system", "value": b"rm"}),
        b"\1" + b"\x91" * 100_000,
    ],
    ids=["nothing", "no value", "no texts", "cut", "event", "type", "field", "unknown", "deep"],
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(wire.GarbledError):
        wire.read_request(data)


def test_settings_that_cannot_be_meant_are_refused_as_where_they_are_made() -> None:
    choice = ModelChoice()
    object.__setattr__(choice, "precision", "fp7")
    with pytest.raises(InputError, match="Precision 'fp7' is not known"):
        wire.read_request(wire.write_request(LoadModel(choice)))


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_foreign_bytes_are_refused_in_no_other_way(data: bytes) -> None:
    for first in (wire.PLAIN, wire.HALVED):
        with pytest.raises(wire.GarbledError):
            wire.from_bytes(first + data, LearnerStatus)
