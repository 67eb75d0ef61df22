"""What a run was made with: the model and the items by fingerprint, the programs by version."""

import hashlib
import os
import platform
from collections.abc import Sequence

import torch

from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.learner import Learner
from tui_trainer.runs.description import DataIdentity, ModelIdentity
from tui_trainer.runs.home import given_path
from tui_trainer.settings.model import ModelChoice
from tui_trainer.versions import version_of


def versions() -> dict[str, str]:
    """What computed the run: the next version of one of these may round otherwise."""
    packages = "tui-trainer", "torch", "transformers"
    return {"python": platform.python_version(), **{name: version_of(name) for name in packages}}


def identify_model(learner: Learner, choice: ModelChoice) -> ModelIdentity:
    """The model with a fingerprint of its weights as they are now."""
    report = learner.report
    return ModelIdentity(
        source=choice.source,
        name=report.name,
        architecture=report.architecture,
        parameters=report.parameters,
        device=report.device,
        precision=report.precision,
        vocabulary=report.vocabulary,
        fingerprint=learner.weights.fingerprint(),
        threads=torch.get_num_threads(),
        deterministic=choice.deterministic,
    )


def identify_data(problems: str, examples: Sequence[Example]) -> DataIdentity:
    """The items with a fingerprint of their token IDs."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(torch.tensor(example.ids).numpy().tobytes())
    file = given_path(problems)
    path = str(file.absolute()) if os.path.isfile(file) else ""  # noqa: PTH113  # Path's raises
    return DataIdentity(problems, len(examples), digest.hexdigest()[:16], path)
