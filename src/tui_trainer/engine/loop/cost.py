"""What a loop would cost, reckoned while its settings are typed: nothing is begun or downloaded."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tui_trainer.closed import closed
from tui_trainer.engine.data.examples import Example, make_examples
from tui_trainer.engine.data.plan import plan_steps
from tui_trainer.engine.data.problems import is_on_hub, load_problems
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.held_out import NOTHING, HeldOut, hold_out
from tui_trainer.engine.loop.loop_need import PASSES_LOOKED_AT
from tui_trainer.engine.loop.memory_estimate import PlannedLoop, nearest_plan
from tui_trainer.engine.threads.pace import Pace
from tui_trainer.errors import InputError
from tui_trainer.reports.loop import LoopCost, LoopReport
from tui_trainer.reports.problem import Problem
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.train import TrainSettings

READ_AT_MOST = 10_000
"""Items: all of GSM8K. Who types a number is not to wait for more; the rest counts as alike."""
NOT_READ = "What it costs is known once {source} was read: start it (space)."


class Reckoner:
    """Reckons for one Learner, at the pace that its loops have shown."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._pace = Pace()
        self._update_seconds: float | None = None
        self._read: tuple[tuple[str, int, int], list[Problem]] | None = None
        """The problems read last, with what they were read by."""

    def keep(self, settings: TrainSettings, problems: list[Problem]) -> None:
        """What a loop has read need not be read again."""
        self._read = _source(settings), problems

    def timed_update(self, seconds: float) -> None:
        """An update on Step: the fastest of them counts, since the first warms up."""
        self._update_seconds = min(seconds, self._update_seconds or seconds)

    def timed(self, reports: Iterator[LoopReport]) -> Iterator[LoopReport]:
        """What the loop tells, with an eye on its pace; its first step warms up."""
        is_first = True
        with closed(reports):
            for report in reports:
                if isinstance(report, StepReport):
                    if not is_first:
                        self._pace.add(report.seconds, report.tokens)
                    is_first = False
                yield report

    def cost(self, settings: TrainSettings, spare: int) -> LoopCost:
        """InputError where its problems cannot be read; `spare` is as in a PlannedLoop."""
        read = replace(settings, items=min(settings.items, READ_AT_MOST))
        problems = self._problems(read)
        examples = make_examples(
            self._learner.vocabulary, problems, read, self._learner.report.context
        )
        looked_at = max(1, min(settings.epochs, PASSES_LOOKED_AT // len(examples)))
        few = replace(read, epochs=looked_at)
        held_out = self._held_out(few, problems)
        _, memory = nearest_plan(PlannedLoop(self._learner, examples, held_out, few, spare))
        # A file may have fewer items than were asked for; where all were read, it may have more.
        more = settings.items / READ_AT_MOST if len(problems) == READ_AT_MOST else 1.0
        times = more * settings.epochs / looked_at
        return LoopCost(
            memory=memory,
            steps=steps_of(examples, few, times),
            tokens=round(sum(len(example.ids) for example in examples) * looked_at * times),
            pace=self._pace.rate or None,
            update_seconds=self._update_seconds,
        )

    def _problems(self, settings: TrainSettings) -> list[Problem]:
        source = _source(settings)
        if self._read is None or self._read[0] != source:
            if is_on_hub(settings.problems):
                raise InputError(NOT_READ.format(source=settings.problems))
            problems = load_problems(settings.problems, limit=settings.items, seed=settings.seed)
            self._read = source, problems
        return self._read[1]

    def _held_out(self, settings: TrainSettings, problems: list[Problem]) -> HeldOut:
        if is_on_hub(settings.problems):
            return NOTHING
        few = replace(settings, validation_items=min(settings.validation_items, READ_AT_MOST))
        learner = self._learner
        return hold_out(learner.vocabulary, few, problems, learner.report.context)


def steps_of(examples: Sequence[Example], settings: TrainSettings, times: float) -> int:
    """How many steps `times` as many rows make as those of `settings`; the last may be short."""
    rows = len(plan_steps(examples, replace(settings, batch=1, accumulation=1)))
    return -(-round(rows * times) // (settings.batch * settings.accumulation))


def _source(settings: TrainSettings) -> tuple[str, int, int]:
    return settings.problems, settings.items, settings.seed
