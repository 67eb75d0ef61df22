"""An export as files: a script or a notebook, and its items beside it. Overwrites nothing."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from textwrap import fill

from tui_trainer.engine.errors import InputError
from tui_trainer.engine.export.document import Document

SCRIPT, NOTEBOOK = ".py", ".ipynb"
WIDTH = 88


def read_target(line: str) -> Path:
    """The absolute path of the script or notebook that `line` names; InputError where none."""
    path = Path(line.strip()).expanduser()
    if path.suffix not in (SCRIPT, NOTEBOOK) or "\0" in line:
        raise InputError(
            f"Name a file that ends in {SCRIPT} (a script) or {NOTEBOOK} (a notebook)."
        )
    return path.absolute()


def check_target(path: Path) -> None:
    """Raise InputError where `path` could not be written later on."""
    if path.exists():
        raise InputError(f"There is a file {path} already: name another one.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError(f"No file can be written in {path.parent}: name another directory.")


def script_text(document: Document) -> str:
    """The document as a Python module."""
    introduction = "\n\n".join(map(wrapped, document.introduction))
    cells = [f"{commented(cell.heading)}\n{cell.code}".rstrip() for cell in document.cells]
    return "\n\n".join([f'"""{introduction}\n"""', *cells, ""]).rstrip() + "\n"


def notebook_text(document: Document) -> str:
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
    written: dict[Path, Path] = {}
    try:
        for path, text in texts.items():
            beside = path.with_name(f".{path.name}.{os.getpid()}.part")
            written[path] = beside
            beside.write_text(text, encoding="ascii")
        for path, beside in written.items():
            beside.replace(path)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} cannot be written ({said}): name another place.") from error
    finally:
        for beside in written.values():
            with suppress(OSError, ValueError):  # it was renamed, or its name is the error
                beside.unlink()
