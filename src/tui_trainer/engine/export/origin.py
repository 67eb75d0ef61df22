"""Where a model came from, for the script that is to load it again. No torch here."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_trainer.errors import InputError
from tui_trainer.reports.models import ModelReport
from tui_trainer.settings.model import BF16_STOCHASTIC, FULL_WIDTH, RANDOM, TF32, ModelChoice

if TYPE_CHECKING:
    from tui_trainer.engine.models.sources import Source

COMMIT = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True)
class Origin:
    """Where `from_pretrained` finds a model again."""

    place: str
    """A folder, or a Hub id."""
    device: str
    precision: str
    dropout: float = 0.0
    hooked: tuple[str, ...] = ()
    """The parts of a block that residual dropout is set for by a hook."""
    gguf_file: str | None = None
    packed_weights: bool = False
    """Whether transformers has to be told to unpack the weights of a GGUF file."""
    revision: str | None = None
    """The commit of a Hub model."""
    remote_code: bool = False
    deterministic: bool = False
    threads: int | None = None
    """Where they were set."""
    appended: int = 0
    """How many tokens its tokenizer puts after a text, which are left out here."""
    context: int | None = None
    """How many positions it has."""

    @property
    def facts(self) -> set[str]:
        """What conditions of templates can ask of a model."""
        told = {
            "mixed": self.precision == "mixed",
            "half": self.precision not in FULL_WIDTH,
            "tf32": self.precision == TF32,
            "on_gpu": self.device != "cpu",
            "dropout": self.dropout > 0,
            "packed_weights": self.packed_weights,
            "appends": self.appended > 0,
            "deterministic": self.deterministic,
            "threads": self.threads is not None,
        }
        return {name for name, is_so in told.items() if is_so}


def check_origin(source: str, precision: str) -> None:
    """Raise InputError where no script could do again what is done to such a model.

    `source` is what `--model` takes, `precision` what `--precision` does.
    """
    if source.startswith(RANDOM):
        raise InputError(
            f"The weights of {source} are random and in no file, so no script can load them: "
            "export what was done with another model."
        )
    if precision == BF16_STOCHASTIC:
        raise InputError(
            f"Plain PyTorch does not round by chance as precision {BF16_STOCHASTIC} does: export "
            "what was done in another precision."
        )


def find_origin(
    source: "Source",
    choice: ModelChoice,
    report: ModelReport,
    hooked: tuple[str, ...] = (),
    appended: int = 0,
) -> Origin:
    """Where the model that was loaded from `source` is; check first that it is anywhere."""
    commit = source.folder.name  # of a model in the Hub's cache
    return Origin(
        place=source.name if source.on_hub else folder_place(source.folder),
        device=report.device,
        precision=report.precision,
        dropout=report.dropout,
        hooked=hooked,
        gguf_file=source.gguf_file,
        packed_weights="quantization_config" in source.weight_keywords,
        revision=commit if source.on_hub and COMMIT.fullmatch(commit) else None,
        remote_code=choice.remote_code,
        deterministic=choice.deterministic,
        threads=choice.threads,
        appended=appended,
        context=report.context,
    )


def folder_place(folder: Path) -> str:
    """An absolute path: the script may be run in another directory."""
    return str(folder.expanduser().absolute())
