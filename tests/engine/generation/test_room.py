"""A forward pass asks for memory first, whoever makes it."""

from collections.abc import Callable

import pytest

from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.settings.sampling import Sampling

LONG = NOTEBOOK_TEXT * 3
USES: list[Callable[[Engine, str], object]] = [
    lambda engine, text: engine.predict(text),
    lambda engine, text: engine.inspect(text, (), 0, Sampling()),
    lambda engine, text: engine.next_token(text, (), Sampling()),
    lambda engine, text: engine.passes(text),
]


@pytest.mark.parametrize("use", USES)
def test_a_pass_that_has_no_room_is_refused_in_a_sentence(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch, use: Callable[[Engine, str], object]
) -> None:
    learner = qwen3.learner
    tokens = learner.input_ids(LONG).shape[1]
    free = learner.pass_need(tokens)
    for module in "memory.room", "memory.ample":
        monkeypatch.setattr(f"tui_trainer.engine.{module}.free_memory", lambda _: free)
    use(qwen3, LONG)
    assert learner.loaded.is_copied
    free -= 1
    use(qwen3, NOTEBOOK_TEXT)
    told = rf"^A forward pass over {tokens} tokens needs .* GB more on cpu, .* shorten the text"
    with pytest.raises(InputError, match=told):
        use(qwen3, LONG)
    assert not learner.loaded.is_copied  # that would have made room


def test_a_probe_that_has_no_room_says_so_beside_the_others(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = qwen3.learner.pass_need(8)
    for module in "memory.room", "memory.ample":
        monkeypatch.setattr(f"tui_trainer.engine.{module}.free_memory", lambda _: free)
    short, long = qwen3.probe(("def", LONG))
    assert short.now is not None
    assert long.refused.startswith("A forward pass over")
