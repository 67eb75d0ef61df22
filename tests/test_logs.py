"""The log has what was typed and trained on: it is its owner's alone."""

import os
import subprocess
import sys
from pathlib import Path


def test_the_log_is_private_also_where_one_from_before_was_not(tmp_path: Path) -> None:
    folder = tmp_path / "tui-trainer"
    folder.mkdir(mode=0o755)
    (folder / "log").write_text("before")
    (folder / "log").chmod(0o644)
    check = "import logging; from tui_trainer.logs import *; log_to_file(); logging.info('now')"
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", check], env=environment, umask=0o022, check=True)
    assert "now" in (folder / "log").read_text()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "log").stat().st_mode & 0o777 == 0o600
