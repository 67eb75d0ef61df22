"""An evaluation as lines of JSON: one for each item, then the scores; and read back from them."""

from collections.abc import Iterator

import msgspec

from tui_trainer.json_lines import Json
from tui_trainer.reports.evaluated_items import Answer, Ending, EvaluatedItem
from tui_trainer.reports.evaluation import Change, ComparedItem, EvaluationReport, tally
from tui_trainer.reports.runs import RunStep
from tui_trainer.settings.evaluation import EvaluationSettings

ITEM, EVALUATION = "item", "evaluation"
CHANGES = {change: change.value.replace(" ", "_") for change in Change}


def evaluation_lines(report: EvaluationReport) -> Iterator[dict[str, Json]]:
    """What `eval --json` prints of it, where it is compared with nothing."""
    yield from map(item_line, report.items)
    yield evaluation_line(report)


def item_line(item: EvaluatedItem, compared: ComparedItem | None = None) -> dict[str, Json]:
    """The JSON of one item; `change` is there where an earlier evaluation has the item too."""
    line: dict[str, Json] = {
        "event": ITEM,
        "problem": item.problem,
        "outcome": item.outcome.name.lower(),
        "strict": item.strict,
        "flexible": item.flexible,
        "strict_right": item.strict_right,
        "flexible_right": item.flexible_right,
        "tokens": item.answer.tokens,
        "ended_by": item.answer.ending.name.lower(),
        "question": item.question,
        "expected": item.expected,
        "prompt": item.prompt,
        "answer": item.answer.text,
        "raw": item.answer.raw,
    }
    return line if compared is None else line | {"change": CHANGES[compared.change]}


def evaluation_line(report: EvaluationReport) -> dict[str, Json]:
    """The JSON of an evaluation: its scores, and all that they depend on."""
    found, settings = tally(report.items), report.settings
    return {
        "event": EVALUATION,
        "model": report.model,
        "updates": report.updates,
        "run": None if report.left_by is None else report.left_by.run,
        "step": None if report.left_by is None else report.left_by.step,
        "problems": settings.problems,
        "items": len(report.items),
        "total": report.total,
        "asked": settings.items,
        "strict": found.strict.share,
        "strict_interval": found.strict.interval,
        "flexible": found.flexible.share,
        "flexible_interval": found.flexible.interval,
        "right": found.strict.right,
        "wrong": found.wrong,
        "format_failures": found.format_failures,
        "cut": found.cut,
        "prompt": settings.prompt,
        "shots": settings.shots,
        "shots_from": settings.shots_from,
        "batch": settings.batch,
        "max_tokens": settings.max_tokens,
        "skip": settings.skip,
        "seed": settings.seed,
        "tokens": report.tokens,
        "seconds": report.seconds,
        "notes": report.notes,
        "threads": None if report.threads is None else report.threads.threads,
    }


# Read


class _ItemLine(msgspec.Struct):
    """What is read of an item's line."""

    problem: int
    question: str
    expected: str
    prompt: str
    answer: str
    tokens: int
    ended_by: str
    raw: str = ""  # which older files lack


class _EvaluationLine(msgspec.Struct):
    """What is read of the line of the scores, which are worked out again from the answers."""

    model: str
    updates: int
    problems: str
    total: int
    asked: int
    shots: int
    shots_from: str
    batch: int
    max_tokens: int
    skip: int
    seed: int
    tokens: int
    seconds: float
    notes: tuple[str, ...]
    run: str | None = None  # which older files lack
    step: int | None = None

    @property
    def left_by(self) -> RunStep | None:
        return None if self.run is None or self.step is None else RunStep(self.run, self.step)


def read_item(line: object) -> EvaluatedItem:
    """An item from the JSON of its line; ValueError or KeyError where it is none."""
    read = msgspec.convert(line, _ItemLine)
    answer = Answer(read.answer, Ending[read.ended_by.upper()], read.tokens, read.raw)
    return EvaluatedItem(read.problem, read.question, read.expected, read.prompt, answer)


def read_evaluation(
    line: object, items: tuple[EvaluatedItem, ...], ended: str = ""
) -> EvaluationReport:
    """An evaluation that `ended` earlier, from the JSON of its scores' line and its items.

    ValueError where it is none; InputError where its settings cannot be.
    """
    read = msgspec.convert(line, _EvaluationLine)
    settings = EvaluationSettings(
        read.problems,
        items=read.asked,
        skip=read.skip,
        shots=read.shots,
        shots_from=read.shots_from,
        batch=read.batch,
        max_tokens=read.max_tokens,
        seed=read.seed,
    )
    return EvaluationReport(
        settings,
        read.model,
        read.updates,
        read.total,
        items,
        0.0,
        read.tokens,
        read.seconds,
        read.notes,
        left_by=read.left_by,
        ended=ended,
    )
