"""Draw a picture: one app is prepared, and shown in all its sizes and looks."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from textual.pilot import Pilot

from tests.gallery.picture import LOOKS, NO_COLOUR, Picture, Shot
from tests.gallery.rest import RESTS_AT_LAST, PatientPilot, settled
from tests.gallery.svg import slim
from tests.known import the
from tests.pilot import running, until
from tui_trainer.app import TuiTrainer
from tui_trainer.reports.models import ModelOption
from tui_trainer.screens.tokens.screen import TokensScreen

HOMES = "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"
PROGRAM = "tui-trainer"
MODELS = (
    ModelOption("builtin", "small Qwen3, ships with this program", 8_800_000),
    ModelOption("smollm2", "SmolLM2-135M-Instruct, 4-bit GGUF", 98_400_000),
    ModelOption("Qwen/Qwen3-1.7B-Base", "in the Hub cache", 3_440_000_000),
)
"""What the picker finds, whichever are there."""


FREE_MEMORY = 24_000_000_000


@contextmanager
def own_machine(*, colours: bool) -> Iterator[None]:
    """Runs, theme and configuration are nobody's, and nothing tells whose machine it is.

    With threads that are told, the top row has the device there: not how many threads others
    leave. The command of the settings is that of a program which is installed.
    """
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as home:
        for name in HOMES:
            patch.delenv(name, raising=False)
        patch.setenv("HOME", home)
        work = Path(home) / "course"  # a name that is shown
        work.mkdir()
        patch.chdir(work)
        program = Path(home) / PROGRAM
        program.touch(mode=0o755)
        patch.setenv("PATH", home, prepend=os.pathsep)
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setattr("tui_trainer.engine.engine.local_models", lambda: list(MODELS))
        # A number of other length would break a line elsewhere.
        patch.setattr("tui_trainer.engine.accelerator.available_memory", lambda: FREE_MEMORY)
        if not colours:
            patch.setenv("NO_COLOR", "1")  # an app reads it as it is made
        yield


async def draw(
    picture: Picture, look: Callable[[TuiTrainer, Shot], None] = lambda app, shot: None
) -> dict[Shot, str]:
    """All that there is of it as SVG; `look` sees the app as each is drawn."""
    drawn: dict[Shot, str] = {}
    colourless = tuple(shot for shot in picture.shots if shot.look == NO_COLOUR)
    coloured = tuple(shot for shot in picture.shots if shot.look != NO_COLOUR)
    for shots in filter(None, (coloured, colourless)):
        with own_machine(colours=shots is coloured):
            async for app, shot in shown_as(picture, shots):
                drawn[shot] = slim(app.export_screenshot(title="tui-trainer"))
                look(app, shot)
    return drawn


async def shown_as(
    picture: Picture, shots: tuple[Shot, ...]
) -> AsyncIterator[tuple[TuiTrainer, Shot]]:
    """One app, prepared once, in one size and look after another."""
    async with running(size=shots[0].size, greets=picture.greets) as (app, pilot):
        await until(pilot, lambda: the(TokensScreen, app.screen).shown is not None)
        let_go = await picture.prepare(PatientPilot(app))
        try:
            await settled(app, RESTS_AT_LAST)
            for shot in shots:
                await show_as(pilot, shot, clears=not picture.notifies)
                yield app, shot
        finally:
            if let_go is not None:
                let_go()


async def show_as(pilot: Pilot[int], shot: Shot, *, clears: bool) -> None:
    """In that size and look; `clears` what was notified, which goes by the clock."""
    app = the(TuiTrainer, pilot.app)
    app.theme = LOOKS[shot.look]
    if app.size != shot.size:
        await pilot.resize_terminal(*shot.size)
    await settled(app)
    if app._news:
        app._forget_news(app._news)  # it goes by the clock
        await settled(app)
    while clears and app._notifications:
        app.clear_notifications()
        await settled(app)
