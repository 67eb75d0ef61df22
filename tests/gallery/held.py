"""The engine's thread from a picture's side: what it does is held for as long as one is drawn."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.gallery.picture import LetGo
from tests.known import end, the
from tui_trainer.app import TuiTrainer
from tui_trainer.engine.engine import Engine
from tui_trainer.protocol.answers import Answers
from tui_trainer.protocol.request import Request
from tui_trainer.reports.loop import LoopReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.train import TrainSettings

AT_MOST = 120.0  # seconds that a picture takes


@dataclass(frozen=True)
class Do(Request[None]):
    """Anything, on the thread that owns the engine."""

    act: Callable[[Engine], object]

    def answered_by(self, engine: Answers) -> None:
        self.act(the(Engine, engine))


def slow(app: TuiTrainer, method: str) -> LetGo:
    """Let what the engine is asked for by `method` take as long as the picture does."""
    gate = threading.Event()

    def patch(engine: Engine) -> None:
        at_once: Callable[..., object] = getattr(engine, method)

        def late(*given: object, **named: object) -> object:
            gate.wait(AT_MOST)
            return at_once(*given, **named)

        setattr(engine, method, late)

    app.worker.ask(Do(patch))
    return gate.set


def hold_after(app: TuiTrainer, step: int) -> LetGo:
    """Let the next run go on running at that step."""
    gate = threading.Event()
    waiting = Do(lambda _: gate.wait(AT_MOST))

    def held(reports: Iterator[LoopReport]) -> Iterator[LoopReport]:
        for report in reports:
            if is_step(report, step):
                app.worker.ask(waiting)  # is before the next step in line
            yield report

    change_run(app, held)
    return gate.set


def fail_after(app: TuiTrainer, step: int, error: Exception) -> None:
    """Let the next run end there, in that way."""

    def failing(reports: Iterator[LoopReport]) -> Iterator[LoopReport]:
        for report in reports:
            yield report
            if is_step(report, step):
                raise error

    change_run(app, failing)


def is_step(report: LoopReport, step: int) -> bool:
    return isinstance(report, StepReport) and report.step == step


def change_run(
    app: TuiTrainer, change: Callable[[Iterator[LoopReport]], Iterator[LoopReport]]
) -> None:
    """Let the next run report what is made of its reports."""

    def patch(engine: Engine) -> None:
        train = engine.train

        def changed(
            settings: TrainSettings, *, record: bool = False, job: str = ""
        ) -> Iterator[LoopReport]:
            reports = train(settings, record=record, job=job)
            return ended_with(change(reports), reports)

        setattr(engine, "train", changed)  # noqa: B010  # mypy takes a method for a constant

    app.worker.ask(Do(patch))


def ended_with(
    changed: Iterator[LoopReport], reports: Iterator[LoopReport]
) -> Iterator[LoopReport]:
    """`changed`; whoever closes it closes `reports`, whose run has its end on disk then."""
    try:
        yield from changed
    finally:
        end(reports)
