"""An assert in a kernel: the worker says that the engine must restart, and asks the device no more.

It is also what `torch.cuda` does not survive: the step's process ends without torch's own end.
"""

import os
from concurrent.futures import Future

import torch
import torch.nn.functional as F

from tests.gpu.engines import load, small_model
from tests.gpu.record import Record
from tests.gpu.step import Place
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.models import device_faults
from tui_trainer.failures import Failure
from tui_trainer.lost_device import MUST_RESTART
from tui_trainer.protocol.events import DeviceLost, Event
from tui_trainer.protocol.models import Reload
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.protocol.tokens import Tokenize
from tui_trainer.protocol.updates import Update
from tui_trainer.worker import Worker

SECONDS = 20.0


def look(place: Place, record: Record) -> None:
    """In the middle of an update, as the app asks for it."""
    engine = load(small_model(place), place.device, "fp32")
    heard: list[Event] = []

    def hear(event: Numbered[Event]) -> None:
        heard.append(event.what)

    engine.load_tokenizer("builtin")
    worker = Worker(lambda _: engine, hear)
    worker.start()
    record.holds("an update works before it", said(worker.ask(Update(NOTEBOOK_TEXT))) == "")
    device = engine.learner.device
    engine.learner.model.register_forward_pre_hook(lambda *_: fail(device))
    for request in (Update(NOTEBOOK_TEXT), Reload()):
        what = type(request).__name__
        refused = said(worker.ask(request)) == MUST_RESTART
        record.holds(f"{what} is answered by that the engine must restart", refused)
    record.holds("a text is tokenized after it", said(worker.ask(Tokenize("def", "builtin"))) == "")
    lost = [event.failure.sentence for event in heard if isinstance(event, DeviceLost)]
    record.equal("how often it is told", len(lost), 1)
    record.figure("what is told", lost)
    os._exit(0)


def said(answer: "Future[object]") -> str:
    """Why it was not answered; empty where it was."""
    try:
        answer.result(SECONDS)
    except Failure as failure:
        return failure.sentence
    return ""


def fail(device: torch.device) -> None:
    """Look up a row that a table does not have; a CPU, which survives that, is said to be lost."""
    if device.type == "cpu":
        device_faults.make_it_compute = assert_failed
        assert_failed(device)
    F.embedding(torch.tensor([10**6], device=device), torch.zeros(2, 2, device=device))
    torch.cuda.synchronize()


def assert_failed(device: torch.device) -> None:
    raise torch.AcceleratorError("CUDA error: device-side assert triggered")
