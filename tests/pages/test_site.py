"""The site is built as the Makefile says, and a link that leads nowhere ends that."""

import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from tests.pages.console import ROOT

HOOK = "tests/pages/site.py"
BUILD = re.compile(r"/mkdocs (build .+)$", re.MULTILINE)
DEAD = "nowhere.md", "../nothing.py", "runs.md#none"


@pytest.mark.long
def test_a_link_that_leads_nowhere_ends_make_check(tmp_path: Path) -> None:
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text(config.replace(HOOK, str(ROOT / HOOK)), encoding="utf-8")
    copytree(ROOT / "docs", tmp_path / "docs")
    whole = build(tmp_path)
    assert whole.returncode == 0, whole.stderr
    with (tmp_path / "docs" / "cluster.md").open("a", encoding="utf-8") as page:
        page.writelines(f"[planted]({link})\n" for link in DEAD)
    broken = build(tmp_path)
    assert broken.returncode == 1
    assert all(link in broken.stderr for link in DEAD)


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """What `make site` runs, on another folder's pages."""
    found = BUILD.search((ROOT / "Makefile").read_text(encoding="utf-8"))
    assert found
    command = [sys.executable, "-m", "mkdocs", *found[1].split()]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
