"""A loop's tensors to disk and back: weights as Hugging Face has them, the rest in safetensors.

Nothing is pickled. What is no tensor goes to `training.json` (`runs/checkpoints.py`).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.optim import Optimizer

from tui_trainer.device_errors import is_out_of_memory
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.item_losses import BestAndWorst
from tui_trainer.engine.loop.tensor_file import save_tensors, saved_by_transformers
from tui_trainer.engine.loop.training_state import TrainingState, begin_training
from tui_trainer.engine.models.device_faults import recovers_from
from tui_trainer.engine.random_numbers import Rng, get_rng
from tui_trainer.engine.weights import Weights
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import Loop
from tui_trainer.runs.checkpoint_check import damage_told
from tui_trainer.runs.checkpoints import whole_or_not_at_all
from tui_trainer.runs.description import OnStep, Tally
from tui_trainer.runs.file_hashes import Damage
from tui_trainer.runs.retried import retried
from tui_trainer.runs.training_facts import TENSORS_FILE, TrainingFacts, write_facts
from tui_trainer.runs.unwritable import UnwritableError, why
from tui_trainer.settings.train import TrainSettings

COUNT = "step"
STATE = {"AdamW": (COUNT, "exp_avg", "exp_avg_sq"), "SGD": ()}
"""What an optimizer keeps of each weight that had a gradient."""
UNCHECKED = (
    "This checkpoint was written before they had hashes, so that it cannot be told whether its "
    "weights and its optimizer's state are as they were written."
)
NOTHING_ON_STEP = OnStep()
OPTIMIZER, RNG = "optimizer/", "rng/"
"""How the names in `training.safetensors` begin; then `<parameter>/<exp_avg, say>` or a number."""


def save_checkpoint(
    folder: Path,
    model: str,
    learner: Learner,
    state: TrainingState,
    settings: TrainSettings,
    tally: Tally | None = None,
    on_step: OnStep = NOTHING_ON_STEP,
) -> None:
    """Write all that a loop needs to go on as if it had not stopped; InputError where it cannot.

    The folder is a model in Hugging Face format too, which `from_pretrained` loads. `model` is
    the name of the one that the run began with, `tally` what its metrics come to, `on_step` what
    was done to the weights on Step.
    """
    with model_written(folder, learner) as beside:
        save_tensors(_tensors(learner, state), beside / TENSORS_FILE)
        write_facts(beside, _facts(model, learner, state, settings, tally, on_step))


@contextmanager
def model_written(folder: Path, learner: Learner) -> Iterator[Path]:
    """Gives a folder with the model, for what belongs beside it; whole or not at all in `folder`.

    InputError whatever a library raises, of a full disk tokenizers makes a bare Exception; but what
    a device does not survive, which no room on the disk would mend.
    """
    try:
        with whole_or_not_at_all(folder) as beside:
            with saved_by_transformers():
                retried(partial(learner.model.save_pretrained, beside))
            retried(partial(learner.vocabulary.tokenizer.save_pretrained, beside))
            yield beside
    except InputError:
        raise
    except Exception as error:
        if not recovers_from(error, learner.device):
            raise
        logging.getLogger(__name__).exception("%s was not written", folder)
        sentence = f"{folder} cannot be written ({why(error)})."
        raise UnwritableError(sentence, folder, error) from error


def _tensors(learner: Learner, state: TrainingState) -> dict[str, Tensor]:
    return {
        **_optimizer_tensors(state.optimizer, learner.weights),
        **{f"{RNG}{n}": part for n, part in enumerate(get_rng(learner.device))},
    }


def _facts(
    model: str,
    learner: Learner,
    state: TrainingState,
    settings: TrainSettings,
    tally: Tally | None,
    on_step: OnStep,
) -> TrainingFacts:
    has_state = {parameter for parameter, values in state.optimizer.state.items() if values}
    without = [name for weight, name in learner.weights.names.items() if weight not in has_state]
    return TrainingFacts(
        model=model,
        step=state.step,
        updates=learner.updates_when_loaded + learner.updates,
        peak_lr=state.peak_lr,
        optimizer=settings.optimizer,
        best=state.best_and_worst.best,
        worst=state.best_and_worst.worst,
        without_state=tuple(without) if STATE[settings.optimizer] else (),
        tally=tally,
        on_step=on_step,
    )


def restore_training(
    folder: Path, facts: TrainingFacts, learner: Learner, settings: TrainSettings, loop: Loop
) -> TrainingState:
    """The loop of a checkpoint as it was; the weights are the Learner's.

    `facts` are the checkpoint's, checked. InputError where it is damaged all the same, or of
    another model or optimizer.
    """
    if facts.optimizer != settings.optimizer:
        raise InputError(
            f"The checkpoint {folder} has the state of {facts.optimizer}, and the settings want "
            f"{settings.optimizer}: resume with its own."
        )
    state = begin_training(learner, settings, replace(loop, resumed_at=facts.step))
    with damage_told(folder):
        tensors = _read_tensors(folder)
        _fill(state.optimizer, learner.weights, tensors, facts)
        state.rng = _rng(tensors, get_rng(learner.device))
    state.step = facts.step
    if facts.peak_lr != settings.lr:
        state.set_lr(facts.peak_lr)
    state.best_and_worst = BestAndWorst(facts.best, facts.worst)
    state.notes = () if facts.files_sha256 else (UNCHECKED,)
    return state


def _read_tensors(folder: Path) -> dict[str, Tensor]:
    try:
        return load_file(folder / TENSORS_FILE)
    except (OSError, SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        raise Damage(f"{TENSORS_FILE} cannot be read: {error}") from error


def _optimizer_tensors(optimizer: Optimizer, weights: Weights) -> dict[str, Tensor]:
    """AdamW's two moments and its count for each parameter, by the parameter's name."""
    names = weights.names
    return {
        f"{OPTIMIZER}{names[parameter]}/{key}": value.detach().cpu().contiguous()
        for parameter, values in optimizer.state.items()
        for key, value in values.items()
        if isinstance(value, Tensor)
    }


def _fill(
    optimizer: Optimizer, weights: Weights, tensors: dict[str, Tensor], facts: TrainingFacts
) -> None:
    """Give a fresh optimizer the state that was saved, each tensor in the type it had.

    `load_state_dict` knows on which device each belongs, and casts to the parameter's type.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    names = weights.names
    saved = _saved_state(tensors)
    if foreign := sorted(set(saved) - {names[parameter] for parameter in parameters}):
        raise Damage(f"the optimizer's state is that of another model, which has {foreign[0]}")
    for parameter in parameters:
        _check_state(parameter, names[parameter], saved.get(names[parameter], {}), facts)
    fresh = optimizer.state_dict()
    fresh["state"] = {
        n: dict(saved[names[p]]) for n, p in enumerate(parameters) if names[p] in saved
    }
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


