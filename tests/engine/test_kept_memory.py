"""Memory for copies, laid out in one piece."""

import torch

from tui_trainer.engine.kept_memory import lay_out

LIKE = [
    torch.ones(3, 5),
    torch.ones(()),
    torch.ones(7, dtype=torch.bfloat16),
    torch.ones(0, 4),
    torch.ones(2, 2, dtype=torch.int64),
]


def test_each_tensor_has_the_shape_and_the_kind_of_its_model() -> None:
    laid = lay_out(LIKE)
    assert [(t.shape, t.dtype) for t in laid] == [(t.shape, t.dtype) for t in LIKE]


def test_no_tensor_writes_over_another() -> None:
    laid = lay_out(LIKE)
    for number, tensor in enumerate(laid):
        tensor.fill_(number)
    assert all(bool((tensor == number).all()) for number, tensor in enumerate(laid))


def test_nothing_is_laid_out_for_nothing() -> None:
    assert lay_out([]) == []
