"""`tui-trainer devices`: what a model can be put on, and what of it does not answer."""

import argparse

from tui_trainer.engine.start import make_engine
from tui_trainer.headless.output import Output
from tui_trainer.headless.session import shown_progress
from tui_trainer.reports.models import DeviceReport
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import byte_count
from tui_trainer.words.table import TextColumn, table

COLUMNS = (
    TextColumn("--device", 0, left=True),
    TextColumn("free", 8),
    TextColumn("of", 8),
    TextColumn("what", 0, left=True),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "List the devices that a model can be put on, the one that --device auto takes first, and "
        "those that do not answer, with the reason."
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace, output: Output) -> None:
    with shown_progress() as progress:
        devices = make_engine(progress).devices()
    if output.as_json:
        for device in devices:
            output.json(
                {
                    "device": device.name,
                    "label": device.label,
                    "free_bytes": device.free_bytes,
                    "total_bytes": device.total_bytes,
                    "problem": device.problem or None,
                }
            )
        return
    for line in table(COLUMNS, (_cells(device) for device in devices)):
        output.text(line)


def _cells(device: DeviceReport) -> tuple[str, ...]:
    memory = byte_count(device.free_bytes), byte_count(device.total_bytes)
    problem = f"does not answer: {device.problem}" if device.problem else ""
    what = ", ".join(filter(None, (device.label, problem)))
    return device.name, *memory, visible(what)
