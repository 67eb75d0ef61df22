"""A file that is there whole, or as it was before: a reader sees nothing between."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.runs.home import is_at_home
from tui_trainer.runs.private_files import create_file
from tui_trainer.runs.regular_files import sync


@contextmanager
def whole_file(path: Path, *, private: bool = True) -> Iterator[Path]:
    """Gives an empty file beside `path`, renamed to it where the block ends well; OSError where
    that fails. It is on the disk before it has the name, and has the name before this ends."""
    beside = path.with_name(f".{path.name}.part")
    try:
        create_file(beside, private=private).close()
        yield beside
        sync(beside)
        beside.replace(path)
        sync(path.parent)
    finally:
        with suppress(OSError):  # what was not made is not there
            beside.unlink()


@contextmanager
def exported_file(path: Path) -> Iterator[Path]:
    """As `whole_file`, where the user wants it; InputError where that fails.

    Outside this program's own places others may read it as the umask says.
    """
    try:
        with whole_file(path, private=is_at_home(path)) as beside:
            yield beside
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror or error}).") from error