def _check_state(weight: Tensor, name: str, state: dict[str, Tensor], facts: TrainingFacts) -> None:
    """Damage where the state of a weight is not what its optimizer had of it at that step."""
    keys = () if name in facts.without_state else STATE[facts.optimizer]
    if other := sorted(set(keys) ^ set(state)):
        has = "has no" if other[0] in keys else "should not have"
        raise Damage(f"the optimizer's state of {name} {has} {other[0]}")
    for key, value in state.items():
        shape, dtype = ((), torch.float32) if key == COUNT else (weight.shape, weight.dtype)
        if value.shape != shape or value.dtype != dtype:
            raise Damage(
                f"the optimizer's {key} of {name} is {tuple(value.shape)} in {value.dtype}, and "
                f"should be {tuple(shape)} in {dtype}"
            )
        if not value.isfinite().all():
            raise Damage(f"the optimizer's {key} of {name} is not finite")
        if key == COUNT and not 1 <= value <= facts.step:
            raise Damage(f"the optimizer's count of {name} is {value:g} at step {facts.step}")


def _rng(tensors: dict[str, Tensor], here: Rng) -> Rng:
    """The random numbers of the CPU and, where it was one and is `here`, of the GPU."""
    saved = [tensors.get(f"{RNG}{n}") for n in range(len(here))]
    found = [part for part in saved if part is not None]
    if saved[0] is None:
        raise Damage("it has no state of the random numbers")
    for part, now in zip(found, here, strict=False):
        if part.dtype != torch.uint8 or part.shape != now.shape:
            raise Damage("its state of the random numbers is none")
    try:
        torch.Generator().set_state(found[0])
    except RuntimeError as error:
        raise Damage("its state of the random numbers is none") from error
    return tuple(found)
