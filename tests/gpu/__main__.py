"""`python -m tests.gpu`: the steps one after the other, and what came of them."""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.gpu.process import run_step
from tests.gpu.step import Outcome, Place, Step
from tests.gpu.steps import STEPS
from tests.gpu.table import outcome_lines, show, summary

ALL_SECONDS = {True: 540.0, False: 1800.0}
"""On a device, and on a CPU."""
LINES = "steps.jsonl"
NO_CUDA = (
    "there is no CUDA device that torch can use here: run it on a machine that has one, or with "
    "--device cpu --small to see that the script itself works"
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = make_parser()
    chosen = parser.parse_args(arguments)
    if chosen.list:
        for step in STEPS:
            print(f"{step.name:<16}{step.limit:4.0f} s  {step.shows}")
        return 0
    steps = [step for step in STEPS if not chosen.only or step.name in chosen.only]
    if unknown := set(chosen.only) - {step.name for step in STEPS}:
        parser.error(f"there is no step {', '.join(sorted(unknown))}: see --list")
    if chosen.device == "cpu" and not chosen.small:
        parser.error("on a CPU give --small too: Qwen3-1.7B's shapes would take hours there")
    if chosen.device != "cpu" and not has_cuda():
        parser.error(NO_CUDA)
    folder = chosen.out or Path(tempfile.mkdtemp(prefix="tui-trainer-gpu-"))
    folder.mkdir(parents=True, exist_ok=True)
    show(f"results go to {folder.resolve()}")
    device = "cuda:0" if chosen.device == "cuda" else chosen.device
    place = Place(device, chosen.small, folder.resolve())
    outcomes = run_steps(steps, place, chosen.seconds or ALL_SECONDS[place.on_device])
    show(summary(outcomes, place.folder))
    return 1 if any(outcome.passed is False for outcome in outcomes) else 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.gpu", description=sys.modules["tests.gpu"].__doc__
    )
    parser.add_argument("--device", default="cuda", help="cuda:N or cpu (cuda:0)")
    parser.add_argument(
        "--small", action="store_true", help="the built-in model instead of Qwen3-1.7B's shapes"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where lines and logs go")
    parser.add_argument(
        "--only", action="append", default=[], metavar="STEP", help="this one; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="the steps, and what they show")
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="S",
        help=f"for all steps together ({ALL_SECONDS[True]:.0f}); what is left out has failed",
    )
    return parser


def has_cuda() -> bool:
    """Makes no context on a card."""
    import torch  # noqa: PLC0415  # seconds, which --list and wrong usage need not wait for

    return torch.cuda.is_available()


def run_steps(steps: Sequence[Step], place: Place, seconds: float) -> list[Outcome]:
    """Each in turn; its line is on disk, and its part of the table shown, before the next."""
    ends = time.monotonic() + seconds
    outcomes = []
    lines = place.folder / LINES
    lines.unlink(missing_ok=True)
    for step in steps:
        outcome = run_step(step, place, ends - time.monotonic())
        with lines.open("a") as file:
            print(json.dumps(outcome.as_line(), allow_nan=False), file=file)
        for line in outcome_lines(outcome):
            show(line)
        outcomes.append(outcome)
    return outcomes


if __name__ == "__main__":
    # A signal unwinds, so that the step that runs is ended too.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # what was found until then is in its folder
        sys.exit(128 + signal.SIGINT)
