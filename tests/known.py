"""What a test knows of a value though its type allows more; each asserts that it is so."""

from collections.abc import Generator, Iterable, Iterator
from typing import TypeVar

from tui_trainer.reports.steps import StepReport

Value = TypeVar("Value")


def present(value: Value | None) -> Value:
    """`value`, which is not None."""
    assert value is not None
    return value


def the(kind: type[Value], value: object) -> Value:
    """`value`, which is of that kind."""
    assert isinstance(value, kind)
    return value


def each(kind: type[Value], values: Iterable[object]) -> Iterator[Value]:
    """`values`, all of which are of that kind, as they come."""
    return (the(kind, value) for value in values)


def step_reports(reports: Iterable[object]) -> Iterator[StepReport]:
    """The reports of a loop that tells of nothing but its steps, as they come."""
    return each(StepReport, reports)


def end(loop: Iterator[object]) -> None:
    """End a loop here, as the worker does."""
    assert isinstance(loop, Generator)
    loop.close()
