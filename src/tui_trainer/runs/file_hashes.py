"""The SHA-256 of each file of a folder: made when it is written, checked before it is read."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tui_trainer.runs.json_files import reason
from tui_trainer.runs.regular_files import open_regular, sha256_of, sync


class Damage(Exception):  # noqa: N818  # a reason, which becomes part of a sentence
    """What is wrong with a folder, in words that stand in brackets."""


def file_names(folder: Path, but: str) -> Iterator[str]:
    """The paths in a folder of all that is no folder, except the file that has their hashes."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name != but and not path.is_dir():
            yield name


def hash_files(folder: Path, but: str) -> dict[str, str]:
    """The hashes of those files, which are on the disk then."""
    names = list(file_names(folder, but))
    paths = [folder / name for name in names]
    # Hashing wants the processor and syncing the disk: together they take no longer than the disk.
    with ThreadPoolExecutor(max_workers=4) as pool:
        synced, hashes = pool.map(sync, paths), pool.map(sha256_of, paths)
    list(synced)  # what failed is raised here
    return dict(zip(names, hashes, strict=True))


def check_files(
    folder: Path, hashes: Mapping[str, str], but: str, wanted: Callable[[str], bool]
) -> None:
    """Damage where one of the files that are `wanted` is missing, or not as it was written.

    Without any `hashes`, as before there were some, only where one cannot be opened.
    """
    for name in hashes or file_names(folder, but):
        if wanted(name):
            _check_file(folder / name, name, hashes.get(name))


def _check_file(path: Path, name: str, sha256: str | None) -> None:
    try:
        if sha256 is None:
            open_regular(path).close()
        elif sha256_of(path) != sha256:
            raise Damage(f"{name} is not as it was written: its SHA-256 is another")
    except FileNotFoundError:
        raise Damage(f"it has no {name}") from None
    except (OSError, ValueError) as error:
        raise Damage(f"{name} cannot be read: {reason(error)}") from error
