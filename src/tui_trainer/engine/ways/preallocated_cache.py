"""A KV cache that is not copied at each token."""

from typing import cast

from torch import Tensor
from transformers import Cache
from transformers.cache_utils import DynamicLayer

POSITIONS_AHEAD = 64


class PreallocatedLayer(DynamicLayer):
    """A layer's keys and values, [row, head, position, width], with capacity for those to come.

    The growing layer of transformers joins each token's to a copy of all before it; here they are
    written into their place, and all are copied once for `POSITIONS_AHEAD` tokens.
    """

    def __init__(self, layer: DynamicLayer) -> None:
        """Takes over what `layer` holds."""
        super().__init__()
        keys, values = cast(Tensor, layer.keys), cast(Tensor, layer.values)
        self.lazy_initialization(keys, values)
        self._show(with_capacity(keys, 0), with_capacity(values, 0), keys.shape[-2])

    def _show(self, keys: Tensor, values: Tensor, length: int) -> tuple[Tensor, Tensor]:
        """Hold these, of whose positions the first `length` are in use; those are the result."""
        self._all_keys, self._all_values = keys, values
        shown = keys[..., :length, :], values[..., :length, :]
        self.keys, self.values = shown
        return shown

    def update(
        self, key_states: Tensor, value_states: Tensor, *_: object, **__: object
    ) -> tuple[Tensor, Tensor]:
        """Add the keys and values of the newest tokens; all that there are now."""
        keys, values = self._all_keys, self._all_values
        start, added = self.get_seq_length(), key_states.shape[-2]
        end = start + added
        if end > keys.shape[-2]:
            keys, values = with_capacity(keys, added), with_capacity(values, added)
        keys[..., start:end, :] = key_states
        values[..., start:end, :] = value_states
        return self._show(keys, values, end)

    def batch_select_indices(self, indices: Tensor) -> None:
        """Keep these rows alone, and the capacity."""
        self._show(self._all_keys[indices], self._all_values[indices], self.get_seq_length())


def with_capacity(held: Tensor, added: int) -> Tensor:
    """A copy with capacity for `added` more positions and POSITIONS_AHEAD beyond them, unfilled."""
    *outer, positions, width = held.shape
    copy = held.new_empty(*outer, positions + added + POSITIONS_AHEAD, width)
    copy[..., :positions, :] = held
    return copy


def preallocate(cache: Cache) -> None:
    """Capacity ahead for each layer that grows without bound; a sliding window keeps its own way.

    For a cache that is only appended to, and that rows leave: a PreallocatedLayer does no more.
    """
    cache.layers = [
        PreallocatedLayer(layer)
        if type(layer) is DynamicLayer and layer.get_seq_length()
        else layer
        for layer in cache.layers
    ]
