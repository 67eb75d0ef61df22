"""The settings of a GSM8K loop: its form, what they cost, and one line that tells them."""

from dataclasses import replace
from functools import partial

from textual.content import Content

from tui_trainer.configuration.layers import Configuration
from tui_trainer.failures import Failure
from tui_trainer.protocol.loop_names import BENCH
from tui_trainer.protocol.loops import ReckonLoop
from tui_trainer.reports.loop import LoopCost
from tui_trainer.runs.pace import pace_of_runs
from tui_trainer.screens.dialogs.form import FormOf
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.session.disk import in_thread
from tui_trainer.session.session import Session
from tui_trainer.settings.fields import fields_of
from tui_trainer.settings.presets import PRESETS, differing, nearest_preset
from tui_trainer.settings.train import TrainSettings
from tui_trainer.words.costs import loop_costs
from tui_trainer.words.numbers import learning_rate
from tui_trainer.words.settings import shown
from tui_trainer.words.signs import WARNING

BENCH_GOES = "what it costs is not reckoned beside a bench"
ALWAYS_TOLD = "problems", "items", "lr", "optimizer", "seed"
CONFIGURED = "configured"
"""What config.toml and the environment say, where that is none of the presets."""


def loop_form(configuration: Configuration) -> FormOf[TrainSettings]:
    """The presets with what is configured beside them: nothing of that is a change."""
    presets = {name: configuration.training(name) for name in PRESETS}
    configured = configuration.training()
    if configured not in presets.values():
        presets = {CONFIGURED: configured} | presets
    nearest = partial(nearest_preset, presets=presets)
    return FormOf("Settings of the next run", presets, TrainSettings, nearest)


def make_form(session: Session, settings: TrainSettings, at: str) -> SettingsForm[TrainSettings]:
    """The form, which asks the worker what is typed would cost; the cursor `at` a setting."""

    async def cost(typed: TrainSettings) -> Content:
        return (await reckon_cost(session, typed))[0]

    form, usual = loop_form(session.configuration), session.configuration
    return SettingsForm(form, settings, session.choice, cost, usual, at, session.updates)


async def reckon_cost(session: Session, settings: TrainSettings) -> tuple[Content, ...]:
    """What a run with these settings would cost, in full and shorter, or why that is not known."""
    if session.is_live(BENCH):
        return (Content(BENCH_GOES),)
    failures: list[Failure] = []
    reckoned = await session.ask(ReckonLoop(settings), failures.append)
    if reckoned is None:
        return (Content(session.sentence_of(failures[0])),)
    return tell_cost(await with_pace(session, reckoned, settings), settings)


async def with_pace(session: Session, cost: LoopCost, settings: TrainSettings) -> LoopCost:
    """Before the first loop here the time is that which a run on disk of this model took."""
    if cost.pace is not None or (status := session.status) is None:
        return cost
    found = await in_thread(partial(pace_of_runs, status.model, settings))
    return cost if found is None else replace(cost, pace=found.tokens_per_second, run=found.run)


def tell_cost(cost: LoopCost, settings: TrainSettings) -> tuple[Content, ...]:
    """A line, in full first, then with less; memory that is not there is marked."""
    lines = loop_costs(cost, settings)
    if cost.memory.fits:
        return tuple(map(Content, lines))
    mark, style = WARNING.said("")
    return tuple(Content.assemble((mark, style), (line, style)) for line in lines)


def describe_settings(
    settings: TrainSettings, lr_now: float | None = None, lr_asked: float | None = None
) -> str:
    """One line: what differs from the preset, with a star, then what is always of interest.

    `lr_now` is told first where a schedule, or a key, has made it another than the highest, and so
    is `lr_asked`, which the highest was asked to become: a short line still has them.
    """
    name = nearest_preset(settings)
    changed = differing(settings, PRESETS[name])
    told = [field for field in fields_of(TrainSettings) if field.name in ALWAYS_TOLD]
    usual = [field for field in told if field not in changed]
    parts = {field.name: f"{field.label} {shown(field, settings)}*" for field in changed}
    parts |= {field.name: f"{field.label} {shown(field, settings)}" for field in usual}
    now = ""
    if lr_now is not None and lr_now != settings.lr:
        now = f" ({learning_rate(lr_now, 2)} now)"
    asked = ""
    if lr_asked is not None and lr_asked != settings.lr:
        asked = f" → {learning_rate(lr_asked)}"
    first = [f"{parts.pop('lr')}{asked}{now}"] if now or asked else []
    return " · ".join([*first, f"{name}, * changed" if changed else name, *parts.values()])
