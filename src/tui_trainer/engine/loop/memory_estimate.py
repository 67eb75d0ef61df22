"""How much memory a loop will need, worked out before it starts.

What is kept for the backward pass is counted in two short forward passes and drawn out in a line:
no list of architectures would know it. The rest follows from the number of weights.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.packing import Row, make_batch
from tui_trainer.engine.data.plan import plan_steps
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.loss_pass import LossPass, make_loss_pass
from tui_trainer.engine.models.devices import free_memory, memory_in_use
from tui_trainer.engine.ways.chunked_loss import chunk_positions
from tui_trainer.errors import InputError
from tui_trainer.reports.loop import MemoryEstimate
from tui_trainer.settings.model import BF16_STOCHASTIC
from tui_trainer.settings.train import TrainSettings
from tui_trainer.words.memory import describe_need

LONGEST_LOOKED_AT = 64
"""Tokens of the longer of the two passes: 0.2 s of SmolLM2 on two cores."""
PASSES_LOOKED_AT = 20_000
"""All of GSM8K twice over; a million would take seconds before the first step."""
MOMENTS = {"AdamW": 2, "SGD": 0}
"""Tensors that an optimizer keeps for each weight."""
FP32_BYTES = 4
SMALLER_ROW = 512


def check_memory(
    learner: Learner, examples: Sequence[Example], settings: TrainSettings, let_go: int = 0
) -> MemoryEstimate:
    """What the loop will need; InputError with a remedy where that is more than there is.

    `let_go` bytes of what is held now are given back where the loop begins.
    """
    estimate = estimate_memory(learner, examples, settings, let_go)
    if estimate.fits:
        return estimate
    raise InputError(
        f"This run {describe_need(estimate)} on {learner.report.device}: "
        f"{find_remedy(learner, examples, settings, let_go)}."
    )


def find_remedy(
    learner: Learner, examples: Sequence[Example], settings: TrainSettings, let_go: int
) -> str:
    """The fewest changes of the settings with which the loop fits, else of the model."""
    words = []
    for remedy, changes in smaller(settings):
        words.append(remedy)
        settings = replace(settings, **changes)
        if estimate_memory(learner, examples, settings, let_go).fits:
            return f"set {', '.join(words)}"
    if not learner.report.precision.startswith("bf16"):
        return f"load the model in precision {BF16_STOCHASTIC}, or a smaller one"
    return "load a smaller model"


def smaller(settings: TrainSettings) -> Iterator[tuple[str, dict[str, Any]]]:
    """What makes a loop hold less, one after the other: in words, and as changed settings."""
    if not settings.chunked_loss:
        yield "chunked loss to yes", {"chunked_loss": True}
    if settings.batch > 1:
        passes = settings.batch * settings.accumulation
        changes = {"batch": 1, "accumulation": passes}
        yield f"batch to 1 and accumulation to {passes}", changes
    if settings.pack > SMALLER_ROW:
        yield f"pack to {SMALLER_ROW}", {"pack": SMALLER_ROW}


def estimate_memory(
    learner: Learner, examples: Sequence[Example], settings: TrainSettings, let_go: int
) -> MemoryEstimate:
    """The most that will be held at once, beside what other programs have."""
    weights = learner.weights.trained_bytes
    # Gradients, moments, and the copy of the weights that a failed first step is undone with.
    state = weights * (2 + MOMENTS[settings.optimizer])
    pass_bytes = estimate_pass(learner, examples, settings)
    held = memory_in_use(learner.device)
    needed = max(0, held - let_go) + state + pass_bytes
    return MemoryEstimate(needed, held + free_memory(learner.device))


def estimate_pass(learner: Learner, examples: Sequence[Example], settings: TrainSettings) -> int:
    """Bytes between the forward and the backward pass of the largest micro-batch."""
    loss_pass = make_loss_pass(learner, examples, replace(settings, compiled=False))
    longest = max(examples, key=lambda example: len(example.ids))
    many = min(len(longest.ids), LONGEST_LOOKED_AT)
    few = max(2, many // 2)
    at_many, at_few = (
        saved_bytes(learner, loss_pass, cut(longest, count), settings) for count in (many, few)
    )
    positions = most_positions(examples, settings)
    each = (at_many - at_few) / max(1, many - few)
    saved = at_many + each * (positions - many)
    return int(saved) + loss_bytes(learner, loss_pass, positions)


def saved_bytes(
    learner: Learner, loss_pass: LossPass, example: Example, settings: TrainSettings
) -> int:
    """What autograd keeps of a pass over one item, the weights left out; without dropout."""
    weights = {weight.untyped_storage().data_ptr() for weight in learner.weights.named.values()}
    kept: dict[int, int] = {}

    def count(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor.detach()  # itself would be a cycle that never goes where it is an output

    batch = make_batch([(example,)], settings, learner.vocabulary)
    learner.model.eval()
    with (
        torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor),
        learner.autocast(),
        loss_pass.in_use(),
    ):
        loss_pass(learner.send(batch), batch.counted)
    return sum(kept.values())


def loss_bytes(learner: Learner, loss_pass: LossPass, positions: int) -> int:
    """What the loss holds for a moment: the gradient of log p and of the logits, or of a chunk."""
    vocabulary = learner.report.vocabulary
    if loss_pass.head is None:
        return 2 * positions * vocabulary * FP32_BYTES
    at_once = min(positions, chunk_positions(learner.device, vocabulary))
    return (3 * at_once * vocabulary + 2 * loss_pass.head.weight.numel()) * FP32_BYTES


def cut(example: Example, count: int) -> Example:
    """Its first `count` tokens, all of which have a loss."""
    return replace(example, ids=example.ids[:count], first_counted=1)


def most_positions(examples: Sequence[Example], settings: TrainSettings) -> int:
    """Rows times the longest of them, in the largest of the loop's micro-batches."""
    passes = (rows for step in plan_steps(examples, settings) for rows in step)
    looked_at = islice(passes, PASSES_LOOKED_AT)
    return max(len(rows) * max(map(row_length, rows)) for rows in looked_at)


def row_length(row: Row) -> int:
    """Its tokens, those that separate two items included."""
    return sum(len(example.ids) for example in row) + len(row) - 1
