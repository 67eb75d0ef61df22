"""What was asked of the worker and is not done yet, so that a key is answered before it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from tui_trainer.protocol.events import LoopChanged, LoopState

Value = TypeVar("Value")

TOLD_AT_MOST = 2


class AnyFuture(Protocol):
    """A future, whatever it gives."""

    def done(self) -> bool: ...
    def running(self) -> bool: ...


@dataclass
class _Loop:
    """What a loop was asked for, in the order in which it will be done."""

    state: LoopState | None = None
    steps: int = 0
    """Single steps, while it is paused."""


@dataclass
class Pending:
    """Requests that wait, and what each loop was asked to become. Lives on the UI's thread."""

    on_ask: Callable[[], None] = lambda: None
    """Called when there is something more to tell."""
    _loops: dict[str, _Loop] = field(default_factory=dict)
    _requests: list[tuple[str, AnyFuture]] = field(default_factory=list)

    # Loops

    def ask_state(self, name: str, state: LoopState) -> None:
        """A loop is to go on, pause or stop, after the step that it makes."""
        self._loop(name).state = state
        self.on_ask()

    def ask_step(self, name: str) -> None:
        """A paused loop is to make one step more."""
        self._loop(name).steps += 1
        self.on_ask()

    def hear(self, change: LoopChanged) -> None:
        """A loop became something: what it was asked for before is done, or in vain."""
        loop = self._loop(change.name)
        loop.steps = max(0, loop.steps - 1) if change.state is LoopState.PAUSED else 0
        # A loop that is told to run has not heard yet that it is to pause; one that pauses may have
        # been asked to stop, which failed.
        if change.state is not LoopState.RUNNING or loop.state is LoopState.RUNNING:
            loop.state = None

    def forget(self, name: str) -> None:
        """There is no such loop, and no event will tell: what it was asked for is in vain."""
        self._loops.pop(name, None)

    def state_of(self, name: str) -> LoopState | None:
        """What the loop will be after its step; None where it stays what it is."""
        return self._loop(name).state

    def steps_of(self, name: str) -> int:
        """How many single steps it was asked for and has not made."""
        return self._loop(name).steps

    def _loop(self, name: str) -> _Loop:
        return self._loops.setdefault(name, _Loop())

    # Requests

    def add(self, what: str, future: AnyFuture) -> None:
        """A request was put in line; one without a word for it is not told."""
        if what:
            self._requests.append((what, future))
            self.on_ask()

    def count(self, what: str) -> int:
        """How many such requests wait or are being answered."""
        return sum(what == asked and not future.done() for asked, future in self._requests)

    def has(self, what: str) -> bool:
        """Whether there is such a request."""
        return self.count(what) > 0

    def waiting(self) -> str:
        """What is next in line, in a few words; empty where nothing waits."""
        self._requests = [pair for pair in self._requests if not pair[1].done()]
        names = [what for what, future in self._requests if not future.running()]
        unlike = list(dict.fromkeys(names))
        told = ", ".join(unlike[:TOLD_AT_MOST])
        more = len(unlike) - TOLD_AT_MOST
        return f"{told} and {more} more" if more > 0 else told


class Asked(Generic[Value]):
    """What a setting was asked to become and is not yet: a key that is pressed again goes on from
    it. It is gone once the last request is answered, with what was asked for or with a failure."""

    def __init__(self) -> None:
        self.value: Value | None = None
        """The last that was asked for."""
        self._requests = 0

    @contextmanager
    def to_be(self, value: Value) -> Iterator[None]:
        """Around one request."""
        self.value = value
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1
            if not self._requests:
                self.value = None
