"""A run on disk, and a model that was saved, in words fit for a terminal."""

from typing import TYPE_CHECKING

from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.words.numbers import counted, nats
from tui_trainer.words.times import moment

if TYPE_CHECKING:
    from tui_trainer.reports.runs import RunStep
    from tui_trainer.runs.description import Parent, RunDescription
    from tui_trainer.runs.saved_models import SavedModel

NAME_CHARACTERS = 60


def run_cells(run: "RunDescription", steps: str) -> tuple[str, ...]:
    """When it began, its model and problems, its `steps`, its last and best loss, its state."""
    return (
        moment(run.started),
        visible_source(run.model.name, NAME_CHARACTERS),
        visible_source(run.data.problems, NAME_CHARACTERS),
        steps,
        nats(run.tally.last),
        nats(run.tally.best),
        run.state,
    )


def describe_losses(run: "RunDescription") -> str:
    first, last, best = map(nats, (run.tally.first, run.tally.last, run.tally.best))
    return f"loss: first {first}, last {last}, best {best}"


def describe_run_step(left_by: "RunStep") -> str:
    """Which weights: `step 42 of 2026-11-30-builtin-5`."""
    return f"step {left_by.step:,} of {visible(left_by.run, limit=NAME_CHARACTERS)}"


def describe_parent(parent: "Parent") -> str:
    return f"resumed from {visible(parent.run, limit=NAME_CHARACTERS)} at step {parent.step:,}"


def describe_on_step(updates: int) -> str:
    """Updates that are no steps of the run, though its weights have them."""
    return f"{counted(updates, 'update')} made on Step between its steps"


def describe_checkpoints(
    steps: tuple[int, ...], best: int | None = None, most: int | None = None
) -> str:
    """Of which steps, the oldest first, with a word behind the `best`; with `most` of them, the
    newest."""
    told = steps if most is None else tuple(reversed(steps))[:most]
    listed = ", ".join(f"{step:,}{' best' if step == best else ''}" for step in told)
    more = len(steps) - len(told)
    of = "checkpoint of step" if len(steps) == 1 else "checkpoints of steps"
    apart = f", best {best:,}" if best is not None and best not in told else ""
    return f"{of} {listed}" + (f" and {more:,} more{apart}" if more else "")


def describe_versions(run: "RunDescription") -> str:
    return ", ".join(f"{visible(name)} {visible(of)}" for name, of in run.versions.items())


def describe_saved_model(saved: "SavedModel") -> str:
    """What an own model was made from."""
    return f"saved: {saved.model} after {counted(saved.updates, 'update')}"
