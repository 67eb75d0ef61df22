"""What the bench's screen says, fit for a terminal."""

from collections.abc import Sequence

from textual.content import Content

from tui_trainer.reports.bench_result import BenchReport, BenchResult
from tui_trainer.runs.benches import DamagedBench, KeptBench, benches_home
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.words.numbers import duration
from tui_trainer.xdg import from_home

NAME_CHARACTERS = 50
BAR, BAR_WIDE = 12, 30
LOOP_WIDTH = 11

Listed = KeptBench | DamagedBench | BenchResult
"""What can be on show; a result alone could not be kept."""


FIRST_BENCH = (
    "The first bench is being made: its tables are here once it has ended.\n"
    "s ends it; then nothing of it is kept."
)


def no_bench() -> str:
    """How to make the first one."""
    return (
        "There is no bench on disk yet.\n\n"
        "Press b: the notebook's loop by hand, tutorial, tuned, Hugging Face's Trainer "
        "and, where it is installed, TRL's SFTTrainer train the loaded model on the "
        "problems of GSM8K, each alone in a process of its own and in turn over several "
        "rounds. enter changes for how long.\n\n"
        "`tui-trainer bench` makes one too.\n\n"
        f"They are kept in {visible(from_home(benches_home()))}"
    )


def describe_next(settings: BenchSettings, loops: int) -> str:
    """What b would do, and how long it takes at least."""
    seconds = loops * settings.rounds * settings.seconds
    return (
        f"b measures {loops} loops, {settings.rounds} rounds of {settings.seconds:g} s "
        f"({duration(seconds).strip()} and loading) on {visible_source(settings.problems, 20)}"
    )


def describe_progress(report: BenchReport | None, *, wide: bool) -> Content:
    """A bar and which loop runs now; nothing in it moves as the numbers grow."""
    if report is None:
        return Content("being started")
    width = BAR_WIDE if wide else BAR
    what = (
        f"round {report.round}/{report.rounds} {report.loop:<{LOOP_WIDTH}}"
        if report.run
        else "the model, the items, the device's peak"
    )
    done = max(0, (report.run - 1) * width // report.runs)
    return Content.assemble(
        ("━" * done, "$data"),
        ("─" * (width - done), "$context"),
        f" run {report.run:>2}/{report.runs} {what} {duration(report.seconds)}",
    )


def describe_listed(listed: Sequence[Listed], row: int) -> str:
    """Which of all benches is on show."""
    bench = listed[row]
    name = "not kept on disk"
    if not isinstance(bench, BenchResult):
        name = visible(bench.path.name, limit=NAME_CHARACTERS)
    newest = ", the newest" if row == 0 and len(listed) > 1 else ""
    return f"bench {len(listed) - row} of {len(listed)}{newest} · {name}"
