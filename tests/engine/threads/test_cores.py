"""How many cores this process may use, of files and variables made up."""

import os
from pathlib import Path

import pytest

from tui_trainer.engine.threads.cores import Cores, is_set_by_user, usable_cores

BOUND = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def group(root: Path, path: str, **texts: str) -> None:
    folder = root / "sys/fs/cgroup" / path
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name.replace("__", ".")).write_text(text)


def membership(root: Path, text: str) -> Path:
    """What the kernel says of this process's groups."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(text)
    return root


def quotas(root: Path) -> list[float]:
    return [group.quota for group in usable_cores(root, {}).groups]


def test_a_machine_without_quotas(tmp_path: Path) -> None:
    cores = usable_cores(tmp_path, {})
    assert (len(cores.bound), cores.groups, cores.granted) == (BOUND, (), None)
    assert cores.whole == BOUND


def test_a_quota_of_version_2_is_looked_for_upwards(tmp_path: Path) -> None:
    root = membership(tmp_path, "0::/kubepods/pod7/box\n")
    group(root, "kubepods/pod7/box", cpu__max="max 100000\n")
    group(root, "kubepods/pod7", cpu__max="150000 100000\n", cpu__stat="usage_usec 2500000\n")
    group(root, "", cpu__max="400000 100000\n")
    assert quotas(root) == [1.5, 4.0]
    first, second = usable_cores(root, {}).groups
    assert (first.used_seconds(), second.used_seconds()) == (2.5, None)


def test_a_container_sees_its_own_group_as_the_mount(tmp_path: Path) -> None:
    root = membership(tmp_path, "0::/\n")
    group(root, "", cpu__max="50000 100000\n", cpu__stat="user_usec 1\nusage_usec 3000000\n")
    assert quotas(root) == [0.5]
    assert usable_cores(root, {}).whole == 1


@pytest.mark.parametrize("path", ["/docker/5a1", "/../..", "/"])
def test_a_quota_of_version_1(tmp_path: Path, path: str) -> None:
    """Where the path is that outside a container, the mount is what is looked at."""
    root = membership(tmp_path, f"12:pids:{path}\n3:cpu,cpuacct:{path}\n1:cpuset:{path}\n")
    group(root, "cpu", cpu__cfs_quota_us="200000\n", cpu__cfs_period_us="100000\n")
    group(root, "cpuacct", cpuacct__usage="7000000000\n")
    (only,) = usable_cores(root, {}).groups
    assert (only.quota, only.used_seconds()) == (2.0, 7.0)


def test_version_1_upwards_and_without_a_quota(tmp_path: Path) -> None:
    root = membership(tmp_path, "3:cpu:/a/b\n2:cpuacct:/\n")
    group(root, "cpu/a/b", cpu__cfs_quota_us="-1\n", cpu__cfs_period_us="100000\n")
    group(root, "cpu/a", cpu__cfs_quota_us="30000\n", cpu__cfs_period_us="10000\n")
    (only,) = usable_cores(root, {}).groups
    assert (only.quota, only.used_seconds()) == (3.0, None)


@pytest.mark.parametrize("text", ["", "max\n", "garbage", "100000 0\n", "-5 100000\n", "\xff"])
def test_what_cannot_be_read_is_no_quota(tmp_path: Path, text: str) -> None:
    root = membership(tmp_path, "0::/\nno colons\n")
    group(root, "", cpu__max=text)
    assert quotas(root) == []


@pytest.mark.parametrize(("quota", "whole"), [("1.5", 1), ("0.2", 1), ("2", 2), ("3.9", 3)])
def test_threads_are_those_that_a_quota_has_whole_cores_for(
    tmp_path: Path, quota: str, whole: int
) -> None:
    root = membership(tmp_path, "0::/\n")
    group(root, "", cpu__max=f"{float(quota) * 1e5:.0f} 100000\n")
    cores = Cores(frozenset(range(64)), usable_cores(root, {}).groups)
    assert cores.whole == whole


@pytest.mark.parametrize(
    ("told", "whole"), [("3", 3), ("0", 1), ("", 64), ("many", 64), ("200", 64)]
)
def test_what_slurm_gave_a_task(told: str, whole: int) -> None:
    granted = usable_cores(Path("/nowhere"), {"SLURM_CPUS_PER_TASK": told}).granted
    assert Cores(frozenset(range(64)), granted=granted).whole == whole


def test_what_the_environment_says_is_the_users_word() -> None:
    assert is_set_by_user({"OMP_NUM_THREADS": "4"})
    assert is_set_by_user({"MKL_NUM_THREADS": "4"})
    assert not is_set_by_user({"OMP_NUM_THREADS": " "})
    assert not is_set_by_user({})
