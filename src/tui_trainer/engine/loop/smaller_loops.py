"""What makes a loop hold less, in settings."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tui_trainer.settings.train import TrainSettings

SMALLER_ROW = 512


def fewest_changes(settings: TrainSettings, fits: Callable[[TrainSettings], bool]) -> str | None:
    """The fewest changes with which a loop fits, in words; None where none is enough."""
    changes = list(smaller(settings))
    together = (changes[:count] for count in range(2, len(changes) + 1))
    for tried in (*([change] for change in changes), *together):
        changed = settings
        for _, values in tried:
            changed = replace(changed, **values)
        if fits(changed):
            return ", ".join(words for words, _ in tried)
    return None


def smaller(settings: TrainSettings) -> Iterator[tuple[str, dict[str, Any]]]:
    """What makes a loop hold less, from what costs least: in words, and as changed settings."""
    if not settings.fused:
        yield "fused to yes", {"fused": True}
    if not settings.chunked_loss:
        yield "chunked loss to yes", {"chunked_loss": True}
    if settings.batch > 1:
        passes = settings.batch * settings.accumulation
        changes = {"batch": 1, "accumulation": passes}
        yield f"batch to 1 and accumulation to {passes}", changes
    if settings.pack > SMALLER_ROW:
        yield f"pack to {SMALLER_ROW}", {"pack": SMALLER_ROW}
