"""What settings would cost, in a line: memory, steps, and time where a pace is known."""

from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.loop import LoopCost
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.words.numbers import counted, duration, gigabytes, short_count

NOT_MEASURED = "time not known before a first run"


def loop_cost(cost: LoopCost) -> str:
    """Of a training loop, but for its memory."""
    words = f"{counted(cost.steps, 'step')} · {short_count(cost.tokens)} tokens"
    if cost.pace is None or cost.seconds is None:
        return f"{words} · {NOT_MEASURED}"
    return f"{words} · about {duration(cost.seconds).strip()} at {cost.pace:,.0f} tok/s"


def memory_cost(cost: LoopCost) -> str:
    needed, free = cost.memory.needed_bytes, cost.memory.available_bytes
    return f"memory {gigabytes(needed)} of {gigabytes(free)} GB"


def evaluation_cost(settings: EvaluationSettings, last: EvaluationReport | None) -> str:
    """As long an answer as the last evaluation took."""
    words = (
        f"{counted(settings.items, 'answer')} of at most {counted(settings.max_tokens, 'token')}"
    )
    if last is None or not last.items:
        return f"{words} · time not known before a first evaluation"
    seconds = last.seconds / len(last.items) * settings.items
    return f"{words} · about {duration(seconds).strip()}, as the last one went"


def bench_cost(settings: BenchSettings, loops: int) -> str:
    """At least: each loop loads the model anew."""
    seconds = loops * settings.rounds * settings.seconds
    return (
        f"{counted(loops, 'loop')}, {counted(settings.rounds, 'round')} of {settings.seconds:g} s: "
        f"{duration(seconds).strip()} and loading"
    )
