"""Whether an optimizer's step was begun, and whether it came to its end."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch.optim import Optimizer


@dataclass
class StepSeen:
    """What was seen of `optimizer.step` so far."""

    calls: int = 1
    """How many make the update: one, or one for each weight."""
    begun: bool = False
    ended: int = 0
    """How many of them."""

    @property
    def is_half_made(self) -> bool:
        """Whether it failed inside, so that some weights are those after it and some not."""
        return self.begun and self.ended < self.calls

    def begin(self, *_: object) -> None:
        self.begun = True

    def end(self, *_: object) -> None:
        self.ended += 1


@contextmanager
def step_seen(
    optimizer: Optimizer, first: Iterable[Callable[[], None]] = (), calls: int = 1
) -> Iterator[StepSeen]:
    """Looks at the step that the block makes, in `calls`; does what is `first` before each."""
    seen = StepSeen(calls)
    hooks = (
        *(optimizer.register_step_pre_hook(_without_arguments(do)) for do in first),
        optimizer.register_step_pre_hook(seen.begin),
        optimizer.register_step_post_hook(seen.end),
    )
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _without_arguments(do: Callable[[], None]) -> Callable[..., None]:
    return lambda *_: do()
