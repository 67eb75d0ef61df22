"""`python -m tests.monkey --actions 100000 --seed 7`: exit status 1 where something is wrong."""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time

from tests.monkey.ground import on_a_ground_of_its_own
from tests.monkey.run import find_wrong
from tests.monkey.watch import Watch

SEEDS_APART = 1000
"""Between the first seeds of two monkeys; each takes the next where it goes on."""


def main() -> int:
    arguments = parse()
    began = time.monotonic()
    if arguments.jobs > 1:
        status, done = play_side_by_side(arguments)
    else:
        made, found = play(arguments)
        status, done = int(bool(found)), f"{made:,} actions, {found} wrong"
    print(f"{done}, in {time.monotonic() - began:.0f} s", flush=True)
    return status


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.monkey", description=__doc__)
    parser.add_argument("--actions", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="how many share the actions"
    )
    parser.add_argument("--shrink-seconds", type=float, default=300.0)
    parser.add_argument("--keep-going", action="store_true", help="find more than one")
    return parser.parse_args()


def play_side_by_side(arguments: argparse.Namespace) -> tuple[int, str]:
    """Monkeys in processes of their own: the exit status, and what was done."""
    share = -(-arguments.actions // arguments.jobs)
    monkeys: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    for job in range(arguments.jobs):
        command = [sys.executable, "-m", "tests.monkey", "--jobs", "1", "--actions", f"{share}"]
        command += ["--seed", f"{arguments.seed + SEEDS_APART * job}"]
        command += ["--shrink-seconds", f"{arguments.shrink_seconds}"]
        command += ["--keep-going"] if arguments.keep_going else []
        monkeys.append(subprocess.Popen(command))
    try:
        statuses = [monkey.wait() for monkey in monkeys]
    finally:
        for monkey in monkeys:
            monkey.terminate()
            monkey.wait()
    return int(any(statuses)), f"{arguments.jobs} monkeys, {share:,} actions each"


def play(arguments: argparse.Namespace) -> tuple[int, int]:
    """How many actions were made, and how much was wrong."""
    found, seed, left = 0, arguments.seed, arguments.actions
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
    return arguments.actions - left, found


sys.exit(main())
