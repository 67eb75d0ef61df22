"""A folder that is open, and so is known whatever becomes of its name."""

import os
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


class OpenFolder:
    """Finds a folder again after somebody has renamed it; open for as long as it is held."""

    def __init__(self, path: Path) -> None:
        self.path = path
        """Where it was when it was looked for last."""
        self._open = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._open)

    def find(self) -> Path | None:
        """Where the folder is now; None where it is gone, or cannot be found.

        OSError where its own path cannot be looked at: then it may be there.
        """
        if is_same(self.path, self._open):
            return self.path
        for place in self._places():
            with suppress(OSError):
                if is_same(place, self._open):
                    self.path = place
                    return place
        return None

    def _places(self) -> Iterator[Path]:
        """Where it may be: as Linux knows it, and beside where it was."""
        with suppress(OSError):
            yield Path(f"/proc/self/fd/{self._open}").readlink()
        with suppress(OSError):
            yield from self.path.parent.iterdir()


class SavedWeights:
    """Weights that were just written `within` a folder: whether they are there, wherever it is."""

    def __init__(self, folder: OpenFolder, within: str = "") -> None:
        self._folder, self._within = folder, within
        self._files = self._names()

    @property
    def are_there(self) -> bool:
        """Whether no file of them is gone, or closed to this user."""
        return bool(self._files) and self._files <= self._names()

    def _names(self) -> frozenset[str]:
        try:
            folder = self._folder.find()
            files = (folder / self._within).iterdir() if folder is not None else ()
            return frozenset(file.name for file in files)
        except OSError:
            return frozenset()


def is_same(path: Path, descriptor: int) -> bool:
    """Whether what is at `path` is the file or folder that is open."""
    try:
        there = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    ours = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
