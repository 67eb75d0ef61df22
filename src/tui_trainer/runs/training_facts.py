"""`training.json`: what a checkpoint says of its loop, and the hashes of its files."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from tui_trainer.reports.steps import ItemReport
from tui_trainer.runs.description import OnStep, Tally
from tui_trainer.runs.file_hashes import Damage, hash_files
from tui_trainer.runs.json_files import UNREADABLE, from_object, parse_object, reason, write_json
from tui_trainer.runs.regular_files import read_text

TRAINING_FILE = "training.json"
TENSORS_FILE = "training.safetensors"
"""The optimizer's tensors and the random numbers."""


@dataclass(frozen=True)
class TrainingFacts:
    """What a loop keeps from step to step beside its tensors."""

    model: str
    """The name of the model that the run trains."""
    step: int
    """How many steps were made."""
    updates: int
    """How many updates the weights are away from those that the model was loaded with."""
    peak_lr: float
    optimizer: str
    best: ItemReport | None
    worst: ItemReport | None
    without_state: tuple[str, ...] = ()
    """The weights that never had a gradient, so that the optimizer has nothing of them."""
    tally: Tally | None = None
    """What the metrics of the run came to at this step; None in an older checkpoint."""
    on_step: OnStep = field(default_factory=OnStep)
    """What was done to the weights on Step."""
    files_sha256: dict[str, str] = field(default_factory=dict)
    """Of each other file of the checkpoint, by its path in it; none in an older checkpoint."""
    sha256: str = ""
    """Of this file's other fields, as JSON with sorted keys."""
    format: int = 1


def write_facts(checkpoint: Path, facts: TrainingFacts) -> None:
    """Write `training.json` beside the checkpoint's other files, with the hashes of all."""
    files = hash_files(checkpoint, TRAINING_FILE)
    facts = replace(facts, files_sha256=files, sha256="")
    write_json(checkpoint / TRAINING_FILE, replace(facts, sha256=_digest(asdict(facts))))


def read_facts(checkpoint: Path) -> TrainingFacts:
    """What `write_facts` wrote; Damage where it is missing, damaged or foreign."""
    path = checkpoint / TRAINING_FILE
    try:
        values = parse_object(read_text(path))
        facts = from_object(values, TrainingFacts)
    except FileNotFoundError:
        raise Damage(f"it has no {TRAINING_FILE}") from None
    except UNREADABLE as error:
        raise Damage(f"{TRAINING_FILE} cannot be read: {reason(error)}") from error
    if facts.sha256 and facts.sha256 != _digest(values):
        raise Damage(f"{TRAINING_FILE} is not as it was written")
    return facts


def _digest(values: Mapping[str, object]) -> str:
    """Of what is in the file rather than of the dataclass, which a later version may widen."""
    others = {name: value for name, value in values.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(others, sort_keys=True).encode()).hexdigest()
