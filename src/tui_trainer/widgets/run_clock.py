"""How fast a loop goes and how long it will take. Pure arithmetic."""

from collections import deque

WINDOW_SECONDS = 10.0


class RunClock:
    """Counts the time of the steps alone, so that a pause is no part of any rate.

    The rate is that of the last `WINDOW_SECONDS` of training.
    """

    def __init__(self, seconds: float = 0.0, tokens: int = 0) -> None:
        self.seconds = seconds
        """Seconds of training so far, pauses left out; of a run that was resumed all of them."""
        self.tokens = tokens
        self._recent: deque[tuple[float, int]] = deque()
        self._recent_seconds = 0.0
        self._recent_tokens = 0

    def step(self, seconds: float, tokens: int) -> None:
        """Take in one step: its time and its tokens."""
        self.seconds += seconds
        self.tokens += tokens
        self._recent.append((seconds, tokens))
        self._recent_seconds += seconds
        self._recent_tokens += tokens
        while len(self._recent) > 1 and self._recent_seconds > WINDOW_SECONDS:
            old_seconds, old_tokens = self._recent.popleft()
            self._recent_seconds -= old_seconds
            self._recent_tokens -= old_tokens

    @property
    def steps_per_second(self) -> float:
        return len(self._recent) / self._recent_seconds if self._recent_seconds > 0 else 0.0

    @property
    def tokens_per_second(self) -> float:
        return self._recent_tokens / self._recent_seconds if self._recent_seconds > 0 else 0.0

    def seconds_left(self, steps_left: int) -> float | None:
        """What the steps that are left will take at the present rate; None before the first."""
        return steps_left / self.steps_per_second if self.steps_per_second else None
