"""Functions that fail in one of their calls, as memory does that runs out in the middle."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")


def failing_at(
    call: int, function: Callable[Arguments, Value], error: Exception
) -> Callable[Arguments, Value]:
    """`function`, but that its call of that number, from 1 on, raises `error` instead."""
    calls = 0

    def counted(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
        nonlocal calls
        calls += 1
        if calls == call:
            raise error
        return function(*args, **kwargs)

    return counted
