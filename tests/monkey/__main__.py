"""`python -m tests.monkey --actions 100000 --seed 7`: exit status 1 where something is wrong."""

import argparse
import asyncio
import sys
import time

from tests.monkey.ground import on_a_ground_of_its_own
from tests.monkey.run import find_wrong
from tests.monkey.watch import Watch


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.monkey", description=__doc__)
    parser.add_argument("--actions", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shrink-seconds", type=float, default=300.0)
    parser.add_argument("--keep-going", action="store_true", help="find more than one")
    arguments = parser.parse_args()
    began, found = time.monotonic(), 0
    seed, left = arguments.seed, arguments.actions
    with on_a_ground_of_its_own() as model:
        while left > 0:
            watch = Watch(seed)
            seconds = arguments.shrink_seconds
            report = asyncio.run(find_wrong(left, seed, model, seconds, watch.beat))
            watch.end()
            left -= report.made
            print(report, flush=True)
            if report.wrong is None:
                break
            found += 1
            if not arguments.keep_going:
                break
            seed += 1
    print(
        f"{arguments.actions - left:,} actions in {time.monotonic() - began:.0f} s, {found} wrong"
    )
    return 1 if found else 0


sys.exit(main())
