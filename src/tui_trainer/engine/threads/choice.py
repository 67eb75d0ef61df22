"""How many threads are the fastest now: what others leave proposes, the pace decides.

Threads that wait for one another spin, so one that another program holds up holds up all: on two
cores beside a busy program two threads make a thirtieth of what one makes. So the number falls at
the first look that says so, and rises where others left enough for a while. A number is on trial
until its pace is known; where that is lower the one before comes back, and the trial is not made
again for fifty times what it cost. No torch and no clock: it is told what happened.
"""

from dataclasses import dataclass

from tui_trainer.engine.threads.pace import Pace

SLACK = 0.3
"""Of a core: others may take so much of it before a thread is taken away."""
STARVED = 0.7
"""Threads that had less than so much of their cores' time are held up by what no look tells."""
GOOD_FALL, GOOD_RISE = 0.9, 1.03
"""Fewer threads stay at so much of the pace before, more threads from so much on: where both are
as fast, others gain."""
HOPELESS = 0.5
"""A trial ends with its first steps at less than so much of the pace before."""
COST_SHARE = 0.02
"""Of the time, what trials may cost."""
FIRST_REST, LONGEST_REST = 10.0, 600.0
"""Seconds until a number that was slower is tried again; doubled each time that it is again."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds for which others must leave enough before the number rises; doubled where it falls soon
after, and twice a step at least: what a step costs that begins just before others come."""
STOOD = 10.0
"""Seconds after which a rise was none too soon."""
DEAREST_STEP = 30
"""How many times longer a step may be with too many threads, as far as was measured."""


@dataclass(frozen=True)
class Seen:
    """What was seen of the machine since the look before, in cores: CPU seconds a second."""

    left: float
    """What others left, used by this process or not."""
    taken: float
    """What this process had."""


@dataclass(frozen=True)
class Trial:
    """A number of threads whose pace is not known yet."""

    before: int
    pace: float
    """Tokens a second with the number before; 0 where that is not known."""
    left: float
    """What others left when it began."""


@dataclass(frozen=True)
class Refusal:
    """A number that was slower than the one before it."""

    until: float
    """The moment before which it is not tried again."""
    rest: float
    left: float
    """What others left at its trial: where they leave something else all is open again."""


class ThreadChoice:
    """Chooses among the rungs of `ladder(most)`; a moment is a second of what it was told of."""

    def __init__(self, most: int) -> None:
        self.most = self.threads = most
        self._now = 0.0
        self._pace = Pace()
        self._trial: Trial | None = None
        self._refused: dict[int, Refusal] = {}
        self._wait = FIRST_WAIT
        self._changed = 0.0
        """When the number was changed last."""
        self._rose: float | None = None
        """When it rose last because others left more."""
        self._roomy: float | None = None
        """Since when others leave enough for more threads."""

    @property
    def is_on_trial(self) -> bool:
        return self._trial is not None

    def begin(self, left: float) -> None:
        """A loop begins, or goes on after a pause: what was measured before says little."""
        self._set(fitting(left, self.most), None)

    def step(self, seconds: float, tokens: int | None, seen: Seen | None = None) -> None:
        """Something took so long, with what was seen of the machine where somebody looked.

        It was a step on so many tokens; None for what has no pace: then what is seen decides alone.
        """
        self._now += seconds
        if tokens is None:
            self._trial = None
        else:
            self._pace.add(seconds, tokens)
        if self._trial is not None:
            self._judge(self._trial)
        elif seen is not None:
            self._consider(seen, has_pace=tokens is not None)

    # What is proposed

    def _consider(self, seen: Seen, *, has_pace: bool) -> None:
        wanted = fitting(seen.left, self.most)
        if has_pace and seen.taken < STARVED * self.threads:
            wanted = min(wanted, fitting(seen.taken, self.most))
        if wanted <= self.threads:
            self._roomy = None
        if wanted < self.threads:
            self._fall(wanted, seen, has_pace=has_pace)
        elif wanted > self.threads:
            self._rise(wanted, seen, has_pace=has_pace)
        elif has_pace and self.threads < self.most:
            self._explore(seen)

    def _fall(self, wanted: int, seen: Seen, *, has_pace: bool) -> None:
        refusal = self._refused.get(wanted)
        if refusal and self._now < refusal.until and seen.left > refusal.left - SLACK:
            return
        soon = self._rose is not None and self._now - self._rose < STOOD
        doubled = min(2 * self._wait, LONGEST_WAIT) if soon else FIRST_WAIT
        self._wait = max(doubled, 2 * self._pace.last_step)
        self._set(wanted, seen if has_pace else None)

    def _rise(self, wanted: int, seen: Seen, *, has_pace: bool) -> None:
        if self._roomy is None:
            self._roomy = self._now
        refusal = self._refused.get(wanted)
        if refusal and self._now < refusal.until and seen.left < refusal.left + SLACK:
            return
        if self._now - self._roomy >= self._wait:
            self._rose = self._now
            self._set(wanted, seen if has_pace else None)

    def _explore(self, seen: Seen) -> None:
        """Try more than others leave where that has become cheap: who gives way needs no room."""
        wanted = min(rung for rung in ladder(self.most) if rung > self.threads)
        refusal = self._refused.get(wanted)
        rest = DEAREST_STEP * self._pace.mean_step / COST_SHARE
        if self._now >= (refusal.until if refusal else self._changed + rest):
            self._set(wanted, seen)

    # What is decided

    def _judge(self, trial: Trial) -> None:
        share = self._pace.rate / trial.pace if trial.pace else 1.0 + GOOD_RISE
        enough = GOOD_RISE if self.threads > trial.before else GOOD_FALL
        if share >= enough and self._pace.is_known:
            self._trial = None
            self._refused.pop(self.threads, None)
        elif share < enough and (self._pace.is_known or share < HOPELESS):
            self._refuse(trial, lost=(1 - share) * (self._now - self._changed))

    def _refuse(self, trial: Trial, lost: float) -> None:
        earlier = self._refused.get(self.threads)
        rest = FIRST_REST if earlier is None else min(2 * earlier.rest, LONGEST_REST)
        rest = max(rest, lost / COST_SHARE)
        self._refused[self.threads] = Refusal(self._now + rest, rest, trial.left)
        self._set(trial.before, None)

    def _set(self, threads: int, seen: Seen | None) -> None:
        """With what was seen it is a trial against the number before."""
        if threads != self.threads:
            tried = None if seen is None else Trial(self.threads, self._pace.rate, seen.left)
            self._trial, self.threads, self._changed = tried, threads, self._now
            self._pace, self._roomy = Pace(), None


def ladder(most: int) -> tuple[int, ...]:
    """The numbers to choose from, the highest first: each eighth of `most`, and its halves.

    So on a large machine a core more or less changes nothing, and with it not the last bits.
    """
    eighth = max(1, most // 8)
    rungs = set(range(most, 0, -eighth))
    while eighth > 1:
        eighth //= 2
        rungs.add(eighth)
    return tuple(sorted(rungs, reverse=True))


def fitting(cores: float, most: int) -> int:
    """The highest rung for which there are so many cores; 1 where there is none."""
    return next((rung for rung in ladder(most) if rung <= cores + SLACK), 1)
