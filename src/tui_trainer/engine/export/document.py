"""What was done, as the cells of a script or a notebook."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby

from tui_trainer.engine.export import loop_templates as templates
from tui_trainer.engine.export.loop_part import (
    LoopPlan,
    definition_cells,
    settings_told,
    steps_code,
)
from tui_trainer.engine.export.model_part import IMPORTS, model_cell
from tui_trainer.engine.export.origin import Origin
from tui_trainer.engine.export.step_part import State, dropout_functions, step_functions, step_lines
from tui_trainer.engine.export.template import render
from tui_trainer.engine.optimizers.step_memory import fuses_on
from tui_trainer.reports.actions import (
    ELSEWHERE,
    LOOP,
    SEED,
    UPDATE,
    Action,
    Done,
    Loop,
    LoopSteps,
)
from tui_trainer.reports.phases import STEP
from tui_trainer.settings.train import TrainSettings

TITLE = "What was done in tui-trainer, in plain PyTorch and transformers."
PRINTS = "It prints the loss of each update as it was before the update."
LOST = (
    "Something that the history does not hold has changed the weights: from there on the "
    "script's losses are others."
)
TAKEN_UP = (
    "A loop went on from step {} on weights that were loaded again, with an optimizer that had "
    "made the steps before: the script's had not, so its losses are others."
)
PLAINLY = (
    "The losses were made with less work than here ({}), so they agree to about five digits, not "
    "to the last."
)
OTHER_DRAWS = (
    "The model drops {:g} of what passes its dropout, and {} draws other random numbers for it "
    "than the script does: the losses are as good as here, but they are others."
)
ON_A_GPU = (
    "On a GPU some backward passes add up in another order each time, so the losses agree with "
    "those of then, and of another run, in all but their last digits; what was done in tui-trainer "
    "--deterministic, and its script, take kernels that do not."
)
DETERMINISTIC = "It takes only kernels that give the same bits each time, as was done then."
DROPPED_ON_STEP = "The loop of GSM8K trains with the model's own."
RESUMED = (
    "It goes on from step {} of a run: model, optimizer and random numbers are those of the "
    "checkpoint, whose folder has to stay where it is."
)


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook, or one paragraph of a script: what it does, and how."""

    heading: str
    code: str


@dataclass(frozen=True)
class Document:
    """A script or notebook before it is text, and what is to be said about it."""

    cells: tuple[Cell, ...]
    notes: tuple[str, ...]
    """A sentence for each thing that it needs, or cannot repeat."""
    loops: dict[str, Loop]
    """By the name of the file that its items are to be written in."""

    @property
    def introduction(self) -> tuple[str, ...]:
        """The paragraphs on top."""
        versions = f"Made with torch {version('torch')}, transformers {version('transformers')}."
        return (TITLE, f"{PRINTS} {versions}", *self.notes)


def make_document(
    done: Sequence[Done], origin: Origin, pad_id: int, stem: str, *, script: bool
) -> Document:
    """What was `done`, in order; files beside it have names that begin with `stem`.

    Where `script` is False the cells are a notebook's, which does not know its own place.
    """
    actions = [action for action in done if isinstance(action, Action)]
    plans = loop_plans(done, pad_id, origin.context, stem)
    facts = origin.facts | ({"script"} if script else set())
    if any(action.dropout is not None for action in actions):
        facts |= {"dropout", "set_dropout"}
    facts_of = {number: facts | plan.facts for number, plan in plans.items()}
    all_facts = facts.union(*facts_of.values())
    if "dropout" in facts and actions:
        all_facts.add("seeded")

    cells = [
        Cell("Imports.", render(IMPORTS, all_facts)),
        Cell("The model, as it was loaded.", model_cell(origin, all_facts, SEED)),
    ]
    if functions := dropout_functions(actions, origin.hooked):
        cells.append(Cell(f"Dropout of the training cell. {DROPPED_ON_STEP}", functions))
    if functions := step_functions(actions, facts):
        cells.append(Cell("The training cell.", functions))
    state = State(fused=fuses_on(origin.device.partition(":")[0]))
    for part in in_parts(done):
        if isinstance(part, LoopSteps):
            cells += loop_cells(plans[part.number], part, facts_of[part.number], state)
        else:
            cells.append(action_cell(part, state))
    beside = {plan.problems: plan.loop for plan in plans.values() if plan.kind == "beside"}
    notes = (*notes_on_bits(origin), *notes_on(done, origin.dropout))
    return Document(tuple(cells), notes, beside)


