"""What an update would take with other settings: as it really takes, and nothing is changed."""

import pytest

from tests.known import present
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.settings.cell import CellSettings


def test_an_update_costs_what_it_takes_and_what_undo_keeps_of_it(qwen3: Engine) -> None:
    parameters = present(qwen3.status()).model.parameters
    adamw = qwen3.update_cost(NOTEBOOK_TEXT, CellSettings(undo_memory=10**8))
    sgd = qwen3.update_cost(NOTEBOOK_TEXT, CellSettings(optimizer="SGD", undo_memory=10**8))
    need = qwen3.learner.update_need(qwen3.learner.input_ids(NOTEBOOK_TEXT).shape[1])
    assert adamw.needed_bytes == need.most(moments_held=False) > sgd.needed_bytes
    # On so small a model the ends of the allocator's blocks count.
    assert 12 * parameters <= adamw.undo_bytes <= 1.2 * 12 * parameters
    assert sgd.undo_bytes == 4 * parameters
    assert adamw.undo == 10**8 // adamw.undo_bytes
    assert adamw.fits
    qwen3.set_undo_budget(5 * adamw.undo_bytes)
    for _ in range(7):
        qwen3.update(NOTEBOOK_TEXT)
    history = present(qwen3.status()).history
    assert (
        history.undo
        == qwen3.update_cost(NOTEBOOK_TEXT, CellSettings(undo_memory=history.budget)).undo
    )


def test_reckoning_changes_nothing(qwen3: Engine) -> None:
    before = qwen3.status()
    qwen3.update_cost(NOTEBOOK_TEXT, CellSettings(1.0, "SGD", False, 0.5, 0))
    assert qwen3.status() == before
    with pytest.raises(InputError, match="One token has no label"):
        qwen3.update_cost("def", CellSettings())
