"""Signals to views and engines: `python -m tests.hangups --hangups 200 --terms 100 --seed 0`."""

import argparse
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}

from tests.crash.process import made_apart
from tests.engines_begun import end_engines
from tests.hangups.signals import Signals


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hangups", description=__doc__)
    parser.add_argument("--hangups", type=int, default=200)
    parser.add_argument("--terms", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tt-"))  # the path of a socket is short
    for what in ("DATA", "STATE", "CONFIG", "CACHE"):
        os.environ[f"XDG_{what}_HOME"] = str(folder / what.lower())
    (folder / "run").mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(folder / "run")
    source = made_apart(folder / "GPT2")
    sent = Signals(source, folder / "run", folder / "state", given.seed)
    began = time.monotonic()
    try:
        sent.run(given.hangups, given.terms)
    except Exception:  # whatever it is, the seed and the state belong to it
        traceback.print_exc()
        print(f"seed {given.seed}: {sent.told}; all of it is in {folder}", flush=True)
        return 1
    finally:
        end_engines(folder / "run")
    print(
        f"seed {given.seed}: {sent.to_views} signals to views, {sent.drawn} of which had drawn, "
        f"{sent.to_engines} to engines, {sent.engines_ended} of which ended; each terminal as it "
        f"was, no reported step lost; {time.monotonic() - began:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
