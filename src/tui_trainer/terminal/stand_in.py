"""Where a function of ours stands in for one of Textual's, which has no hook for it."""

from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple, TypeVar

Method = TypeVar("Method", bound=Callable[..., object])


class Replaced(NamedTuple):
    """A function of Textual's that another stands in for."""

    owner: type | ModuleType
    name: str
    original: Callable[..., object]


REPLACED: dict[Callable[..., object], Replaced] = {}
"""By the function that stands in."""


def stand_in(owner: type | ModuleType, name: str) -> Callable[[Method], Method]:
    """Put the decorated function in the place of one of Textual's."""

    def put(method: Method) -> Method:
        REPLACED[method] = Replaced(owner, name, getattr(owner, name))
        setattr(owner, name, method)
        return method

    return put
