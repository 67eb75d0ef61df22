"""What an update would take with other settings; none is made."""

from tui_trainer.engine.cell.update import labelled_ids
from tui_trainer.engine.history import default_budget
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.memory.update_need import update_need
from tui_trainer.engine.models.devices import free_memory
from tui_trainer.reports.updates import UpdateCost
from tui_trainer.settings.cell import CellSettings


def update_cost(learner: Learner, text: str, settings: CellSettings) -> UpdateCost:
    """InputError where the text cannot be trained on."""
    tokens, setup, history = labelled_ids(learner, text).shape[1], learner.setup, learner.history
    need = update_need(
        *(learner.dry_model, settings.optimizer, setup.stepping, tokens),
        training=settings.training,
        dropout=settings.dropout,
    )
    is_warm = bool(setup.optimizer.state) and settings.optimizer == setup.optimizer_name
    usual = history.budget if history.is_usual else default_budget()
    return UpdateCost(
        needed_bytes=need.most(moments_held=is_warm),
        free_bytes=free_memory(learner.device),
        undo_bytes=learner.weights.trained_bytes + need.moments,
        undo_budget=usual if settings.undo_memory is None else settings.undo_memory,
    )
