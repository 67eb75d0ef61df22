"""What the Runs screen says of a run, fit for a terminal."""

from collections.abc import Iterator, Sequence

from textual.content import Content

from tui_trainer.runs.curve import LossCurve
from tui_trainer.runs.deletion import Deletion
from tui_trainer.runs.description import ModelIdentity
from tui_trainer.runs.home import runs_home
from tui_trainer.runs.listing import DamagedRun, RunOnDisk
from tui_trainer.screens.gsm8k.settings import describe_settings
from tui_trainer.screens.runs.columns import CELL_CHARACTERS, Listed
from tui_trainer.screens.runs.row_words import describe_steps, marked
from tui_trainer.settings.fields import fields_of
from tui_trainer.settings.presets import PRESETS, differing, nearest_preset
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.words.numbers import byte_count, counted, duration, learning_rate, nats
from tui_trainer.words.precision import describe_precision
from tui_trainer.words.runs import (
    NAME_CHARACTERS,
    describe_checkpoints,
    describe_losses,
    describe_on_step,
    describe_parent,
    describe_versions,
)
from tui_trainer.words.settings import LABEL_WIDTH, shown
from tui_trainer.words.threads import with_threads
from tui_trainer.words.times import moment
from tui_trainer.xdg import from_home

CHECKPOINTS_SHOWN = 6


def no_runs() -> str:
    """How to make the first one."""
    return (
        "There is no run on disk yet.\n\n"
        "Press 5 and then space: each loop of GSM8K is written to disk as it goes, its settings, "
        "its losses and its checkpoints, and is listed here from its first step on. "
        "`tui-trainer gsm8k` makes one too.\n\n"
        f"They are kept in {visible(from_home(runs_home()))}"
    )


# The marked ones


def describe_differences(runs: Sequence[tuple[str, RunOnDisk]]) -> Content:
    """A line for each of the marked runs with its letter: what it has that not all of them have."""
    differing_in = [
        field
        for field in fields_of(TrainSettings)
        if len({getattr(run.description.settings, field.name) for _, run in runs}) > 1
    ]
    learners = [learner_facts(run.description.model) for _, run in runs]
    others = [name for name in learners[0] if len({facts[name] for facts in learners}) > 1]
    if not differing_in and not others:
        return Content.styled("The marked runs have the same settings and model.", "$context")
    lines = []
    for (letter, run), facts in zip(runs, learners, strict=True):
        parts = [f"{f.label} {shown(f, run.description.settings)}" for f in differing_in]
        parts += [f"{name} {facts[name]}" for name in others]
        lines.append(Content.assemble(marked(letter), "  ", " · ".join(parts)))
    return Content("\n").join(lines)


def learner_facts(model: ModelIdentity) -> dict[str, str]:
    """What a loss depends on beside the settings: updates made before a run are in its weights."""
    return {
        "model": visible_source(model.name, CELL_CHARACTERS),
        "precision": model.precision,
        "began with weights": model.fingerprint[:8],
    }


# The selected one


def describe_validated(step: int, curve: LossCurve, best: int | None) -> str:
    """`step 12 · val 0.701 best`: what was measured after that step, if anything was; `best` is the
    step that is the best of those that it could be."""
    at = [measured for measured in curve.validations if measured.place.step == step]
    validated = f" · val {nats(at[-1].loss)}" if at else ""
    return f"step {step:,}{validated}" + (" best" if step == best else "")


def best_of(run: RunOnDisk, curve: LossCurve) -> int | None:
    """The step of the best checkpoint by validation; a run of before that was told has it in its
    metrics alone."""
    measured = [one for one in curve.validations if one.place.step in run.checkpoints]
    found = min(measured, key=lambda one: one.loss, default=None)
    return run.best_checkpoint or (None if found is None else found.place.step)


def describe_when(run: Listed) -> str:
    """When it began, and how it ended."""
    if isinstance(run, DamagedRun):
        return ""
    return f"{moment(run.description.started)} · {run.state.value}"


