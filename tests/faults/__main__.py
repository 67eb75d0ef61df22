"""A run of a tiny model on a disk that fails: `python -m tests.faults --errno EIO --sample 20`."""

import argparse
import errno
import os
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}

from tests.crash.process import made_apart
from tests.faults.layer import compiled
from tests.faults.walk import FULL, Walk
from tui_trainer.headless import halts

AGAIN_SECONDS = 0.05
"""After which a command looks whether there is room, which takes five seconds else."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--errno", nargs="+", default=["EIO", "ESTALE", "ENOSPC", "EDQUOT"])
    parser.add_argument("--sample", type=int, help="so many of the calls, else all")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tui-trainer-faults-"))
    if "LD_PRELOAD" not in os.environ:
        again = [sys.executable, "-m", "tests.faults", *sys.argv[1:]]
        os.execve(sys.executable, again, os.environ | {"LD_PRELOAD": str(compiled(folder))})
    for what in ("DATA", "STATE", "CONFIG", "CACHE"):
        os.environ[f"XDG_{what}_HOME"] = str(folder / what.lower())
    setattr(halts, "RETRY_SECONDS", AGAIN_SECONDS)  # noqa: B010 - it is another's import
    walk = Walk(made_apart(folder / "GPT2"), folder)
    try:
        for name in given.errno:
            _walk(walk, getattr(errno, name), given.sample, random.Random(given.seed))
    except Exception:  # whatever it is, the seed and the state belong to it
        traceback.print_exc()
        print(f"{walk.state}; all of it is in {folder}", flush=True)
        return 1
    return 0


def _walk(walk: Walk, number: int, sample: int | None, draw: random.Random) -> None:
    began, told, resumed, refused = time.monotonic(), walk.told, walk.resumed, walk.refused
    count = walk.alone(number)
    firsts = list(range(1, count + 1))
    if sample is not None and sample < count:
        firsts = sorted(draw.sample(firsts, sample))
    walk.at_each(number, firsts)
    if number not in FULL:
        walk.at_one_in_ten(number, draw)
    print(
        f"{errno.errorcode[number]}: {len(firsts)} of {count} calls, {walk.told - told} runs told "
        f"of it, {walk.refused - refused} were refused, {walk.resumed - resumed} resumed, each as "
        f"the one that met nothing; {time.monotonic() - began:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
