"""What Step shows beside its predictions, of the weights as they are now: no torch."""

from dataclasses import dataclass

from tui_trainer.reports.moved import MovedReport
from tui_trainer.reports.phases import PhaseReport
from tui_trainer.reports.predictions import PassesReport
from tui_trainer.reports.probes import ProbeReport


@dataclass(frozen=True)
class StepViews:
    """What was asked for; the rest is None."""

    phases: PhaseReport | None = None
    moved: MovedReport | None = None
    probes: tuple[ProbeReport, ...] | None = None
    passes: PassesReport | None = None
    refused: str = ""
    """Why there are no passes, in a sentence."""
    seconds: float = 0.0
    """What measuring it all took."""
