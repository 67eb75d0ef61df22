"""`--deterministic`: the same bits each time on a GPU, where a CPU has them anyhow."""

import os
from collections.abc import Iterator
from itertools import islice

import pytest
import torch

from tests.known import present
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.models.determinism import CUBLAS_WORKSPACE
from tui_trainer.errors import InputError
from tui_trainer.failures import describe_failure
from tui_trainer.reports.progress import UNHEARD
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUNED
from tui_trainer.settings.train import TrainSettings

PLAIN = ModelChoice("random:tiny", "cpu")
DETERMINISTIC = ModelChoice("random:tiny", "cpu", deterministic=True)


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(CUBLAS_WORKSPACE, "of whoever runs the tests")  # put back at the end
    monkeypatch.delenv(CUBLAS_WORKSPACE)
    yield
    torch.use_deterministic_algorithms(False)


def losses(choice: ModelChoice) -> list[float]:
    """Of an update, of steps of both presets, and of undo and redo between them."""
    engine = Engine(UNHEARD)
    engine.load_model(choice)
    assert torch.are_deterministic_algorithms_enabled() is choice.deterministic
    found = [engine.update(NOTEBOOK_TEXT).loss]
    engine.undo()
    engine.redo()
    for settings in (TrainSettings(items=3), TUNED):
        reports = engine.train(settings)
        found += [r.loss for r in islice(reports, 4) if isinstance(r, StepReport)]
    return found


def test_on_a_cpu_the_losses_are_the_same_bits_with_it_as_without() -> None:
    plain = losses(PLAIN)
    assert len(plain) > 5
    assert losses(DETERMINISTIC) == plain
    assert losses(PLAIN) == plain


def test_cublas_is_told_before_the_gpu_is_first_used(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(UNHEARD)
    engine.load_model(PLAIN)
    assert CUBLAS_WORKSPACE not in os.environ
    with monkeypatch.context() as patched:
        patched.setattr(torch.cuda, "is_initialized", lambda: True)
        with pytest.raises(InputError, match=r"start the program anew with --deterministic\.$"):
            engine.load_model(DETERMINISTIC)
    assert not torch.are_deterministic_algorithms_enabled()
    assert present(engine.status()).model.name == "random:tiny"
    engine.load_model(DETERMINISTIC)
    assert os.environ[CUBLAS_WORKSPACE] == ":4096:8"
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    engine.load_model(DETERMINISTIC)


def test_what_has_no_such_kernel_says_so_in_a_sentence() -> None:
    torch.use_deterministic_algorithms(True)
    with pytest.raises(RuntimeError) as failed:
        torch.zeros(2).put_(torch.tensor([0]), torch.ones(1))
    failure = describe_failure(failed.value)
    assert failure.traceback is None
    assert failure.sentence == (
        "put_ has no kernel on this device that gives the same bits each time: load the model "
        "without --deterministic, or on a CPU."
    )
