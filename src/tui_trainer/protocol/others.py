"""What a view hears of what was done at another view of its engine, or before it came."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_trainer.protocol.request import LoopRequest
from tui_trainer.settings.model import ModelChoice

if TYPE_CHECKING:
    from tui_trainer.protocol.loop_reports import Report


@dataclass(frozen=True)
class LoopBegun:
    """A loop goes, or went, that this view has not begun."""

    name: str
    request: "LoopRequest[Report]"


@dataclass(frozen=True)
class ModelLoaded:
    """Another model is there; None where what was loaded could not be."""

    choice: ModelChoice | None


@dataclass(frozen=True)
class WeightsChanged:
    """The weights or settings of the model are others now, or what is kept of them."""


@dataclass(frozen=True)
class TextTyped:
    """What Tokens, Predict and Step have in their boxes."""

    text: str


Other = LoopBegun | ModelLoaded | WeightsChanged | TextTyped
