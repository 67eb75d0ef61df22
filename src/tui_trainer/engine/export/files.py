"""An export as files: a script or a notebook, and its items beside it. No torch here."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from tui_trainer.errors import InputError
from tui_trainer.reports.problem import Problem
from tui_trainer.runs.home import is_at_home, plain_name
from tui_trainer.runs.private_files import create_file
from tui_trainer.runs.regular_files import sync

if TYPE_CHECKING:
    from tui_trainer.engine.export.document import Document

SCRIPT, NOTEBOOK = ".py", ".ipynb"
WIDTH = 88


def export_name(model: str) -> str:
    """The name of a script about this model, for whoever has no better one."""
    return f"{plain_name(model)}-steps{SCRIPT}"


def read_target(line: str) -> Path:
    """The absolute path of the script or notebook that `line` names; InputError where none."""
    path = Path(line.strip())
    if path.suffix not in (SCRIPT, NOTEBOOK) or "\0" in line:
        raise InputError(
            f"Name a file that ends in {SCRIPT} (a script) or {NOTEBOOK} (a notebook)."
        )
    try:
        return path.expanduser().absolute()
    except (OSError, RuntimeError) as error:  # no such user; the current directory is gone
        raise InputError(f"{line} cannot be found ({error}): give the whole path.") from error


def check_target(path: Path, *, items: bool) -> None:
    """Raise InputError where `path`, and with `items` theirs beside it, cannot be written later on.

    The permissions of a directory do not tell: a name can be too long, a disk full.
    """
    paths = [path, problems_beside(path)] if items else [path]
    if there := existing(paths):
        raise already_there(there)
    with parts_beside(dict.fromkeys(paths, "")):
        pass


def problems_beside(path: Path) -> Path:
    """Where the items of the first loop are, if it needs a file for them."""
    return path.with_name(f"{path.stem}-problems.jsonl")


def already_there(existing: Sequence[str]) -> InputError:
    return InputError(f"There is {' and '.join(existing)} already: name another file.")


def script_text(document: "Document") -> str:
    """The document as a Python module."""
    introduction = "\n\n".join(map(wrapped, document.introduction))
    text = f'"""{introduction}\n"""'
    before = ""
    for cell in document.cells:
        blank = "\n" * (2 if "def " in before + cell.code else 1)  # as PEP 8 has it
        text += f"\n{blank}{commented(cell.heading)}\n{cell.code}".rstrip()
        before = cell.code
    return text + "\n"


def notebook_text(document: "Document") -> str:
    """The document as a Jupyter notebook, format 4.5 (nbformat.readthedocs.io)."""
    cells = [prose("introduction", "\n\n".join(document.introduction))]
    for number, cell in enumerate(document.cells, start=1):
        cells.append(prose(f"heading-{number}", cell.heading))
        if cell.code:
            cells.append(code(f"code-{number}", cell.code))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "cells": cells,
    }
    return json.dumps(notebook, indent=1) + "\n"


def prose(name: str, text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": lines_of(text)}


def code(name: str, text: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": lines_of(text),
    }


def lines_of(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def wrapped(text: str) -> str:
    return fill(text, WIDTH)


def commented(text: str) -> str:
    return fill(text, WIDTH, initial_indent="# ", subsequent_indent="# ")


def existing(paths: Sequence[Path]) -> tuple[str, ...]:
    """Those that are there already."""
    return tuple(str(path) for path in paths if os.path.lexists(path))


def write_files(texts: Mapping[Path, str]) -> None:
    """Write all files or none; InputError where that cannot be."""
    with parts_beside(texts) as parts:
        for path, part in parts.items():
            sync(part)
            part.replace(path)
            sync(path.parent)


@contextmanager
def parts_beside(texts: Mapping[Path, str]) -> Iterator[dict[Path, Path]]:
    """Each text in a file beside the one that it is for, gone after the block if not renamed."""
    parts: dict[Path, Path] = {}
    path: object = None
    try:
        for path, text in texts.items():
            parts[path] = path.with_name(f".{path.name}.{os.getpid()}.part")
            with create_file(parts[path], private=is_at_home(path)) as file:
                file.write(text)
        yield parts
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        renamed = getattr(error, "filename2", None)
        raise InputError(
            f"{renamed or path} cannot be written ({said}): name another place."
        ) from error
    finally:
        for part in parts.values():
            with suppress(OSError, ValueError):  # it was renamed, or its name is the error
                part.unlink()


def problem_lines(problems: Iterable[Problem]) -> str:
    """The items as a .jsonl file, in ASCII."""
    rows = ({"question": problem.question, "answer": problem.answer} for problem in problems)
    return "".join(f"{json.dumps(row)}\n" for row in rows)
