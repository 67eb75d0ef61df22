"""The control groups that this process is in: containers and clusters limit it by them."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ROOT = Path("/")
SECOND = Path("sys/fs/cgroup"), Path("sys/fs/cgroup/unified")
"""Where the groups of version 2 are."""


def groups_of_version_2(root: Path) -> Iterator[Path]:
    """The folders of this process's own group and those above it; each controller is in all."""
    for controllers, path in memberships(root):
        if not controllers:
            for mount in SECOND:
                yield from upwards(root / mount, path)


def groups_of_version_1(root: Path, controller: str) -> Iterator[Path]:
    """The folders of this process's groups for one controller, `cpu` or `memory`."""
    for controllers, path in memberships(root):
        if controller in controllers.split(","):
            yield from upwards(root / "sys/fs/cgroup" / controller, path)


def memberships(root: Path) -> Iterator[tuple[str, str]]:
    """The controllers, none for version 2, and the path of each group that this process is in."""
    for line in read_text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        yield controllers, path


def upwards(mount: Path, path: str) -> Iterator[Path]:
    """The folder of a group and those above it, up to `mount`.

    A container may be told the path that its group has outside, where it sees that group alone as
    the mount: what is not there says nothing, and the mount is looked at in any case.
    """
    inside = PurePosixPath(path.lstrip("/"))
    within = PurePosixPath() if ".." in inside.parts else inside
    yield from (mount / folder for folder in (within, *within.parents) if folder.parts)
    yield mount


def read_text(path: Path) -> str:
    """Of a file of the system; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
