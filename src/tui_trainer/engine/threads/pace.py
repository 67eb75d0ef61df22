"""Tokens a second of the last steps. No torch here."""

from collections import deque

PACE_SECONDS = 0.5
"""A pace is known once its steps took so long together: items differ in length."""


class Pace:
    """That of as many of the last steps as it takes to know it."""

    def __init__(self) -> None:
        self._steps: deque[tuple[float, int]] = deque()
        self.seconds = 0.0
        self._tokens = 0

    def add(self, seconds: float, tokens: int) -> None:
        """One more step."""
        self._steps.append((seconds, tokens))
        self.seconds += seconds
        self._tokens += tokens
        while self.seconds - self._steps[0][0] >= PACE_SECONDS:
            seconds, tokens = self._steps.popleft()
            self.seconds -= seconds
            self._tokens -= tokens

    @property
    def is_known(self) -> bool:
        return self.seconds >= PACE_SECONDS

    @property
    def rate(self) -> float:
        """Tokens a second; 0 before the first step."""
        return self._tokens / self.seconds if self._steps else 0.0

    @property
    def last_step(self) -> float:
        """Seconds of the last step; 0 before the first."""
        return self._steps[-1][0] if self._steps else 0.0

    @property
    def mean_step(self) -> float:
        """Seconds of a step."""
        return self.seconds / len(self._steps) if self._steps else 0.0
