"""The engine through the real worker: what crosses the thread, and what a failing loop leaves."""

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from tests.failing import failing_at
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.failures import Failure
from tui_trainer.protocol import wire
from tui_trainer.protocol.events import Event, LoopChanged, LoopState
from tui_trainer.protocol.loops import Train
from tui_trainer.protocol.models import FindModels, LoadModel, LoadTokenizer, ReadStatus, Reload
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.protocol.predictions import (
    CrossEntropy,
    Inspect,
    NextToken,
    Predict,
)
from tui_trainer.protocol.request import Request
from tui_trainer.protocol.tokens import Tokenize
from tui_trainer.protocol.updates import (
    Fork,
    ReadViews,
    Redo,
    RunPhase,
    SetLr,
    Undo,
    Update,
)
from tui_trainer.reports.labelled_logits import LabelledLogits
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings
from tui_trainer.worker import Worker

WAIT = 60.0
PLAIN = int, float, str, bytes, bool, type(None)


class Heard:
    """The events of a worker, and a way to wait for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = threading.Condition()

    def __call__(self, event: Numbered[Event]) -> None:
        with self._news:
            self.events.append(event.what)
            self._news.notify_all()

    def end_of(self, loop: str) -> LoopChanged:
        """The event that ends a loop."""
        deadline = time.monotonic() + WAIT
        with self._news:
            while True:
                for event in self.events:
                    if (
                        isinstance(event, LoopChanged)
                        and event.name == loop
                        and event.state.is_over
                    ):
                        return event
                assert self._news.wait(deadline - time.monotonic())


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def worker(heard: Heard, model_folder: Callable[[str], Path]) -> Iterator[Worker]:
    """A worker whose engine has the tiny Qwen3 loaded."""
    worker = Worker(Engine, heard)
    worker.start()
    choice = ModelChoice(str(model_folder("Qwen3")), "cpu", "fp32")
    worker.ask(LoadModel(choice)).result(WAIT)
    yield worker
    assert worker.stop(WAIT)


def assert_plain(value: object) -> None:
    """Only frozen dataclasses, tuples and lists of plain Python values."""
    if dataclasses.is_dataclass(value):
        assert vars(type(value))["__dataclass_params__"].frozen
        for field in dataclasses.fields(value):
            assert_plain(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for entry in value:
            assert_plain(entry)
    else:
        assert type(value) in PLAIN


def test_nothing_but_plain_values_crosses_the_thread(
    worker: Worker, heard: Heard, model_folder: Callable[[str], Path]
) -> None:
    source = str(model_folder("Qwen3"))
    asked: list[Request[object]] = [
        ReadStatus(),
        FindModels(),
        LoadTokenizer(source),
        Tokenize(NOTEBOOK_TEXT, source, ("def", "def hello"), "left", second=source),
        Predict(NOTEBOOK_TEXT),
        Inspect(NOTEBOOK_TEXT, (7,), 1, Sampling(greedy=False, top_k=5)),
        NextToken(NOTEBOOK_TEXT, (), Sampling(greedy=False)),
        CrossEntropy(LabelledLogits((0.5, -1.0), 1)),
        Update(NOTEBOOK_TEXT),
        Fork(NOTEBOOK_TEXT),
        RunPhase(None, NOTEBOOK_TEXT),
        ReadViews(phases=True, moved=True, probes=(NOTEBOOK_TEXT,), passes=NOTEBOOK_TEXT),
        ReadViews(passes=""),
        Undo(),
        Redo(),
        SetLr(1e-4),
        Reload(),
    ]
    for request in asked:
        reply = worker.ask(request).result(WAIT)
        assert reply is not None
        assert_plain(reply)
        assert wire.read_reply(request, wire.write_reply(reply)) == reply
    worker.start_loop("gsm8k", Train(TrainSettings(items=2), record=False)).result(WAIT)
    heard.end_of("gsm8k")
    reports = worker.drain("gsm8k")
    assert len(reports) == 2
    assert_plain(reports)
    assert [wire.read_report(wire.write_report(report)) for report in reports] == reports


def test_a_loop_that_runs_out_of_memory_tells_and_the_model_lives(
    worker: Worker, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_memory = torch.OutOfMemoryError("CUDA out of memory.")
    begun = worker.start_loop("gsm8k", Train(TrainSettings(items=5), record=False), playing=False)
    begun.result(WAIT)  # what the loop will need is worked out by passes of their own
    monkeypatch.setattr(F, "log_softmax", failing_at(3, F.log_softmax, no_memory))
    worker.play("gsm8k", True)
    ended = heard.end_of("gsm8k")
    assert ended.state is LoopState.FAILED
    assert ended.failure is not None
    assert ended.failure.sentence.startswith("There is not enough memory for this; the weights")
    assert len(worker.drain("gsm8k")) == 2
    (status,) = worker.ask(ReadStatus()).result(WAIT)
    assert status is not None
    assert status.updates == 2
    assert worker.ask(Update(NOTEBOOK_TEXT)).result(WAIT).update == 3


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        torch.AcceleratorError("CUDA error: out of memory\nCUDA kernel errors might be"),
    ],
)
def test_an_update_that_fails_is_a_failure_and_the_next_one_works(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*args: object, **keywords: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(F, "linear", fail)  # in the forward pass
        with pytest.raises(Failure, match="not enough memory"):
            worker.ask(Update(NOTEBOOK_TEXT)).result(WAIT)
    assert worker.ask(Update(NOTEBOOK_TEXT)).result(WAIT).update == 1


def test_another_screen_reads_the_weights_of_a_running_loop(worker: Worker, heard: Heard) -> None:
    worker.start_loop(
        "gsm8k", Train(TrainSettings(items=3, lr=0.01), record=False), playing=False
    ).result(WAIT)
    losses = []
    for _ in range(3):
        losses.append(worker.ask(Predict(NOTEBOOK_TEXT)).result(WAIT).loss)
        worker.advance("gsm8k")
    assert len(set(losses)) == 3
