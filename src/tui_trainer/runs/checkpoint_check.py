"""Whether a checkpoint is as it was written; where not, which other one of its run is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.runs.checkpoint_names import NAME, step_of
from tui_trainer.runs.checkpoints import checkpoint_folders
from tui_trainer.runs.file_hashes import Damage, check_files
from tui_trainer.runs.training_facts import TRAINING_FILE, TrainingFacts, read_facts
from tui_trainer.settings.train import OPTIMIZERS, check_lr


def check_checkpoint(
    checkpoint: Path, wanted: Callable[[str], bool] = lambda _: True
) -> TrainingFacts:
    """What a checkpoint says of its loop, after a look at those of its files that are `wanted`.

    InputError names what is wrong, and the newest whole checkpoint of the run.
    """
    with damage_told(checkpoint):
        return _check(checkpoint, wanted)


@contextmanager
def damage_told(checkpoint: Path) -> Iterator[None]:
    """Damage that is found in the block becomes a sentence that says where to resume instead."""
    try:
        yield
    except Damage as damage:
        raise InputError(
            f"The checkpoint {checkpoint} is damaged ({damage}): {_instead(checkpoint)}."
        ) from damage


def _instead(checkpoint: Path) -> str:
    for other in reversed(checkpoint_folders(checkpoint.parent.parent)):
        if other.name != checkpoint.name and is_whole(other):
            return f"resume from {other.name}, the newest whole one of its run"
    return "its run has no other whole one"


def is_whole(checkpoint: Path) -> bool:
    """Whether every file of it is as it was written; all of them are read for that."""
    try:
        _check(checkpoint, lambda _: True)
    except Damage:
        return False
    return True


def _check(checkpoint: Path, wanted: Callable[[str], bool]) -> TrainingFacts:
    facts = read_facts(checkpoint)
    # A copy under another name is a model like others; in a run the name tells the step.
    if NAME.fullmatch(checkpoint.name) and facts.step != step_of(checkpoint):
        raise Damage(f"its training.json is that of step {facts.step}")
    _check_numbers(facts)
    check_files(checkpoint, facts.files_sha256, TRAINING_FILE, wanted)
    return facts


def _check_numbers(facts: TrainingFacts) -> None:
    """An older checkpoint has no hash that would tell of these."""
    if facts.step < 1 or facts.updates < 0:
        raise Damage(f"step {facts.step} after {facts.updates} updates cannot be")
    if facts.optimizer not in OPTIMIZERS:
        raise Damage(f"there is no optimizer {facts.optimizer[:20]!r}")
    try:
        check_lr(facts.peak_lr)
    except InputError:
        raise Damage(f"{facts.peak_lr:g} is no learning rate") from None