def describe_run(run: RunOnDisk, curve: LossCurve, *, settings: bool = True) -> str:
    """Its name and what came of it, its settings where they are not told elsewhere, its
    checkpoints or how it failed."""
    described, tally = run.description, run.description.tally
    made = (
        f"{visible(run.name, limit=NAME_CHARACTERS)} · {tally.tokens:,} tokens, "
        f"{duration(tally.seconds).strip()} · loss {nats(tally.first)} → "
        f"{nats(tally.last)}"
    )
    # Of what is cut at the end of a line the last matters least.
    parts = [] if described.parent is None else [describe_parent(described.parent)]
    parts.append(checkpoints_line(run))
    if (best := curve.best_validation) is not None:
        parts.insert(0, describe_validated(best.place.step, curve, best.place.step))
    lr = last_lr(curve)
    if lr is not None:
        from_step = curve.lr_changes[-1].place.step + 1
        parts.insert(0, f"lr {learning_rate(lr, 2)} from step {from_step:,} on")
    if described.stop_reason:
        parts.insert(0, visible(described.stop_reason, limit=200))
    if described.failure is not None:
        parts.insert(0, f"failed: {visible(described.failure, limit=200)}")
    if described.updates_on_step:
        parts.append(f"{counted(described.updates_on_step, 'update')} on Step")
    set_so = (describe_settings(described.settings, lr_asked=lr),) if settings else ()
    return "\n".join((made, *set_so, " · ".join(parts)))


def last_lr(curve: LossCurve) -> float | None:
    """The learning rate that it was given last while it went; None where it kept its own."""
    return curve.lr_changes[-1].lr if curve.lr_changes else None


def describe_contents(run: Listed, size: int) -> str:
    """What would be deleted with it."""
    if isinstance(run, DamagedRun):
        return byte_count(size)
    steps, checkpoints = run.description.tally.step, len(run.checkpoints)
    return f"{counted(steps, 'step')}, {counted(checkpoints, 'checkpoint')}, {byte_count(size)}"


def describe_left(run: Listed, deletion: Deletion) -> str:
    """What deleting it left."""
    files = "".join(f"\n{visible(path, limit=NAME_CHARACTERS)}" for path in deletion.left[:5])
    more = len(deletion.left) - 5
    return f"Left in {visible(str(run.folder))}, since it is not of the run:{files}" + (
        f"\nand {more:,} more" if more > 0 else ""
    )


def checkpoints_line(run: RunOnDisk) -> str:
    """The last few of them, newest first, the best one marked."""
    if not run.checkpoints:
        return "no checkpoint to resume, load or evaluate"
    return describe_checkpoints(run.checkpoints, run.best_checkpoint, CHECKPOINTS_SHOWN)


# All of it


def details(run: RunOnDisk, size: int) -> Iterator[tuple[str, str, str]]:
    """All that `run.json` says, with the folder's bytes: of each part its title, its figure and its
    lines."""
    described = run.description
    model, data = described.model, described.data
    preset = nearest_preset(described.settings)
    differ = len(differing(described.settings, PRESETS[preset]))
    yield "run", describe_when(run), "\n".join(run_lines(run, size))
    yield "settings", f"{differ} not as in {preset} *", settings_lines(run)
    yield (
        "model",
        f"{visible(model.name, limit=CELL_CHARACTERS)} · {model.parameters:,} parameters",
        f"{visible(model.name)}: {visible(model.architecture)}, {visible(model.device)}, "
        f"{visible(describe_precision(model.device, model.precision, model.deterministic))}"
        f"{with_threads(model.device, model.threads)}\n"
        f"loaded from {visible(model.source)}\nfingerprint {visible(model.fingerprint)}",
    )
    yield (
        "data",
        counted(data.items, "item"),
        f"{visible(data.problems)}, fingerprint {visible(data.fingerprint)}",
    )


def settings_lines(run: RunOnDisk, lr: float | None = None) -> str:
    """Each setting on a line, with the nearest preset's where it differs; those that do first.

    `lr` is what it was given last while it went, if anything.
    """
    settings = run.description.settings
    name = nearest_preset(settings)
    changed = differing(settings, PRESETS[name])
    lines = []
    for field in sorted(fields_of(TrainSettings), key=lambda field: field not in changed):
        usual = f"   {name}: {shown(field, PRESETS[name])}" if field in changed else ""
        mark = "*" if field in changed else " "
        given = f" → {learning_rate(lr)}" if lr is not None and field.name == "lr" else ""
        lines.append(f"{mark} {field.label:<{LABEL_WIDTH}}{shown(field, settings)}{given}{usual}")
    return "\n".join(lines)


def run_lines(run: RunOnDisk, size: int) -> Iterator[str]:
    described, tally = run.description, run.description.tally
    yield f"started {visible(described.started)}, {described.state}"
    if described.failure is not None:
        yield visible(described.failure)
    yield (
        f"{describe_steps(tally.step, described.steps)} steps, {tally.tokens:,} tokens, "
        f"{duration(tally.seconds).strip()} of training"
    )
    yield f"{describe_losses(described)} nats"
    if described.updates_on_step:
        yield f"{describe_on_step(described.updates_on_step)}, on the same weights"
    yield checkpoints_line(run)
    if described.parent is not None:
        yield describe_parent(described.parent)
    yield describe_versions(described)
    yield f"{visible(str(run.folder))}, {byte_count(size)}"
