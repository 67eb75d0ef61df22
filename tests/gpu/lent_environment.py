"""An environment as a machine that was lent has: torch, transformers, and what they carry.

Made of links to what is installed here, so that nothing is downloaded: what is left out is not
there at all, for those too who only look whether a package is.
"""

import sys
import sysconfig
import venv
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.gpu.steps.versions import NEEDED


def make(folder: Path) -> Path:
    """Its interpreter."""
    installed = Path(sysconfig.get_path("purelib"))
    venv.create(folder, with_pip=False, symlinks=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / version / "site-packages"
    for name in sorted({top for package in carried(NEEDED) for top in tops(package)}):
        if (installed / name).exists():
            (packages / name).symlink_to(installed / name)
    return folder / "bin" / "python"


def carried(packages: Iterable[str]) -> set[str]:
    """These packages and all that they need, as far as it is installed."""
    found: set[str] = set()
    waiting = list(packages)
    while waiting:
        name = waiting.pop()
        if name not in found and (needed := requirements_of(name)) is not None:
            found.add(name)
            waiting += needed
    return found


def requirements_of(package: str) -> list[str] | None:
    """Without extras; None where the package is not installed."""
    try:
        told = distribution(package).requires or []
    except PackageNotFoundError:
        return None
    needed = map(Requirement, told)
    return [one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]


def tops(package: str) -> set[str]:
    """The files and folders that a package has put among the others."""
    files = distribution(package).files or []
    return {file.parts[0] for file in files if file.parts[0] != ".."}
