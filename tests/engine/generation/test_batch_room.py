"""How many answers are generated together: as memory has room, before the first and after."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.engine.generation.test_evaluate import last, sharpen
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.generation.evaluate import FEWER
from tui_trainer.engine.memory.generation_need import generation_need
from tui_trainer.settings.evaluation import EvaluationSettings


def test_as_many_are_answered_together_as_memory_has_room_for(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = EvaluationSettings(items=12, batch=12, max_tokens=6)
    expected = last(qwen3.evaluate(settings))
    learner = qwen3.learner
    prompt = max(len(learner.vocabulary.ids(item.prompt)) for item in expected.items)
    rows = []
    hook = learner.model.register_forward_pre_hook(
        lambda _model, _args, given: rows.append(len(given["input_ids"])), with_kwargs=True
    )
    for least, most in (12, 12), (3, 4):
        free = generation_need(learner.dry_model, most, prompt, prompt + 6)
        for module in "room", "ample":
            name = f"tui_trainer.engine.memory.{module}.free_memory"
            monkeypatch.setattr(name, lambda _, free=free: free)
        rows.clear()
        found = last(qwen3.evaluate(settings))
        assert least <= max(rows) <= most
        assert {i.problem: i for i in found.items} == {i.problem: i for i in expected.items}
        limits = [FEWER.format(number) for number in range(least, most + 1)]
        assert [note in limits for note in found.notes] == [True] * (most < 12)
    hook.remove()


def no_room(largest: int, error: Exception) -> Callable[[object, object, dict[str, Tensor]], None]:
    """A hook of a model: fails where a forward pass would see more than `largest` positions."""

    def fail(_model: object, _args: object, given: dict[str, Tensor]) -> None:
        if given["attention_mask"].numel() > largest:
            raise error

    return fail


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_a_batch_that_memory_has_no_room_for_is_halved_and_so_are_all_that_follow(
    qwen3: Engine, error: Exception
) -> None:
    sharpen(qwen3)
    settings = EvaluationSettings(items=12, batch=6, max_tokens=6)
    expected = last(qwen3.evaluate(settings))
    longest = max(len(qwen3.learner.vocabulary.ids(item.prompt)) for item in expected.items)
    # Of six answers the first token has room, but not all; of three they have
    hook = qwen3.learner.model.register_forward_pre_hook(
        no_room(3 * (longest + 6), error), with_kwargs=True
    )
    rows = []
    count = qwen3.learner.model.register_forward_pre_hook(
        lambda _model, _args, given: rows.append(len(given["input_ids"])), with_kwargs=True
    )
    found = last(qwen3.evaluate(settings))
    hook.remove()
    count.remove()
    by_problem = {item.problem: item for item in found.items}
    assert by_problem == {item.problem: item for item in expected.items}
    assert len(found.items) == 12
    assert (found.tokens, found.share) == (expected.tokens, 1.0)
    assert found.notes == (FEWER.format(3),)
    assert set(rows) == {3}


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory."), ZeroDivisionError("another kind")]
)
def test_what_no_smaller_batch_mends_is_told(qwen3: Engine, error: Exception) -> None:
    settings = EvaluationSettings(items=4, batch=4, max_tokens=3)
    last(qwen3.evaluate(settings))  # looks at the model's ways
    rows = []

    def fail(_model: object, _args: object, given: dict[str, Tensor]) -> None:
        rows.append(len(given["input_ids"]))
        raise error

    hook = qwen3.learner.model.register_forward_pre_hook(fail, with_kwargs=True)
    with pytest.raises(type(error)):
        last(qwen3.evaluate(settings))
    hook.remove()
    assert rows == ([4] if isinstance(error, ZeroDivisionError) else [4, 2, 1])
