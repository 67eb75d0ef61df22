"""SIGHUP and SIGTERM at any moment: no reported step is lost, and each terminal is as it was."""

import os
import re
import subprocess
import sys
from tempfile import TemporaryDirectory

import pytest


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_views_that_are_hung_up_on_and_engines_that_are_told_to_end_lose_nothing() -> None:
    with TemporaryDirectory(prefix="tt-") as folder:  # the path of a socket is short
        ended = subprocess.run(
            [sys.executable, "-m", "tests.hangups", "--hangups", "6", "--terms", "4"],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"TMPDIR": folder},
        )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = re.search(r"(\d+) signals to views, \d+ of which had drawn, (\d+) to eng", ended.stdout)
    assert told is not None
    assert int(told[1]) + int(told[2]) == 11  # the last ends the last engine
