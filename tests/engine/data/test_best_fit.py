"""Best-fit packing: every item once an epoch, rows that are full, and an order from the seed."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.packing import fill_rows, fit_rows
from tui_trainer.engine.data.plan import plan_steps
from tui_trainer.settings.train import TrainSettings

LENGTH = 64


def examples_of(lengths: list[int]) -> list[Example]:
    return [Example(n, "", (1,) * length, 1, 1, False) for n, length in enumerate(lengths)]


def tokens_of(row: tuple[Example, ...]) -> int:
    """Those of its items, and one between two of them."""
    return sum(len(example.ids) for example in row) + len(row) - 1


@given(
    lengths=st.lists(st.integers(2, LENGTH), min_size=1, max_size=60),
    seed=st.integers(0, 2**40),
    epochs=st.integers(1, 3),
    shuffle=st.booleans(),
)
def test_every_item_is_trained_on_once_an_epoch_in_rows_that_hold_it(
    lengths: list[int], seed: int, epochs: int, shuffle: bool
) -> None:
    settings = TrainSettings(
        pack=LENGTH, pack_order="best-fit", seed=seed, epochs=epochs, shuffle=shuffle
    )
    examples = examples_of(lengths)
    steps = plan_steps(examples, settings)
    assert list(steps) == list(plan_steps(examples, settings))
    rows = [row for step in steps for rows in step for row in rows]
    assert all(0 < tokens_of(row) <= LENGTH for row in rows)
    a_epoch = len(rows) // epochs
    for epoch in range(epochs):
        part = rows[epoch * a_epoch : (epoch + 1) * a_epoch]
        seen = Counter(example.problem for row in part for example in row)
        assert seen == Counter(range(len(lengths)))


@given(lengths=st.lists(st.integers(2, LENGTH), min_size=1, max_size=60))
def test_no_two_rows_could_be_one(lengths: list[int]) -> None:
    """What fits into an open row is never put in a new one."""
    used = sorted(tokens_of(row) for row in fit_rows(examples_of(lengths), LENGTH))
    assert len(used) == 1 or used[0] + 1 + used[1] > LENGTH


def test_rows_of_2048_are_99_percent_full_where_those_in_order_are_95() -> None:
    """Lengths spread as those of GSM8K with SmolLM2's tokenizer: mean 190, p95 323, max 543."""
    drawn = random.Random(7)
    lengths = [min(543, max(40, round(drawn.gammavariate(6.0, 31.7)))) for _ in range(7473)]
    examples = examples_of(lengths)
    full = [
        sum(lengths) / (len(rows) * 2048)
        for rows in (list(fill_rows(examples, 2048)), fit_rows(examples, 2048))
    ]
    assert 0.93 < full[0] < 0.96
    assert full[1] > 0.985


def test_the_order_of_rows_is_a_function_of_seed_and_epoch_and_not_of_length() -> None:
    examples = examples_of([2 + n % 60 for n in range(300)])
    settings = TrainSettings(pack=LENGTH, pack_order="best-fit", epochs=2)
    steps = list(plan_steps(examples, settings))
    half = len(steps) // 2
    assert steps[:half] != steps[half:]
    other = TrainSettings(pack=LENGTH, pack_order="best-fit", epochs=2, seed=1)
    assert steps != list(plan_steps(examples, other))
    longest = [max(len(example.ids) for example in row) for ((row,),) in steps[:half]]
    assert longest != sorted(longest, reverse=True)
