"""A container's limit of memory counts, not its machine's: of files made up."""

from pathlib import Path

import psutil
import pytest

from tui_trainer.engine import host_memory
from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.host_memory import limited_groups
from tui_trainer.engine.models.devices import CPU

GB = 10**9


def system(root: Path, membership: str, files: dict[str, str]) -> Path:
    """`root` with the files of this process's groups."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(membership)
    for name, text in files.items():
        file = root / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def test_a_machine_without_limits(tmp_path: Path) -> None:
    assert list(limited_groups(tmp_path)) == []
    root = system(tmp_path, "0::/user\n", {"user/memory.max": "max\n"})
    assert list(limited_groups(root)) == []


def test_a_pod_has_its_limit_and_files_that_are_cached_count_as_free(tmp_path: Path) -> None:
    root = system(
        tmp_path,
        "0::/pod/box\n",
        {
            "pod/box/memory.max": "max\n",
            "pod/memory.max": f"{8 * GB}\n",
            "pod/memory.current": f"{3 * GB}\n",
            "pod/memory.stat": "anon 1\ninactive_file 500000000\nactive_file 7\n",
        },
    )
    (group,) = limited_groups(root)
    assert (group.limit, group.free) == (8 * GB, 5 * GB + GB // 2)


@pytest.mark.parametrize("path", ["/docker/5a1", "/"])
def test_version_1_sees_the_mount_as_its_group(tmp_path: Path, path: str) -> None:
    root = system(
        tmp_path,
        f"4:memory:{path}\n",
        {
            "memory/memory.limit_in_bytes": f"{2 * GB}\n",
            "memory/memory.usage_in_bytes": f"{3 * GB}\n",
            "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 9\n",
        },
    )
    (group,) = limited_groups(root)
    assert (group.limit, group.free) == (2 * GB, 0)


def test_the_least_that_is_left_is_what_the_cpu_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"memory.max": f"{GB}\n", "memory.current": "400000000\n"}
    root = system(tmp_path, "0::/\n", files)
    monkeypatch.setattr(host_memory, "own_groups", lambda: tuple(limited_groups(root)))
    memory = accelerator(CPU).memory()
    assert (memory.free, memory.total) == (600_000_000, GB)
    monkeypatch.setattr(host_memory, "own_groups", tuple)
    assert accelerator(CPU).memory().total == psutil.virtual_memory().total
