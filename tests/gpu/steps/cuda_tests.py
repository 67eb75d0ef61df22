"""The tests that are marked `cuda`, by pytest as it is there: without a plugin, if need be."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from tests.gpu.process import ROOT
from tests.gpu.record import Record
from tests.gpu.step import Place

MARK = re.compile(r"\bpytest\.mark\.cuda\b")
REPORT = "cuda_tests.xml"
PASSED, FAILED = 0, 1
"""Pytest's status where it ran the tests; any other is of an import that fails, say."""
COUNTS = "tests", "failures", "errors", "skipped"


def look(place: Place, record: Record) -> None:
    """None failed; an older card has not all that they ask for, and those are skipped."""
    files = marked_files(ROOT / "tests")
    record.figure("files", [str(Path(file).relative_to(ROOT)) for file in files])
    if not files:
        raise RuntimeError("no file of tests has the mark `cuda`")
    report = place.folder / REPORT
    report.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-m", "cuda", "--junit-xml", str(report)),
        # What pyproject.toml adds is of plugins that need not be there.
        *("-o", "addopts=", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestConfigWarning"),
    ]
    # What pytest finds of plugins is not what another machine has.
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ended = subprocess.run([*command, *files], cwd=ROOT, env=environment, check=False)
    if ended.returncode not in (PASSED, FAILED):
        raise RuntimeError(f"pytest could not run the tests: its status is {ended.returncode}")
    counts = counts_of(report)
    record.figure("counts", counts)
    record.at_least("tests that ran", counts["tests"] - counts["skipped"], 1, of_a_device=True)
    failed = counts["failures"] + counts["errors"]
    record.equal("tests that failed", failed, 0, of_a_device=True)


def marked_files(folder: Path) -> list[str]:
    """Those that have such a test: what others import may not be there."""
    return [str(path) for path in sorted(folder.rglob("test_*.py")) if is_marked(path)]


def is_marked(path: Path) -> bool:
    return MARK.search(path.read_text()) is not None


def counts_of(report: Path) -> dict[str, int]:
    """What pytest counted; it writes none where it could not begin."""
    suites = ElementTree.parse(report).getroot().iter("testsuite")
    totals = dict.fromkeys(COUNTS, 0)
    for suite in suites:
        for count in COUNTS:
            totals[count] += int(suite.get(count, 0))
    return totals
