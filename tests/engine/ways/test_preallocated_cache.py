"""The KV cache with room in it: the same keys and values as transformers' own, copied less."""

import itertools

import pytest
import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from tests.known import each
from tui_trainer.engine.ways.preallocated_cache import (
    POSITIONS_AHEAD,
    PreallocatedLayer,
    preallocate,
)

ROWS, HEADS, WIDTH = 4, 2, 8


def newest(rows: int, positions: int) -> tuple[torch.Tensor, torch.Tensor]:
    shape = rows, HEADS, positions, WIDTH
    return torch.randn(shape), torch.randn(shape)


@pytest.mark.parametrize("positions", [1, 3, POSITIONS_AHEAD + 5])
def test_it_holds_what_the_growing_one_holds_while_rows_leave(positions: int) -> None:
    plain = DynamicLayer()
    plain.update(*newest(ROWS, 7))
    layer = PreallocatedLayer(plain)
    kept = torch.arange(ROWS)
    for turn in range(2 * POSITIONS_AHEAD):
        added = newest(len(kept), positions)
        expected, found = plain.update(*added), layer.update(*added)
        assert all(map(torch.equal, found, expected))
        assert layer.get_seq_length() == plain.get_seq_length()
        assert layer.get_mask_sizes(1) == plain.get_mask_sizes(1)
        if turn in (3, POSITIONS_AHEAD):
            kept = torch.arange(len(kept) - 1)
            plain.batch_select_indices(kept)
            layer.batch_select_indices(kept)


def test_it_moves_once_for_many_tokens() -> None:
    plain = DynamicLayer()
    plain.update(*newest(ROWS, 7))
    layer = PreallocatedLayer(plain)
    places = [layer.update(*newest(ROWS, 1))[0].data_ptr() for _ in range(3 * POSITIONS_AHEAD)]
    moves = sum(before != after for before, after in itertools.pairwise(places))
    assert moves == 2


def test_a_sliding_window_stays_as_it_is() -> None:
    cache = DynamicCache()
    cache.layers = [DynamicLayer(), DynamicSlidingWindowLayer(sliding_window=5), DynamicLayer()]
    for layer in each(DynamicLayer, cache.layers[:2]):
        layer.update(*newest(ROWS, 9))
    preallocate(cache)
    assert [type(layer) for layer in cache.layers] == [
        PreallocatedLayer,
        DynamicSlidingWindowLayer,
        DynamicLayer,  # nothing was written to it yet
    ]
