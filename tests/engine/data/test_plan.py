"""The plan of a loop: the same steps as a list of them, in the memory of one epoch."""

import tracemalloc
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.packing import Row, fill_rows
from tui_trainer.engine.data.plan import Step, best_fit_rows, epoch_order, plan_steps
from tui_trainer.settings.train import TrainSettings

LENGTH = 16
PACKINGS = (
    TrainSettings(pack=0),
    TrainSettings(pack=LENGTH, pack_order="in-order"),
    TrainSettings(pack=LENGTH, pack_order="best-fit"),
)


def examples_of(lengths: list[int]) -> list[Example]:
    return [Example(n, "", (1,) * length, 1, 1, False) for n, length in enumerate(lengths)]


def listed(examples: list[Example], settings: TrainSettings) -> list[Step]:
    """All steps at once: every row of every epoch, cut into micro-batches and these into steps."""
    epochs = [
        [examples[n] for n in epoch_order(len(examples), settings, epoch)]
        for epoch in range(settings.epochs)
    ]
    items = [example for epoch in epochs for example in epoch]
    rows: list[Row] = [(example,) for example in items]
    if settings.pack_order == "best-fit":
        rows = [row for n, epoch in enumerate(epochs) for row in best_fit_rows(epoch, settings, n)]
    elif settings.pack:
        rows = list(fill_rows(items, settings.pack))
    size, together = settings.batch, settings.accumulation
    passes = [tuple(rows[n : n + size]) for n in range(0, len(rows), size)]
    return [tuple(passes[n : n + together]) for n in range(0, len(passes), together)]


@given(
    lengths=st.lists(st.integers(2, LENGTH), min_size=1, max_size=20),
    packing=st.sampled_from(PACKINGS),
    batch=st.integers(1, 4),
    accumulation=st.integers(1, 3),
    epochs=st.integers(1, 4),
    shuffle=st.booleans(),
    made=st.integers(0, 40),
)
def test_the_plan_is_the_list_of_steps_from_whichever_it_goes_on(
    lengths: list[int],
    packing: TrainSettings,
    batch: int,
    accumulation: int,
    epochs: int,
    shuffle: bool,
    made: int,
) -> None:
    settings = replace(
        packing, batch=batch, accumulation=accumulation, epochs=epochs, shuffle=shuffle
    )
    examples = examples_of(lengths)
    plan, expected = plan_steps(examples, settings), listed(examples, settings)
    assert list(plan) == expected
    assert len(plan) == len(expected)
    assert list(plan.after(made)) == expected[made:]


@pytest.mark.parametrize("packing", PACKINGS)
def test_memory_is_that_of_one_epoch_whatever_the_number_of_steps(
    packing: TrainSettings,
) -> None:
    examples = examples_of([2 + n % 15 for n in range(50)])
    few, many = (
        peak_of_the_plan(examples, replace(packing, epochs=epochs, shuffle=True))
        for epochs in (40, 1_000)
    )
    assert many < 1.2 * few
    assert many < 200_000


def peak_of_the_plan(examples: list[Example], settings: TrainSettings) -> int:
    """The most bytes at once while every step is counted, and then made."""
    for _ in plan_steps(examples, settings):  # what is made once in a process
        break
    tracemalloc.start()
    plan = plan_steps(examples, settings)
    assert sum(1 for _ in plan) == len(plan)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_of_a_million_steps_the_last_is_found_without_making_the_others() -> None:
    """Where every epoch has as many rows as any other."""
    examples = examples_of([2 + n % 15 for n in range(500)])
    for packing in (PACKINGS[0], PACKINGS[2]):
        plan = plan_steps(examples, replace(packing, epochs=2_000, shuffle=True))
        tracemalloc.start()
        last = list(islice(plan.after(len(plan) - 1), 2))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(last) == 1
        assert peak < 1_000_000
