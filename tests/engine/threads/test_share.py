"""torch's threads as they are set: counted at the start, chosen while something computes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.engine.threads.made_up import Others, two_cores
from tui_trainer.engine.threads.share import Threads
from tui_trainer.reports.threads import ThreadShare


@pytest.fixture
def others() -> Iterator[Others]:
    with two_cores() as others:
        yield others


def steps(others: Others, *taking: float) -> Iterator[int]:
    """What is computed: others begin to take so much during each step."""
    for took in taking:
        others.taking = took
        yield torch.get_num_threads()


def followed(threads: Threads, others: Others, *taking: float) -> list[int | ThreadShare]:
    return list(threads.follow(steps(others, *taking), lambda _: 100))


def test_torch_has_a_thread_for_each_core_that_may_be_used(others: Others) -> None:
    torch.set_num_threads(1)
    assert Threads().share == ThreadShare(2, 2)
    assert torch.get_num_threads() == 2


def test_what_the_environment_says_wins(others: Others) -> None:
    others.taking = 1.0
    threads = Threads(environment={"OMP_NUM_THREADS": "2"})
    threads.watch()
    assert followed(threads, others, 1.0, 1.0, 1.0) == [2, 2, 2]


def test_a_number_that_was_set_stays(others: Others) -> None:
    others.taking = 1.0
    threads = Threads(environment={})
    threads.use(2)
    threads.watch()
    assert followed(threads, others, 1.0, 1.0) == [2, 2]
    threads.use(1)
    assert followed(threads, others, 0.0, 0.0) == [1, 1]
    assert threads.share == ThreadShare(1, 1)


def test_where_it_may_not_change_the_number_stays(others: Others) -> None:
    threads = Threads(environment={})
    threads.use(None, may_change=False)
    threads.watch()
    assert followed(threads, others, 1.0, 1.0) == [2, 2]


def test_it_begins_with_what_others_leave(others: Others) -> None:
    threads = Threads(environment={})
    others.taking = 1.0
    threads.watch()
    threads.settle()
    assert threads.share == ThreadShare(1, 2)
    assert followed(threads, others, 1.0, 1.0) == [ThreadShare(1, 2), 1, 1]


def test_the_number_falls_after_the_step_in_which_others_came_and_is_told(others: Others) -> None:
    heard: list[ThreadShare] = []
    threads = Threads(heard.append, environment={})
    threads.watch()
    fewer = ThreadShare(1, 2)
    assert followed(threads, others, 0.0, 1.0, 1.0, 1.0) == [2, 2, fewer, 1, 1]
    assert heard == [fewer, ThreadShare(2, 2)]  # at the end nothing computes
    assert torch.get_num_threads() == 2


def test_after_a_pause_it_goes_on_with_what_others_leave(
    others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_trainer.engine.threads.share.PAUSE_SECONDS", 0.0)
    threads = Threads(environment={})
    goes = threads.follow(steps(others, 0.0, 0.0, 0.0, 0.0), lambda _: None)
    assert next(goes) == 2
    others.taking = 1.0
    assert [next(goes), next(goes)] == [ThreadShare(1, 2), 1]


def test_what_was_compiled_for_a_number_keeps_it(others: Others) -> None:
    threads = Threads(environment={})
    goes = threads.keep(steps(others, 1.0, 1.0, 1.0))
    assert next(goes) == 2
    threads.watch()
    threads.settle()  # for something else
    assert torch.get_num_threads() == 1
    assert list(goes) == [2, 2]


def test_a_key_waits_for_no_look(others: Others, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    threads = Threads(environment={})
    for _ in range(3):
        threads.settle(waits=False)
    assert not slept


def test_a_quota_is_as_many_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    monkeypatch.setattr("tui_trainer.engine.threads.share.OWN", 64)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/\n")
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/cpu.max").write_text("100000 100000\n")
    try:
        assert Threads(root=tmp_path, environment={}).share == ThreadShare(1, 1)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
