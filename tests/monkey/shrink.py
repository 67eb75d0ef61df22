"""The shortest sequence that still goes wrong, by leaving out ever smaller parts of it."""

import time
from collections.abc import Awaitable, Callable, Sequence

from tests.monkey.actions import Action

Fails = Callable[[Sequence[Action]], Awaitable[bool]]


async def shrink(actions: Sequence[Action], fails: Fails, seconds: float) -> list[Action]:
    """As in Zeller's delta debugging; what it has after `seconds`, where that is not enough."""
    shortest, parts = list(actions), 2
    deadline = time.monotonic() + seconds
    while len(shortest) > 1 and time.monotonic() < deadline:
        size = max(1, len(shortest) // parts)
        for start in range(0, len(shortest), size):
            rest = shortest[:start] + shortest[start + size :]
            if rest and await fails(rest):
                shortest, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(parts * 2, len(shortest))
    return shortest
