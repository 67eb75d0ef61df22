"""A loop's tensors to disk and back: weights as Hugging Face has them, the rest in safetensors.

Nothing is pickled. What is no tensor goes to `training.json` (`runs/checkpoints.py`).
"""

from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from tui_trainer.engine.actions import Loop
from tui_trainer.engine.errors import InputError
from tui_trainer.engine.history import Rng, get_rng
from tui_trainer.engine.item_losses import Extremes
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.settings import TrainSettings
from tui_trainer.engine.train import TrainingState, begin_training
from tui_trainer.runs.checkpoints import (
    TRAINING_FILE,
    TrainingFacts,
    read_facts,
    whole_or_not_at_all,
)
from tui_trainer.runs.plain import write_plain

TENSORS_FILE = "training.safetensors"
OPTIMIZER, RNG = "optimizer/", "rng/"
"""How the names in `training.safetensors` begin; then `<parameter>/<exp_avg, say>` or a number."""


def save_checkpoint(
    folder: Path, model: str, learner: Learner, state: TrainingState, settings: TrainSettings
) -> None:
    """Write all that a loop needs to go on as if it had not stopped; InputError where it cannot.

    The folder is a model in Hugging Face format too, which `from_pretrained` loads. `model` is
    the name of the one that the run began with.
    """
    facts = TrainingFacts(
        model=model,
        step=state.step,
        updates=learner.updates_when_loaded + learner.updates,
        peak_lr=state.peak_lr,
        optimizer=settings.optimizer,
        best=state.extremes.best,
        worst=state.extremes.worst,
    )
    tensors = {
        **_optimizer_tensors(state.optimizer, learner.model),
        **{f"{RNG}{n}": part for n, part in enumerate(get_rng(learner.device))},
    }
    try:
        with whole_or_not_at_all(folder) as beside:
            learner.model.save_pretrained(beside)
            learner.vocabulary.tokenizer.save_pretrained(beside)
            save_file(tensors, beside / TENSORS_FILE)
            write_plain(beside / TRAINING_FILE, facts)
    except SafetensorError as error:
        raise InputError(f"The checkpoint {folder} cannot be written ({error}).") from error


def restore_training(
    folder: Path, learner: Learner, settings: TrainSettings, loop: Loop
) -> TrainingState:
    """The loop of a checkpoint as it was; the weights are the Learner's.

    InputError where the checkpoint is damaged, or of another model or optimizer.
    """
    facts = read_facts(folder)
    if facts.optimizer != settings.optimizer:
        raise InputError(
            f"The checkpoint {folder} has the state of {facts.optimizer}, and the settings want "
            f"{settings.optimizer}: resume with its own."
        )
    tensors = _read_tensors(folder)
    state = begin_training(learner, settings, replace(loop, resumed_at=facts.step))
    _fill(state.optimizer, learner.model, tensors, folder)
    state.step = facts.step
    if facts.peak_lr != settings.lr:
        state.set_lr(facts.peak_lr)
    state.extremes = Extremes(facts.best, facts.worst)
    state.rng = _rng(tensors, folder)
    return state


def _read_tensors(folder: Path) -> dict[str, Tensor]:
    try:
        return load_file(folder / TENSORS_FILE)
    except (OSError, SafetensorError) as error:
        raise InputError(
            f"The checkpoint {folder} is damaged ({error}): resume from another one."
        ) from error


def _names(model: nn.Module) -> dict[Tensor, str]:
    return {parameter: name for name, parameter in model.named_parameters()}


def _optimizer_tensors(optimizer: Optimizer, model: nn.Module) -> dict[str, Tensor]:
    """AdamW's two moments and its count for each parameter, by the parameter's name."""
    names = _names(model)
    return {
        f"{OPTIMIZER}{names[parameter]}/{key}": value.detach().cpu().contiguous()
        for parameter, values in optimizer.state.items()
        for key, value in values.items()
        if isinstance(value, Tensor)
    }


def _fill(optimizer: Optimizer, model: nn.Module, tensors: dict[str, Tensor], folder: Path) -> None:
    """Give a fresh optimizer the state that was saved, each tensor in the type it had.

    `load_state_dict` knows on which device each belongs, and casts to the parameter's type.
    """
    fresh = optimizer.state_dict()
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    names = _names(model)
    saved = _saved_state(tensors)
    if saved and set(saved) != {names[parameter] for parameter in parameters}:
        raise _foreign(folder)
    for parameter in parameters:
        for value in saved.get(names[parameter], {}).values():
            if value.dim() and value.shape != parameter.shape:
                raise _foreign(folder)
    fresh["state"] = {n: dict(saved[names[p]]) for n, p in enumerate(parameters) if saved}
    optimizer.load_state_dict(fresh)
    for parameter in parameters:
        for key, value in saved.get(names[parameter], {}).items():
            held = optimizer.state[parameter][key]
            optimizer.state[parameter][key] = value.to(held.device) if held.dim() else held


def _saved_state(tensors: dict[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """The tensors of an optimizer by parameter and key."""
    saved: dict[str, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith(OPTIMIZER):
            parameter, _, key = name.removeprefix(OPTIMIZER).rpartition("/")
            saved.setdefault(parameter, {})[key] = value
    return saved


def _foreign(folder: Path) -> InputError:
    return InputError(
        f"The optimizer's state in {folder} is that of another model: resume from a checkpoint "
        "whose files are together as they were written."
    )


def _rng(tensors: dict[str, Tensor], folder: Path) -> Rng:
    """The random numbers of the CPU and, where it was one, of the CUDA device."""
    rng = tuple(tensors[f"{RNG}{n}"] for n in range(2) if f"{RNG}{n}" in tensors)
    if not rng or any(part.dtype != torch.uint8 for part in rng):
        raise InputError(
            f"The checkpoint {folder} has no state of the random numbers: resume from another one."
        )
    return rng
