"""`tui-trainer bench`: the loops side by side on this machine."""

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tui_trainer.engine.bench.figures import COMPUTE_DTYPES, LoopFigures, fraction_of_peak, ratio
from tui_trainer.engine.bench.reports import HeldOut, Prepared
from tui_trainer.engine.bench.settings import LOOPS, SFT_TRAINER, BenchSettings
from tui_trainer.engine.errors import InputError, UnfinishedError
from tui_trainer.engine.problems import load_problems
from tui_trainer.headless.arguments import add_command, add_model_arguments, model_choice
from tui_trainer.headless.bars import RunBar
from tui_trainer.headless.bench_tables import report_lines
from tui_trainer.headless.bench_turns import prepare, take_turns
from tui_trainer.headless.output import Json, Output
from tui_trainer.headless.session import shown_progress

if TYPE_CHECKING:
    from tui_trainer.headless.arguments import Commands

DEFAULTS = BenchSettings()
PEERS_EXTRA = "pip install 'tui-trainer[peers]'"


def add(commands: "Commands") -> None:
    known = "; ".join(f"{name}: {what}" for name, what in LOOPS.items())
    parser = add_command(
        commands,
        "bench",
        "measure the training loops side by side on this machine",
        "Run several training loops on the same model and items, each alone in a process of its "
        "own and in turn over several rounds: tokens a second, milliseconds a step by phase, "
        "peak memory, the share of the device's measured peak, and the held-out loss at equal "
        f"time and at equal tokens. The loops are {known}.",
    )
    parser.add_argument(
        "--loops",
        metavar="NAMES",
        help=f"with commas between them (all that are installed): {', '.join(LOOPS)}",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=DEFAULTS.seconds,
        metavar="S",
        help=f"how long each loop trains in each round ({DEFAULTS.seconds:g}); loading comes on "
        "top",
    )
    for name, what in (
        ("rounds", "how often each loop runs"),
        ("items", "how many items to train on, over and over"),
        ("held-out", "the loss is measured on so many items after those"),
        ("seed", "for the built-in problems and the order"),
    ):
        default = getattr(DEFAULTS, name.replace("-", "_"))
        parser.add_argument(
            f"--{name}", type=int, default=default, metavar="N", help=f"{what} ({default:,})"
        )
    parser.add_argument(
        "--problems",
        metavar="SOURCE",
        default=DEFAULTS.problems,
        help="builtin (the default), a .jsonl or .parquet file, or a Hub data set as repo:config",
    )
    add_model_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, output: Output) -> None:
    settings = BenchSettings(
        problems=arguments.problems,
        items=arguments.items,
        held_out=arguments.held_out,
        seconds=arguments.seconds,
        rounds=arguments.rounds,
        seed=arguments.seed,
    )
    choice = model_choice(arguments)
    loops = chosen_loops(arguments.loops)
    with shown_progress() as progress:
        # A path mistyped is told at once, not after a large model was loaded.
        load_problems(settings.problems, limit=1, progress=progress)
    bar = RunBar(len(loops) * settings.rounds, settings.rounds)
    try:
        with tempfile.TemporaryDirectory(prefix="tui-trainer-bench-") as folder:
            prepared = prepare(choice, settings, Path(folder))
            figures = take_turns(choice, settings, loops, prepared, bar.show)
    finally:
        bar.close()
    write_figures(output, settings, prepared, figures)


def chosen_loops(names: str | None) -> list[str]:
    """The loops to run, in the order of `LOOPS`; InputError where one is not known."""
    if names is None:
        return [loop for loop in LOOPS if _installed(loop)]
    wanted = {name.strip() for name in names.split(",")}
    for name in sorted(wanted - LOOPS.keys()):
        raise InputError(f"There is no loop {name!r}: use some of {', '.join(LOOPS)}.")
    return [loop for loop in LOOPS if loop in wanted]


def _installed(loop: str) -> bool:
    """Whether it can run here; says so where it cannot."""
    if loop != SFT_TRAINER or importlib.util.find_spec("trl") is not None:
        return True
    print(
        f"tui-trainer: TRL is not installed, so {loop} is left out: {PEERS_EXTRA}.",
        file=sys.stderr,
    )
    return False


def write_figures(
    output: Output, settings: BenchSettings, prepared: Prepared, figures: Sequence[LoopFigures]
) -> None:
    """All figures; UnfinishedError afterwards where a loop failed."""
    if output.as_json:
        for loop in figures:
            output.json(figures_line(loop, prepared, figures))
    else:
        for line in report_lines(settings, prepared, figures):
            output.text(line)
    failures = [f"{loop.loop} failed: {loop.failed}" for loop in figures if loop.failed is not None]
    if failures:
        raise UnfinishedError(f"No ratio is given to what failed. {' '.join(failures)}")


def figures_line(
    figures: LoopFigures, prepared: Prepared, others: Sequence[LoopFigures]
) -> dict[str, Json]:
    """The JSON of a loop: every figure is null where it failed."""
    line: dict[str, Json] = {
        "loop": figures.loop,
        "model": prepared.name,
        "parameters": prepared.parameters,
        "device": prepared.device,
        "rounds": figures.asked,
        "runs": len(figures.runs),
        "failed": figures.failed,
    }
    if figures.failed is not None:
        return line | dict.fromkeys(FIGURES)
    rate, phases = figures.tokens_per_second, figures.phases
    values: dict[str, Json] = {
        "precision": figures.precision,
        "tokens_per_second": rate.median,
        "tokens_per_second_low": rate.low,
        "tokens_per_second_high": rate.high,
        "step_tokens": figures.step_tokens,
        "step_ms": phases.step,
        "phases_ms": asdict(phases),
        "peak_memory_bytes": figures.peak_memory_bytes,
        "fraction_of_peak": fraction_of_peak(
            rate.median, prepared.flops_per_token, figures.precision, prepared.peaks
        ),
        "peak_flops": prepared.peaks[COMPUTE_DTYPES[figures.precision]],
        "held_out_loss_before": prepared.held_out_loss,
        "held_out_equal_time": asdict(figures.equal_time),
        "held_out_equal_tokens": _moment(figures.equal_tokens),
        "ratios": dict(ratios(figures, others)),
    }
    return line | {name: values[name] for name in FIGURES}


FIGURES = (
    "precision",
    "tokens_per_second",
    "tokens_per_second_low",
    "tokens_per_second_high",
    "step_tokens",
    "step_ms",
    "phases_ms",
    "peak_memory_bytes",
    "fraction_of_peak",
    "peak_flops",
    "held_out_loss_before",
    "held_out_equal_time",
    "held_out_equal_tokens",
    "ratios",
)


def _moment(moment: HeldOut | None) -> Json:
    return None if moment is None else asdict(moment)


def ratios(
    figures: LoopFigures, others: Sequence[LoopFigures]
) -> Iterator[tuple[str, dict[str, Json]]]:
    """Tokens a second against each other loop that did not fail."""
    for other in others:
        found = ratio(figures, other)
        if other.loop != figures.loop and found is not None:
            yield other.loop, asdict(found)
