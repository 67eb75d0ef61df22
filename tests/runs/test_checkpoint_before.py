"""The newest checkpoint from before a step: of the run, or of the one that it goes on with."""

import pytest

from tests.known import present
from tests.runs_on_disk import write_run
from tui_trainer.runs.checkpoint_before import checkpoint_before
from tui_trainer.runs.description import Parent

ONE, TWO = "2026-01-02-builtin-1", "2026-01-02-builtin-2"


@pytest.mark.parametrize(("step", "found"), [(2, None), (3, 2), (5, 4), (6, 4), (9, 8)])
def test_it_is_the_newest_of_the_run(step: int, found: int | None) -> None:
    write_run(ONE, [4.0] * 9, checkpoints=[2, 4, 8])
    before = checkpoint_before(ONE, step)
    assert (before and (before[0].name, before[1])) == (found and (ONE, found))


def test_without_one_it_is_that_from_which_the_run_goes_on() -> None:
    write_run(ONE, [4.0] * 9, checkpoints=[2, 4, 8])
    write_run(TWO, [4.0] * 9, checkpoints=[7], parent=Parent(ONE, 4))
    run, step = present(checkpoint_before(TWO, 6))
    assert (run.name, step) == (ONE, 4)
    run, step = present(checkpoint_before(TWO, 8))
    assert (run.name, step) == (TWO, 7)


def test_what_is_gone_is_none() -> None:
    assert checkpoint_before(ONE, 3) is None
    write_run(TWO, [4.0] * 9, parent=Parent(ONE, 4))
    assert checkpoint_before(TWO, 6) is None
    write_run(ONE, [4.0] * 9, checkpoints=[2])
    assert checkpoint_before(TWO, 6) is None
    (write_run("2026-01-02-builtin-3", checkpoints=[1]) / "run.json").write_text("{")
    assert checkpoint_before("2026-01-02-builtin-3", 2) is None
