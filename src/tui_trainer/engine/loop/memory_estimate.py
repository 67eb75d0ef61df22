"""Whether a loop fits into memory, worked out before it starts; and what would make it fit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui_trainer.engine.data.batching import pad
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.packing import make_batch
from tui_trainer.engine.generation.batch_generation import longest_text
from tui_trainer.engine.kept_memory import is_apart
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.held_out import HeldOut
from tui_trainer.engine.loop.loop_need import LoopNeed, largest_rows, loop_need, measured_need
from tui_trainer.engine.loop.loss_pass import make_loss_pass
from tui_trainer.engine.loop.smaller_loops import fewest_changes
from tui_trainer.engine.loop.validation import ANSWER_TOKENS, groups_of_like_length
from tui_trainer.engine.memory.generation_need import generation_need
from tui_trainer.engine.memory.room import with_margin
from tui_trainer.engine.models.devices import CPU, free_memory, memory_in_use
from tui_trainer.errors import InputError
from tui_trainer.reports.loop import MemoryEstimate
from tui_trainer.reports.problem import format_prompt
from tui_trainer.settings.model import BF16_STOCHASTIC
from tui_trainer.settings.train import TrainSettings
from tui_trainer.words.memory import describe_need


@dataclass(frozen=True)
class PlannedLoop:
    """A loop that was asked for, with its items."""

    learner: Learner
    examples: Sequence[Example]
    held_out: HeldOut
    settings: TrainSettings
    let_go: int = 0
    """Bytes of what its device holds now that are given back where the loop begins."""
    copies: bool = True
    """Whether its first step keeps the weights of before, to put them back where it fails."""


def planned_to_fit(loop: PlannedLoop) -> tuple[PlannedLoop, MemoryEstimate]:
    """The loop and what it will need: where memory is short its first step keeps no copy.

    InputError with a remedy where it needs more than there is even so.
    """
    planned, estimate = nearest_plan(loop)
    if not estimate.fits:
        raise InputError(
            f"This run {describe_need(estimate)} on {loop.learner.report.device}: "
            f"{find_remedy(planned)}."
        )
    return planned, estimate


def nearest_plan(loop: PlannedLoop) -> tuple[PlannedLoop, MemoryEstimate]:
    """The loop as it would begin and what it needs then, whether there is room or not."""
    estimate = estimate_memory(loop)
    if estimate.fits and has_room_for_copy(loop.learner):
        return loop, estimate
    planned = replace(loop, copies=False)
    return planned, estimate_memory(planned)


def has_room_for_copy(learner: Learner) -> bool:
    """Whether the host has, for weights of an accelerator; of those of a CPU the estimate says."""
    size = learner.weights.trained_bytes - learner.weights.kept_bytes
    return not is_apart(learner.device) or size <= free_memory(CPU)


def find_remedy(loop: PlannedLoop) -> str:
    """The fewest changes of the settings with which the loop fits, else of the model."""
    changes = fewest_changes(
        loop.settings, lambda settings: estimate_memory(replace(loop, settings=settings)).fits
    )
    if changes is not None:
        return f"set {changes}"
    if not loop.learner.report.precision.startswith("bf16"):
        return f"load the model in precision {BF16_STOCHASTIC}, or a smaller one"
    return "load a smaller model"


def estimate_memory(loop: PlannedLoop) -> MemoryEstimate:
    """The most that will be held at once, beside what other programs have."""
    device, weights = loop.learner.device, loop.learner.weights
    need = need_of(loop)
    copy = weights.trained_bytes if loop.copies and not is_apart(device) else 0
    most = max(copy + need.first_step, need.later)
    held = memory_in_use(device)
    needed = max(0, held - loop.let_go) + with_margin(most, device)
    return MemoryEstimate(needed, held + free_memory(device))


def need_of(loop: PlannedLoop) -> LoopNeed:
    """What the loop's steps, and what is measured between them, take beside the weights."""
    learner, settings = loop.learner, loop.settings
    loss_pass = make_loss_pass(learner, loop.examples, replace(settings, compiled=False))
    rows = largest_rows(loop.examples, settings)
    batch = make_batch(rows, settings, learner.vocabulary)
    measuring = measuring_need(loop)
    return loop_need(learner.dry_model, loss_pass, batch, settings, learner.device, measuring)


def measuring_need(loop: PlannedLoop) -> int:
    """What held-out losses and answers take, the larger of the two."""
    learner, held_out = loop.learner, loop.held_out
    losses = answers = 0
    if held_out.examples:
        largest = max(groups_of_like_length(held_out.examples), key=positions_at_once)
        batch = pad(largest, "right", learner.vocabulary.pad_id)
        losses = measured_need(learner.dry_model, batch)
    if held_out.samples:
        prompts = [format_prompt(sample.problem) for sample in held_out.samples]
        tokens = [learner.vocabulary.ids(prompt) for prompt in prompts]
        longest = longest_text(learner, tokens, ANSWER_TOKENS)
        prompt = max(map(len, tokens))
        answers = generation_need(learner.dry_model, len(tokens), prompt, longest)
    return max(losses, answers)


def positions_at_once(examples: Sequence[Example]) -> int:
    """Of items that are padded to the longest."""
    return len(examples) * max(len(example.ids) for example in examples)
