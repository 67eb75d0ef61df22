"""Exports run as their reader would run them: in a process that knows nothing of this one."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# Several in one process: importing torch takes longer than all that tiny models do.
RUNNER = """
import contextlib, io, json, os, runpy, sys
import torch

told = {}
for path in sys.argv[1:]:
    torch.manual_seed(99)  # what a script needs of random numbers it has to see to
    torch.rand(7)
    os.chdir(os.path.dirname(path) if path.endswith(".ipynb") else "/")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        if path.endswith(".py"):
            runpy.run_path(path, run_name="__main__")
        else:
            names = {"__name__": "__main__"}
            with open(path) as file:
                cells = json.load(file)["cells"]
            for cell in cells:
                if cell["cell_type"] == "code":
                    exec("".join(cell["source"]), names)
    told[path] = [list(map(float, line.split())) for line in printed.getvalue().splitlines()]
print(json.dumps(told))
"""


def printed_losses(paths: Sequence[Path]) -> dict[Path, list[float]]:
    """The losses that each script or notebook prints, to the last bit."""
    return {path: [line[0] for line in lines] for path, lines in printed_numbers(paths).items()}


def printed_numbers(paths: Sequence[Path]) -> dict[Path, list[list[float]]]:
    """All that each prints, a list a line: a loss, and in a loop the norm of the gradients.

    Nothing of this package is at hand.
    """
    ended = subprocess.run(
        [sys.executable, "-I", "-c", RUNNER, *map(str, paths)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout.splitlines()[-1])
    return {Path(path): lines for path, lines in told.items()}
