"""What is told without being asked, numbered: who was away knows what they have not heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Told_co = TypeVar("Told_co", covariant=True)


@dataclass(frozen=True)
class Numbered(Generic[Told_co]):
    """An event of the worker, or a report of a loop."""

    number: int
    """From 1 on, without a gap: of the worker's events, or of the reports of one loop."""
    what: Told_co


def missed(last: int, told: Sequence[Numbered[object]]) -> int:
    """How many were told between the number heard `last` and the first of `told`, oldest first."""
    return max(0, told[0].number - last - 1) if told else 0
