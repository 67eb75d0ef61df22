"""The part of an export that a training loop did: its items, its rows, its steps."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from tui_trainer.engine.export import loop_templates as templates
from tui_trainer.engine.export.template import Code, render
from tui_trainer.reports.actions import Loop, LoopSteps
from tui_trainer.settings.presets import TUTORIAL, differing
from tui_trainer.settings.train import BEST_FIT, TrainSettings


@dataclass(frozen=True)
class LoopPlan:
    """A loop as it is written out."""

    steps: tuple[LoopSteps, ...]
    """All that were made, in the parts that something else came between."""
    problems: str
    """The name of the file beside the script, where the items are written there."""
    optimizer: str
    """The name of its optimizer in the script."""
    pad_id: int
    context: int | None
    """How many positions the model has; None where it sets no limit."""

    @property
    def loop(self) -> Loop:
        return self.steps[-1].loop

    @property
    def settings(self) -> TrainSettings:
        return self.loop.settings

    @property
    def kind(self) -> str:
        """Where the script takes the items from."""
        return kind_of_problems(self.loop)

    @property
    def facts(self) -> set[str]:
        """What conditions of templates can ask of a loop."""
        settings, loop = self.settings, self.loop
        told = {
            "json": self.kind in ("beside", "jsonl"),
            "datasets": self.kind in ("parquet", "hub"),
            "packed": bool(settings.pack),
            # A row may be longer than the model's positions: its items are not.
            "turned": self.context is not None and settings.pack > self.context,
            "best_fit": bool(settings.pack) and settings.pack_order == BEST_FIT,
            "padded": settings.batch > 1 and not settings.pack and not loop.apart,
            "apart": loop.apart,
            "left": settings.padding == "left",
            "accumulated": settings.accumulation > 1,
            "several": settings.batch > 1 or settings.accumulation > 1,
            "answer_only": settings.answer_only,
            "end_of_text": settings.end_of_text,
            "cut": loop.longest is not None,
            "left_out": not loop.all_useful,
            "shuffled": settings.shuffle,
            "repeated": settings.epochs > 1 and not settings.shuffle,
            "warmup": settings.warmup > 0,
            "falling": settings.schedule != "constant",
            "changed": bool(self.steps[-1].lr_changes),
            "decayed": settings.weight_decay is not None,
            "clipped": settings.clip is not None,
            "split": len(self.steps) > 1,
            "resumed": loop.resumed_at > 0,
            "moments": loop.resumed_at > 0 and settings.optimizer == "AdamW",
            "fused": settings.fused,
        }
        facts = {name for name, is_so in told.items() if is_so} | {self.kind, settings.schedule}
        if facts & {"warmup", "falling", "changed"}:
            facts.add("rated")
        if facts & {"shuffled", "best_fit"}:
            facts.add("random")
        if facts & {"beside", "resumed"}:
            facts.add("path")
        if not facts & {"packed", "several", "answer_only", "end_of_text", "cut", "left_out"}:
            facts.add("plain")
        return facts


def kind_of_problems(loop: Loop) -> str:
    """`beside` where the items are written beside the script, else what it loads them from."""
    source = loop.settings.problems
    if source == "builtin" or not loop.verbatim:
        return "beside"
    suffix = Path(source).suffix.lower()
    return suffix[1:] if suffix in (".jsonl", ".parquet") else "hub"


def settings_told(settings: TrainSettings) -> Iterator[str]:
    """A line on what is not as in the notebook's loop, if anything is.

    Without the source of the items, a text from outside: it stands in their code.
    """
    changed = [field for field in differing(settings, TUTORIAL) if field.name != "problems"]
    if changed:
        told = (f"{field.label} {field.typed(settings)} ({field.meaning})" for field in changed)
        yield f"The settings of a loop that are not the notebook's: {'; '.join(told)}."


def definition_cells(plan: LoopPlan, facts: set[str]) -> list[tuple[str, str]]:
    """A heading and the code of each cell that stands before the steps."""
    settings, loop = plan.settings, plan.loop
    repo, _, config = settings.problems.partition(":")
    path = str(Path(settings.problems).expanduser().absolute())
    cells = [
        (
            templates.ITEMS_HEADING,
            render(
                templates.ITEMS,
                facts,
                beside=plan.problems,
                path=path,
                repo=repo,
                config=Code(f", {config!a}" if config else ""),
                count=settings.items,
            ),
        )
    ]
    values: dict[str, object] = {
        "epochs": settings.epochs,
        "seed": settings.seed,
        "longest": loop.longest,
        "pack": settings.pack,
        "pad": plan.pad_id,
        "context": plan.context,
        "batch": settings.batch,
        "accumulation": settings.accumulation,
        "sequence": Code("items" if "plain" in facts else "examples"),
    }
    if "plain" not in facts:
        cells.append((templates.ENCODE_HEADING, render(templates.ENCODE, facts, **values)))
    if facts & {"shuffled", "repeated"} and "best_fit" not in facts:
        cells.append((templates.ORDER_HEADING, render(templates.ORDER, facts, **values)))
    if "plain" not in facts:
        batch = render(templates.batch_template(facts), facts, **values)
        cells.append((templates.BATCH_HEADING, batch))
        cells.append((templates.STEPS_HEADING, render(templates.STEPS, facts, **values)))
    is_resumed = "resumed" in facts
    heading = templates.RESUMED_HEADING if is_resumed else templates.OPTIMIZER_HEADING
    cells.append((heading, optimizer_code(plan, facts)))
    if "rated" in facts:
        cells.append((templates.RATE_HEADING, rate_code(plan, facts)))
    return cells


def optimizer_code(plan: LoopPlan, facts: Collection[str]) -> str:
    settings = plan.settings
    return render(
        templates.OPTIMIZER,
        facts,
        name=Code(plan.optimizer),
        kind=Code(settings.optimizer),
        lr=settings.lr,
        decay=settings.weight_decay,
        fused=Code(", fused=True" if settings.fused else ""),
    )


def rate_code(plan: LoopPlan, facts: Collection[str]) -> str:
    """The learning rate of each step, with what was changed while the loop ran."""
    settings = plan.settings
    peaks = {1: settings.lr} | {c.step: c.lr for c in plan.steps[-1].lr_changes}
    return render(
        templates.RATE,
        facts,
        lr=settings.lr,
        peaks=peaks,
        warmup=settings.warmup,
        steps=plan.loop.steps,
    )


def steps_code(plan: LoopPlan, facts: Collection[str]) -> str:
    """The loop itself: as a statement, or where something came between its steps a function."""
    if "plain" in facts:
        template, sequence = templates.PLAIN_LOOP, "items"
    elif "accumulated" in facts or "apart" in facts:
        template, sequence = templates.ACCUMULATED_LOOP, "steps"
    else:
        template, sequence = templates.BATCH_LOOP, "steps"
    first, taken = "1", sequence
    if "split" in facts:
        first, taken = "first", f"{sequence}[first - 1 : last]"
    elif (part := plan.steps[0]).first > 1:
        first, taken = str(part.first), f"{sequence}[{part.first - 1}:{part.last}]"
    elif part.last < plan.loop.steps:
        taken = f"{sequence}[:{part.last}]"
    code = render(
        template,
        facts,
        taken=Code(taken),
        first=Code(first),
        optimizer=Code(plan.optimizer),
        clip=plan.settings.clip,
    )
    if "split" not in facts:
        return code
    return render(templates.SPLIT) + "\n" + indent(code, "    ")
