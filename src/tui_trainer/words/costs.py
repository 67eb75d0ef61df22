"""What settings would cost, in a line: memory, steps, and time where a pace is known."""

from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.loop import LoopCost
from tui_trainer.reports.updates import UpdateCost
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import (
    byte_count,
    counted,
    duration,
    gigabytes,
    seconds_of,
    short_count,
)
from tui_trainer.words.runs import NAME_CHARACTERS

NOT_MEASURED = "time not known before its first steps"
TOKEN_COST = "each token takes one forward pass, however it is chosen"


def loop_costs(cost: LoopCost, settings: TrainSettings) -> tuple[str, ...]:
    """Of a training loop in a line: in full first, then with less. What is saved of it is told as
    long as there is room: a run that is killed has no more than that."""
    needed, free = map(gigabytes, (cost.memory.needed_bytes, cost.memory.available_bytes))
    memory, steps = f"memory {needed} of {free} GB", counted(cost.steps, "step")
    tokens = f"{short_count(cost.tokens)} tokens"
    in_full, *shorter = _times(cost)
    saved = describe_saves(settings)
    lines = (
        (memory, steps, tokens, in_full, saved),
        *((memory, steps, time, saved) for time in shorter),
        *((steps, time, saved) for time in shorter),
        (memory, steps, shorter[-1]),
    )
    return tuple(" · ".join(line) for line in lines)


def describe_saves(settings: TrainSettings) -> str:
    """When a run saves its weights by itself."""
    if not settings.checkpoint_every:
        return "saved at its end only" if settings.checkpoint_at_end else "never saved"
    return f"saved every {counted(settings.checkpoint_every, 'step')}"


def _times(cost: LoopCost) -> tuple[str, ...]:
    """How long it takes and whose pace that is: in full first, then with less."""
    if cost.pace is None or cost.seconds is None:
        return _times_before_a_run(cost)
    time, pace = f"about {duration(cost.seconds).strip()}", f"{cost.pace:,.0f} tok/s"
    if not cost.run:
        return f"{time} at {pace}", time
    run = visible(cost.run, limit=NAME_CHARACTERS)
    return f"{time} at the {pace} of {run}", f"{time}, as {run} went", time


def _times_before_a_run(cost: LoopCost) -> tuple[str, ...]:
    """What updates on Step tell of it, where there were any."""
    if cost.update_seconds is None or cost.least_seconds is None:
        return NOT_MEASURED, "time not known yet"
    least = f"at least {duration(cost.least_seconds).strip()}"
    return f"{least}, at the {seconds_of(cost.update_seconds)} of an update on Step", least


def update_cost(cost: UpdateCost) -> tuple[str, str]:
    """Of an update on Step: what it takes, and what taking it back keeps."""
    takes = f"an update takes {byte_count(cost.needed_bytes)} of {byte_count(cost.free_bytes)} free"
    if not cost.undo:
        return takes, "undo has no room for one"
    return takes, f"undo: {byte_count(cost.undo_bytes)} each, at most {cost.undo:,}"


def evaluation_cost(settings: EvaluationSettings, last: EvaluationReport | None) -> str:
    """As long an answer as the last evaluation took."""
    words = (
        f"{counted(settings.items, 'answer')} of at most {counted(settings.max_tokens, 'token')}"
    )
    if (seconds := evaluation_seconds(settings, last)) is None:
        return f"{words} · time not known before a first evaluation"
    return f"{words} · about {duration(seconds).strip()}, as the last one went"


def evaluation_seconds(settings: EvaluationSettings, last: EvaluationReport | None) -> float | None:
    """How long it takes at the pace of the last; None where none shows one."""
    if last is None or not last.items:
        return None
    return last.seconds / len(last.items) * settings.items


def bench_cost(settings: BenchSettings, loops: int) -> str:
    """At least: each loop loads the model anew."""
    seconds = loops * settings.rounds * settings.seconds
    return (
        f"{counted(loops, 'loop')}, {counted(settings.rounds, 'round')} of {settings.seconds:g} s: "
        f"{duration(seconds).strip()} and loading"
    )