def in_parts(done: Sequence[Done]) -> Iterator[LoopSteps | tuple[Action, ...]]:
    """Steps of a loop, and what was done between them; what is not known is apart from both."""
    for kind, group in groupby(done, key=lambda one: one.what in (LOOP, ELSEWHERE) and one):
        if isinstance(kind, LoopSteps):
            yield kind
        else:
            yield tuple(one for one in group if isinstance(one, Action))


def loop_plans(
    done: Sequence[Done], pad_id: int, context: int | None, stem: str
) -> dict[int, LoopPlan]:
    """Every loop by its number. Where Step has an optimizer too, theirs has another name."""
    loops: dict[int, list[LoopSteps]] = {}
    for one in done:
        if isinstance(one, LoopSteps):
            loops.setdefault(one.number, []).append(one)
    on_step = any(one.what in (UPDATE, STEP) for one in done)
    optimizer = "loop_optimizer" if on_step else "optimizer"
    endings = ("", *(f"-{n}" for n in range(2, len(loops) + 1)))
    return {
        number: LoopPlan(tuple(steps), f"{stem}-problems{ending}.jsonl", optimizer, pad_id, context)
        for (number, steps), ending in zip(loops.items(), endings, strict=False)
    }


def loop_cells(plan: LoopPlan, steps: LoopSteps, facts: set[str], state: State) -> list[Cell]:
    """What a loop needs, where these are its first steps, and the steps."""
    cells = []
    lines = [*state.mode(training=True), *state.drop(None)]
    if steps is plan.steps[0]:
        told = [Cell(line, "") for line in settings_told(plan.settings)]
        cells = told + [Cell(*cell) for cell in definition_cells(plan, facts)]
        if "dropout" in facts:
            lines.append(render(templates.RANDOM_NUMBERS, facts, seed=plan.settings.seed))
        if "split" in facts:
            cells.append(Cell(templates.LOOP_HEADING, steps_code(plan, facts)))
    if "split" in facts:
        lines.append(f"train({steps.first}, {steps.last})")
    else:
        lines.append(steps_code(plan, facts))
    made = (
        f"Step {steps.first}"
        if steps.first == steps.last
        else (f"Steps {steps.first} to {steps.last}")
    )
    return [*cells, Cell(f"{made} of {plan.loop.steps}.", "\n".join(lines))]


def action_cell(actions: tuple[Action, ...], state: State) -> Cell:
    if actions[0].what == ELSEWHERE:
        return Cell(LOST, "")
    return Cell("What was done on Step, in order.", step_lines(actions, state))


def notes_on_bits(origin: Origin) -> Iterator[str]:
    """Whether the script gives the same losses to the last bit; a CPU does."""
    if origin.deterministic:
        yield DETERMINISTIC
    elif origin.device != "cpu":
        yield ON_A_GPU


def notes_on(done: Iterable[Done], dropout: float) -> Iterator[str]:
    """A sentence for each thing that the script needs, or cannot repeat.

    `dropout` is the largest probability of the model's own, which its loops train with.
    """
    begun: set[int] = set()
    if any(one.what == ELSEWHERE for one in done):
        yield LOST
    for one in done:
        if isinstance(one, LoopSteps) and one.number not in begun:
            begun.add(one.number)
            resumed_at = one.loop.resumed_at
            if dropout and (drawn := list(drawn_otherwise(one.loop.settings))):
                yield OTHER_DRAWS.format(dropout, " and ".join(drawn))
            elif saved := list(less_work(one.loop)):
                yield PLAINLY.format(" and ".join(saved))
            if resumed_at:
                yield RESUMED.format(resumed_at)
            if one.first > resumed_at + 1:
                yield TAKEN_UP.format(one.first)


def less_work(loop: Loop) -> Iterator[str]:
    """What a loop leaves out by ways of its own; the script does it plainly."""
    settings = loop.settings
    if loop.apart:
        yield "one backward pass for the items of a batch"
    if settings.chunked_loss:
        yield "the loss in chunks"
    if settings.pack and settings.item_attention:
        yield "attention item by item"


def drawn_otherwise(settings: TrainSettings) -> Iterator[str]:
    """What draws the random numbers of dropout in another order, or by another generator."""
    if settings.pack and settings.item_attention:
        yield "attention item by item"
    if settings.compiled:
        yield "compiled code"
