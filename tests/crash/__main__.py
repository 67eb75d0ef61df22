"""Kills a run of a tiny model with dropout: `python -m tests.crash --kills 200 --seed 0`."""

import argparse
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}

from tests.crash.kills import Kills
from tests.crash.process import made_apart


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--inside", type=int, help="of them inside a checkpoint (a quarter)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tui-trainer-crash-"))
    for what in ("DATA", "STATE", "CONFIG", "CACHE"):
        os.environ[f"XDG_{what}_HOME"] = str(folder / what.lower())
    source = made_apart(folder / "GPT2")
    inside = given.kills // 4 if given.inside is None else given.inside
    kills = Kills(source, folder, given.seed, given.kills, inside)
    return _report(kills)


def _report(kills: Kills) -> int:
    began = time.monotonic()
    try:
        kills.run()
    except Exception:  # whatever it is, the seed and the state belong to it
        traceback.print_exc()
        print(f"seed {kills.seed}: {kills.state}; all of it is in {kills.folder}", flush=True)
        return 1
    print(
        f"seed {kills.seed}: {kills.kills} kills, {kills.inside} inside a checkpoint, "
        f"{kills.finished} runs finished, each as the one left alone; "
        f"{time.monotonic() - began:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
