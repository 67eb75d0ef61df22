"""How the rows of a loop attend: as the model does by itself, or with less work where it may."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from transformers import PreTrainedModel

from tui_trainer.engine.accelerator import is_accelerator
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.ways.causal_attention import attention_without_mask
from tui_trainer.engine.ways.item_attention import attention_within_items
from tui_trainer.engine.ways.varlen_kernel import VarlenKernel, kernel_on
from tui_trainer.settings.train import TrainSettings

NO_ITEMS = "This model attends in a way of its own, so packed rows keep their mask and cost more."
NO_KERNEL = (
    "No kernel of this device attends to all items of a packed row at once ({}), so each attends "
    "by itself, which takes longer."
)
TOO_OLD = "it needs compute capability 8.0 on CUDA, and torch 2.10"
NO_PACKING = (
    "In a packed row this model would compute other numbers than for its items alone, so each item "
    "has a forward pass of its own, which takes longer."
)
NO_PADDING = (
    "With padding on the {} this model would compute other numbers than for its items alone, so "
    "each item of a batch has a forward pass of its own, which takes longer."
)


@dataclass(frozen=True)
class RowAttention:
    """How the rows of a loop attend; at first as the model does by itself, with its masks."""

    within_items: bool = False
    """Whether each item of a packed row attends on its own, without a mask."""
    kernel: VarlenKernel | None = None
    """What they all attend by in one call, where it takes what the model computes."""
    one_by_one: bool = False
    """Whether each item has a forward pass of its own."""
    masked: bool = True
    """Whether rows of one item each have a mask, where they need one."""
    notes: tuple[str, ...] = ()
    """What was asked for and is not done, in a sentence each."""

    @contextmanager
    def in_use(self, model: PreTrainedModel) -> Iterator[None]:
        if self.within_items:
            with attention_within_items(model, self.kernel):
                yield
        elif not self.masked:
            with attention_without_mask(model):
                yield
        else:
            yield


def choose_attention(
    learner: Learner, examples: Sequence[Example], settings: TrainSettings
) -> RowAttention:
    """What `settings` ask for, as far as the model and the device are made for it."""
    wanted = settings.pack > 0 and settings.item_attention
    if wanted:
        kernel, notes = find_kernel(learner, settings.pack)
        if learner.checks.attends_within_items(settings.pack, kernel):
            return RowAttention(within_items=True, kernel=kernel, notes=notes)
    if computes_otherwise(learner, examples, settings):
        note = NO_PACKING if settings.pack else NO_PADDING.format(settings.padding)
        masked = needs_mask(learner, examples)
        return RowAttention(one_by_one=True, masked=masked, notes=(note,))
    if settings.pack:
        return RowAttention(notes=(NO_ITEMS,) if wanted else ())
    on_the_left = settings.batch > 1 and settings.padding == "left"
    return RowAttention(masked=on_the_left or needs_mask(learner, examples))


def find_kernel(learner: Learner, longest: int) -> tuple[VarlenKernel | None, tuple[str, ...]]:
    """What all items of a row of at most `longest` tokens attend by at once, else why not.

    A CPU has none and misses none.
    """
    kernel = kernel_on(learner.device)
    if kernel is None:
        is_missed = is_accelerator(learner.device)
        return None, (NO_KERNEL.format(TOO_OLD),) if is_missed else ()
    if learner.checks.attends_within_items(longest, kernel):
        return kernel, ()
    return None, (NO_KERNEL.format(learner.checks.why_not_by(kernel)),)


def computes_otherwise(
    learner: Learner, examples: Sequence[Example], settings: TrainSettings
) -> bool:
    """Whether `examples` would have other numbers in the batches that `settings` ask for.

    Those are padded, or packed with the mask that transformers makes of positions.
    """
    checks = learner.checks
    if settings.pack:
        return not checks.packs(settings.pack)
    return settings.batch > 1 and not checks.pads(settings.padding, longest_of(examples))


def needs_mask(learner: Learner, examples: Sequence[Example]) -> bool:
    """Whether rows of one of `examples` each go without a mask, filled up on the right or not.

    A CPU is not waited for: there they stay as they are, and nothing has to be looked at.
    """
    if not is_accelerator(learner.device):
        return True
    return not learner.checks.attends_without_mask(longest_of(examples))


def longest_of(examples: Sequence[Example]) -> int:
    """In tokens."""
    return max(len(example.ids) for example in examples)
