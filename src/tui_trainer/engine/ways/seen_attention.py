"""Who sees whom: read off what the layers of a model are given to attend with.

The model is called as the loop calls it, with the batch's own tensors. In the place of its
attention stands a function that takes down the mask, the window and the items that it is called
with, and computes nothing; once each kind of layer has been heard of, the pass breaks off. So a
look costs about as much as one block.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel

from tui_trainer.engine.data.item_lengths import ItemLengths
from tui_trainer.engine.ways.item_attention import attention_named

NAME, NAME_WITHOUT_MASK = "tui_trainer_seen", "tui_trainer_seen_without_mask"
"""As transformers knows the function that takes down; it makes no mask for the second name."""
WHOLE_MASKS = "sdpa", "eager"
"""Those of transformers' own for which it makes all of the mask; others are given a part of it."""


class AllSeen(Exception):  # noqa: N818 - it is no error
    """Each kind of layer was heard of: the rest of the pass would say nothing new."""


@dataclass(frozen=True)
class GivenAttention:
    """What one kind of layer attends with, for all rows of a batch."""

    layers: str
    """The kind, as the configuration calls it; empty where it names none."""
    mask: Tensor | None
    """[row, head, position, position]: where it is True, or 0 of a float, a position is seen."""
    window: int | None
    """How many positions each sees where the items attend by themselves."""
    items: ItemLengths | None

    def seen_in(self, row: int, rows: int, positions: int, device: torch.device) -> Tensor:
        """Which positions each position of a row sees: [position, position]."""
        if self.mask is not None:
            mask = self.mask[row % len(self.mask), 0]
            return mask if mask.dtype == torch.bool else mask == 0
        behind = torch.arange(positions, device=device)
        behind = behind[:, None] - behind
        seen = behind >= 0
        if self.items is not None:
            ends = self.items.ends.to(device)
            places = torch.arange(rows * positions, device=device).view(rows, positions)[row]
            item = torch.bucketize(places, ends, right=True)
            seen = seen & (item[:, None] == item)
            if self.window is not None:
                seen = seen & (behind < self.window)
        return seen


@dataclass
class _TakenDown:
    """What was heard so far, and of how many kinds of layers there is to hear."""

    kinds: tuple[str, ...]
    """Of each layer."""
    given: dict[str, GivenAttention] = field(default_factory=dict)

    def __call__(
        self,
        module: nn.Module,
        query: Tensor,
        _key: Tensor,
        value: Tensor,
        attention_mask: Tensor | None,
        *,
        items: ItemLengths | None = None,
        sliding_window: int | None = None,
        **_others: object,
    ) -> tuple[Tensor, None]:
        """In the place of attention: `query` and `value` are [row, head, position, width]."""
        number = getattr(module, "layer_idx", None)
        kind = self.kinds[number] if number is not None and number < len(self.kinds) else ""
        self.given.setdefault(kind, GivenAttention(kind, attention_mask, sliding_window, items))
        if len(self.given) >= len(set(self.kinds)):
            raise AllSeen
        rows, heads, positions, _ = query.shape
        return query.new_zeros(rows, positions, heads, value.shape[-1]), None


def given_attention(
    model: PreTrainedModel, called: nn.Module, inputs: Mapping[str, object]
) -> tuple[GivenAttention, ...]:
    """What each kind of layer would attend with, if `called`, which is `model` or that without its
    output layer, were called with `inputs`.

    Empty where the model attends in a way of its own. In eval mode, without a graph, and with the
    way of attending that is in use.
    """
    present = model.config._attn_implementation
    if present in AttentionMaskInterface() and present not in WHOLE_MASKS:
        return ()
    kinds = getattr(model.config.get_text_config(), "layer_types", None) or ()
    taken = _TakenDown(tuple(kinds))
    try:
        with _listening(model, taken):
            called(**inputs)
    except AllSeen:
        pass
    return tuple(taken.given.values())


@contextmanager
def _listening(
    model: PreTrainedModel, listen: Callable[..., tuple[Tensor, None]]
) -> Iterator[None]:
    """Inside, `listen` stands in the place of the attention, which gets the masks that it got."""
    masks, present = AttentionMaskInterface(), model.config._attn_implementation
    name = NAME if present in masks else NAME_WITHOUT_MASK
    if present in masks:
        AttentionMaskInterface.register(NAME, masks[present])
    AttentionInterface.register(name, listen)
    with attention_named(model, name):
        yield
