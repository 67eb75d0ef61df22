"""`tui-trainer bench`: the loops side by side on this machine."""

import argparse
from collections.abc import Iterator

from tui_trainer.engine.bench.turns import installed_loops, run_bench
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.errors import InputError, UnfinishedError
from tui_trainer.headless.arguments import (
    add_model_arguments,
    add_settings,
    model_choice,
    read_settings,
    whole,
)
from tui_trainer.headless.bars import RunBar
from tui_trainer.headless.interrupts import whole_steps
from tui_trainer.headless.output import Output
from tui_trainer.headless.session import shown_progress
from tui_trainer.reports.bench_result import BenchReport, BenchResult
from tui_trainer.runs.benches import (
    DamagedBench,
    KeptBench,
    bench_lines,
    benches_home,
    keeping,
    list_benches,
    loop_lines,
)
from tui_trainer.say import say
from tui_trainer.settings.bench import LOOPS, SFT_TRAINER, BenchSettings
from tui_trainer.terminal_text import visible
from tui_trainer.words.bench_tables import failure_lines, report_lines
from tui_trainer.words.numbers import are, counted

PEERS_EXTRA = "pip install 'tui-trainer[peers]'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    known = "; ".join(f"{name}: {what}" for name, what in LOOPS.items())
    parser.description = (
        "Run several training loops on the same model and items, each alone in a process of its "
        "own and in turn over several rounds: tokens a second, milliseconds a step by phase, "
        "peak memory, the share of the device's measured peak, and the held-out loss at equal "
        f"time and at equal tokens. What came of it is kept on disk. The loops are {known}."
    )
    parser.add_argument(
        "--loops",
        metavar="NAMES",
        help=f"with commas between them (all that are installed): {', '.join(LOOPS)}",
    )
    add_settings(parser, BenchSettings)
    parser.add_argument(
        "--no-keep", action="store_true", help="do not keep what came of it on disk"
    )
    parser.add_argument(
        "--last",
        type=whole,
        nargs="?",
        const=1,
        metavar="N",
        help="measure nothing: show the last bench that was kept, or the N-th last",
    )
    add_model_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, output: Output) -> None:
    if arguments.last is not None:
        show_kept(kept_bench(arguments.last), output)
        return
    settings = read_settings(BenchSettings, arguments)
    choice = model_choice(arguments)
    loops = chosen_loops(arguments.loops)
    with shown_progress() as progress:
        # A path mistyped is told at once, not after a large model was loaded.
        load_problems(settings.problems, limit=1, progress=progress)
    reports = run_bench(choice, settings, loops, on_terminal=True)
    last = follow(whole_steps(reports if arguments.no_keep else keeping(reports)))
    if last.result is not None:
        write_result(output, last, last.result)


def follow(reports: Iterator[BenchReport]) -> BenchReport:
    """The last report of a bench, with a bar on standard error meanwhile."""
    bar = None
    try:
        for report in reports:
            if report.run and report.result is None:  # a download draws a bar of its own
                bar = bar or RunBar(report.runs)
                bar.show(report)
    finally:
        if bar is not None:
            bar.close()
    return report


def chosen_loops(names: str | None) -> list[str]:
    """The loops to run, in the order of `LOOPS`; InputError where one is not known."""
    if names is None:
        return _installed_loops()
    wanted = {name.strip() for name in names.split(",")}
    for name in sorted(wanted - LOOPS.keys()):
        raise InputError(f"There is no loop {name!r}: use some of {', '.join(LOOPS)}.")
    return [loop for loop in LOOPS if loop in wanted]


def _installed_loops() -> list[str]:
    """All that can run here; says what is left out."""
    loops = installed_loops()
    if SFT_TRAINER not in loops:
        say(f"TRL is not installed, so {SFT_TRAINER} is left out: {PEERS_EXTRA}.")
    return loops


def write_result(output: Output, report: BenchReport, result: BenchResult) -> None:
    """All figures; then InputError where they could not be kept, UnfinishedError where one failed.

    A loop that failed weighs more: what it says is told in any case.
    """
    for line in loop_lines(result) if output.as_json else ():
        output.json(line)
    for text in () if output.as_json else report_lines(result):
        output.text(text)
    if report.kept is not None and not output.as_json:
        output.text(f"kept as {visible(str(benches_home() / report.kept))}")
    failures = " ".join(failure_lines(result.loops))
    if failures:
        lost = f" {report.not_kept}" if report.not_kept is not None else ""
        raise UnfinishedError(f"No ratio is given to what failed. {failures}{lost}")
    if report.not_kept is not None:
        raise InputError(report.not_kept)


def kept_bench(number: int) -> KeptBench:
    """The `number`-th last bench on disk that can be read; what cannot is told."""
    if number < 1:
        raise InputError(f"--last counts from 1, the last one, not {number}.")
    benches = list_benches()
    for bench in benches:
        if isinstance(bench, DamagedBench):
            say(bench.why)
    kept = [bench for bench in benches if isinstance(bench, KeptBench)]
    if number > len(kept):
        home = benches_home()
        raise InputError(
            f"There {are(len(kept))} {counted(len(kept), 'bench', 'benches')} in {home}: give "
            "--last a lower number."
            if kept
            else f"There is no bench in {home} yet: `tui-trainer bench` keeps each."
        )
    return kept[number - 1]


def show_kept(bench: KeptBench, output: Output) -> None:
    """As it was printed when it ended; with `--json` a line for all loops comes first."""
    if output.as_json:
        for line in bench_lines(bench.result):
            output.json(line)
        return
    output.text(visible(str(bench.path)))
    for text in report_lines(bench.result):
        output.text(text)
