"""What the built-in model is trained on: text that any Python machine has, and generated prose.

Three sections: `code` is the standard library's source, `english` the docstrings of the standard
library and of this project's own dependencies, `generated` is prose.py. One standard-library module
in twenty, chosen by a hash of its name, is held out: neither its source nor its docstrings are
trained on.
"""

import ast
import hashlib
import importlib.util
import inspect
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from pydoc_data.topics import topics
from typing import Literal

from tui_trainer.recipe.prose import prose_document

Section = Literal["code", "english", "generated"]

PROSE_SEED = 20_001
PROSE_DOCUMENTS = 90_000

_LEFT_OUT = {"test", "tests", "idlelib", "idle_test", "lib2to3", "site-packages", "turtledemo"}
_TABLES = {"encodings", "pydoc_data"}
_DOCUMENTED = ("numpy", "torch", "transformers", "datasets", "textual", "huggingface_hub")
_SMALLEST, _LARGEST = 200, 400_000

# What the GSM8K loop is to teach must not be here: a line with any of it is dropped.
FORMAT = re.compile(r"Question:|Answer:|<<[^<>\n]*>>|^\s*####\s*[-$]?\d", re.MULTILINE)


@dataclass(frozen=True)
class Module:
    """A standard-library module: its path in the library, and its source."""

    name: str
    source: str

    @property
    def held_out(self) -> bool:
        return hashlib.sha256(self.name.encode()).digest()[0] % 20 == 0


def modules() -> list[Module]:
    """The standard library's modules, in the order of their names."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if _LEFT_OUT.isdisjoint(parts) and _TABLES.isdisjoint(parts):
            source = _text(path)
            if _SMALLEST <= len(source) <= _LARGEST:
                found.append(Module("/".join(parts), source))
    return found


def held_out_modules() -> list[Module]:
    return [module for module in modules() if module.held_out]


def documents() -> Iterator[tuple[Section, str]]:
    """Everything that is trained on, in a fixed order, a document at a time."""
    library = [module for module in modules() if not module.held_out]
    for module in library:
        yield "code", without_format(module.source)
    for text in _english(library):
        yield "english", without_format(text)
    for index in range(PROSE_DOCUMENTS):
        yield "generated", prose_document(PROSE_SEED, index)


def without_format(text: str) -> str:
    """The text less the lines that show what the GSM8K loop is to teach."""
    if not FORMAT.search(text):
        return text
    return "".join(line for line in text.splitlines(keepends=True) if not FORMAT.search(line))


def _english(library: list[Module]) -> Iterator[str]:
    yield from _topics()
    seen: set[str] = set()
    sources = [module.source for module in library]
    for source in (*sources, *_dependency_sources()):
        for docstring in _docstrings(source):
            if docstring not in seen:
                seen.add(docstring)
                yield docstring


def _topics() -> Iterator[str]:
    """The language reference's chapters that `help()` shows."""
    yield from (topics[name] for name in sorted(topics))


def _dependency_sources() -> Iterator[str]:
    for name in _DOCUMENTED:
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            continue
        for path in sorted(Path(spec.submodule_search_locations[0]).rglob("*.py")):
            if _LEFT_OUT.isdisjoint(path.parts[-4:]) and not path.name.startswith("test"):
                yield _text(path)


def _docstrings(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            if docstring and len(docstring) >= _SMALLEST:
                yield inspect.cleandoc(docstring)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
