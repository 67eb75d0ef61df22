"""A line as a shell reads it, and `tui-trainer` run in this process: a fresh one takes 5 s."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.headless.conftest import Ended

PROGRAM = "tui-trainer"
TO_FILE = re.compile(r"^(.*) > (\S+)$")


def words_of(line: str) -> list[str]:
    """What bash makes of a line: its quotes, `$'\\n'`, variables and patterns."""
    script = f"printf '%s\\0' {line}"
    read = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return read.stdout.split("\0")[:-1]


def run_line(line: str, program: Callable[..., Ended]) -> Ended:
    """What a line writes; `tui-trainer ... > FILE` writes its output there."""
    to_file = TO_FILE.match(line) if line.startswith(PROGRAM) else None
    name, *arguments = words_of(to_file[1] if to_file else line)
    if name != PROGRAM:
        ended = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
        return Ended(ended.returncode, ended.stdout, ended.stderr)
    ended_here = program(*arguments)
    if to_file is None:
        return ended_here
    Path(to_file[2]).write_text(ended_here.out, encoding="utf-8")
    return Ended(ended_here.status, "", ended_here.err)
