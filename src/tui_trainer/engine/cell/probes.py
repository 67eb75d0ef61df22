"""Probes: what an update on one string does to others, measured when somebody asks."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from tui_trainer.engine.generation.predict import forward, read_position
from tui_trainer.engine.learner import Learner
from tui_trainer.errors import InputError
from tui_trainer.reports.predictions import Candidate
from tui_trainer.reports.probes import MOST_PROBES, ProbeReading, ProbeReport, ProbeStart


@dataclass(frozen=True)
class _Measured:
    """One forward pass over a probe."""

    loss: float | None
    likeliest: Candidate
    p: Tensor
    """Of every entry of the vocabulary after the text, [vocabulary], on the CPU."""


class Probes:
    """Remembers of each text how it was when it was first followed; a Learner's own."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._starts: dict[str, tuple[ProbeStart, Tensor]] = {}

    def forget(self) -> None:
        """The next measurement of each text is its start."""
        self._starts = {}

    def follow(self, texts: tuple[str, ...]) -> None:
        """Measure those that have no start yet, and let go of all others; quick where all have."""
        self._check(texts)
        self._starts = {text: at for text, at in self._starts.items() if text in texts}
        for text in texts:
            if text not in self._starts:
                self._report(text)

    def report(self, texts: tuple[str, ...]) -> tuple[ProbeReport, ...]:
        """A forward pass over each, without dropout."""
        self._check(texts)
        return tuple(self._report(text) for text in texts)

    def _check(self, texts: tuple[str, ...]) -> None:
        if len(texts) > MOST_PROBES:
            raise InputError(f"At most {MOST_PROBES} probes can be followed, not {len(texts)}.")

    def _report(self, text: str) -> ProbeReport:
        try:
            now = self._measure(text)
        except InputError as error:
            return ProbeReport(text, None, None, str(error))
        if text not in self._starts:
            start = ProbeStart(self._learner.updates, now.loss, now.likeliest)
            self._starts[text] = start, now.p
        start, p = self._starts[text]
        reading = ProbeReading(now.loss, now.likeliest, p[now.likeliest.id].item())
        return ProbeReport(text, start, reading)

    @torch.no_grad()
    def _measure(self, text: str) -> _Measured:
        input_ids = self._learner.input_ids(text)
        logits = forward(self._learner, input_ids)
        labels = input_ids[0, 1:]
        loss = F.cross_entropy(logits[0, :-1].float(), labels).item() if len(labels) else None
        last = read_position(self._learner, input_ids, logits, len(labels), 1)
        return _Measured(loss, last.top[0], logits[0, -1].float().softmax(dim=-1).cpu())
