"""How many threads are chosen, on machines made up: time passes as fast as it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tui_trainer.engine.threads.choice import Seen, ThreadChoice, fitting, ladder

TOKENS = 180
"""Of a step."""
ALONE = 900.0
"""Tokens a second of one thread."""
HELD_UP = 30
"""Threads that wait for one which others hold up are so many times slower."""
LOOK = 0.5


def nobody(now: float) -> float:
    return 0.0


def one_busy(now: float) -> float:
    return 1.0


@dataclass
class Machine:
    """Two cores, or more, a loop on them, and others that want `others(now)` cores."""

    others: Callable[[float], float] = nobody
    cores: int = 2
    tells: bool = True
    """Whether what others take can be seen: a quota of a group that is not can not."""
    gives_way: bool = False
    """Whether the others are nice: they take what is left alone."""
    gain: float = 0.7
    """What each thread more adds, of the first."""
    now: float = 0.0
    tokens: int = 0
    looked: float = 0.0
    taken: float = 0.0
    wanted: float = 0.0
    threads: list[int] = field(default_factory=list)
    """Of each step."""

    def pace(self, threads: int) -> float:
        fast = ALONE * (1 + self.gain * (threads - 1))
        room = self.cores if self.gives_way else self.cores - self.others(self.now)
        return fast if threads <= room + 0.2 else fast / HELD_UP

    def step(self, choice: ThreadChoice) -> None:
        seconds = TOKENS / self.pace(choice.threads)
        taken = min(choice.threads, self.cores - min(self.others(self.now), 1.0))
        if self.gives_way:
            taken = choice.threads
        others = min(self.others(self.now), self.cores - taken)
        self.taken += taken * seconds
        self.wanted += others * seconds
        self.threads.append(choice.threads)
        self.tokens += TOKENS
        self.now += seconds
        choice.step(seconds, TOKENS, self._seen())

    def _seen(self) -> Seen | None:
        seconds = self.now - self.looked
        if seconds < LOOK:
            return None
        others = self.wanted / seconds if self.tells else 0.0
        seen = Seen(self.cores - others, self.taken / seconds)
        self.looked, self.taken, self.wanted = self.now, 0.0, 0.0
        return seen

    def run(self, seconds: float, choice: ThreadChoice) -> float:
        """Tokens a second of a loop that goes for so long."""
        tokens, end, began = self.tokens, self.now + seconds, self.now
        while self.now < end:
            self.step(choice)
        return (self.tokens - tokens) / (self.now - began)

    @property
    def changes(self) -> int:
        return sum(a != b for a, b in zip(self.threads, self.threads[1:], strict=False))


def begun(machine: Machine) -> ThreadChoice:
    choice = ThreadChoice(machine.cores)
    choice.begin(machine.cores - machine.others(0.0))
    return choice


def test_alone_nothing_is_tried() -> None:
    machine = Machine()
    assert machine.run(3_600, begun(machine)) == pytest.approx(1.7 * ALONE)
    assert set(machine.threads) == {2}


def test_beside_a_busy_program_one_thread_from_the_first_step_on() -> None:
    machine = Machine(one_busy)
    assert machine.run(3_600, begun(machine)) > 0.98 * ALONE
    assert machine.threads[0] == 1


def test_when_others_come_one_step_is_held_up() -> None:
    machine = Machine(lambda now: float(now > 60))
    machine.run(120, begun(machine))
    held_up = machine.threads[machine.threads.index(1) - 1 :]
    assert held_up == [2] + [1] * (len(held_up) - 1)
    assert machine.run(60, begun(machine)) > 0


def test_when_others_go_it_rises_at_once() -> None:
    machine = Machine(lambda now: float(now < 60))
    choice = begun(machine)
    machine.run(63, choice)
    assert choice.threads == 2
    assert machine.run(600, choice) > 0.99 * 1.7 * ALONE


def test_others_that_come_and_go_are_not_followed_for_ever() -> None:
    """Each time that they come a step takes thirty times as long."""
    machine = Machine(lambda now: float(now % 10 > 5))
    assert machine.run(3_600, begun(machine)) > 0.9 * ALONE
    assert machine.changes < 120


def test_others_that_give_way_are_found_out() -> None:
    machine = Machine(one_busy, gives_way=True)
    choice = begun(machine)
    machine.run(600, choice)
    assert choice.threads == 2
    assert machine.run(600, choice) > 0.98 * 1.7 * ALONE


def test_what_no_look_tells_is_seen_by_what_the_threads_had() -> None:
    machine = Machine(one_busy, tells=False)
    choice = begun(machine)
    choice.begin(2.0)
    machine.run(30, choice)
    assert choice.threads == 1
    assert machine.run(3_600, choice) > 0.97 * ALONE


def test_threads_that_wait_for_python_are_no_fewer_for_that() -> None:
    machine = Machine()
    choice = begun(machine)
    for _ in range(36_000):
        seconds = TOKENS / machine.pace(choice.threads)
        machine.now += seconds
        machine.tokens += TOKENS
        machine.threads.append(choice.threads)
        choice.step(seconds, TOKENS, Seen(2.0, 1.2))
    assert machine.tokens / machine.now > 0.98 * 1.7 * ALONE
    assert choice.threads == 2


def test_without_a_pace_what_others_leave_decides() -> None:
    """Answers of an evaluation end one by one."""
    choice = ThreadChoice(2)
    choice.step(0.6, None, Seen(1.0, 1.0))
    assert choice.threads == 1
    for _ in range(3):
        choice.step(0.6, None, Seen(2.0, 1.0))
    assert (choice.threads, choice.is_on_trial) == (2, False)


def test_a_large_machine_keeps_to_a_few_numbers() -> None:
    assert ladder(2) == (2, 1)
    assert ladder(6) == (6, 5, 4, 3, 2, 1)
    assert ladder(64) == (64, 56, 48, 40, 32, 24, 16, 8, 4, 2, 1)


@pytest.mark.parametrize(
    ("left", "most", "threads"),
    [(2.0, 2, 2), (1.75, 2, 2), (1.6, 2, 1), (0.3, 2, 1), (63.8, 64, 64), (50, 64, 48)],
)
def test_a_little_that_others_take_costs_no_thread(left: float, most: int, threads: int) -> None:
    assert fitting(left, most) == threads
