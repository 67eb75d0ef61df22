"""What goes to a process that measures for a bench, and what comes back. No torch here."""

import json
from dataclasses import asdict, dataclass

import msgspec

from tui_trainer.reports.bench import Measured, Prepared
from tui_trainer.settings.bench import BenchSettings, Job
from tui_trainer.settings.model import ModelChoice


@dataclass(frozen=True)
class Preparation:
    """To look at the model, the items and the device."""

    model: ModelChoice
    settings: BenchSettings
    folder: str
    """Where a model is saved that would take long to load again."""


@dataclass(frozen=True)
class Task:
    """What the process is to do: one of the two."""

    prepare: Preparation | None = None
    run: Job | None = None


@dataclass(frozen=True)
class Reply:
    """What came of it: one of the three."""

    prepared: Prepared | None = None
    measured: Measured | None = None
    failed: str | None = None
    """Why it failed, in a sentence."""
    wrong_input: bool = False
    """Whether that is something that the user can mend."""


def written(value: Task | Reply) -> str:
    """As JSON in a line; a loss may be NaN."""
    return json.dumps(asdict(value))


def read_task(text: str) -> Task:
    return msgspec.convert(json.loads(text), Task)


def read_reply(text: str) -> Reply:
    return msgspec.convert(json.loads(text), Reply)
