"""A loop that lacks memory gets what a reload keeps, where the model's files serve too."""

import pytest

from tests.known import step_reports
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.loop import memory_estimate
from tui_trainer.errors import InputError
from tui_trainer.settings.train import TrainSettings


def test_the_copy_for_a_reload_goes_before_a_loop_is_refused(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = qwen3.learner.loaded
    held, free = 1 << 30, 1 << 30
    monkeypatch.setattr(memory_estimate, "memory_in_use", lambda _: held)
    monkeypatch.setattr(memory_estimate, "free_memory", lambda _: free)
    asked = TrainSettings(items=2)
    qwen3.train(asked)
    assert loaded.is_copied
    free = 0
    with pytest.raises(InputError, match="This run needs"):
        qwen3.train(asked)
    assert not loaded.is_copied  # that too was not enough
    free = 1 << 30
    assert len(list(step_reports(qwen3.train(asked)))) == 2
