"""A run's curve: by step, token and time, read in slices, bounded whatever the length."""

import tracemalloc
from pathlib import Path

import pytest

from tests.known import present
from tests.runs_on_disk import SECONDS, TOKENS, step_line, write_run
from tui_trainer.errors import InputError
from tui_trainer.runs.curve import POINTS_AT_MOST, Alarmed, CurveReader, Place, XAxis, read_curve


def test_the_three_axes_are_the_sums_of_the_lines() -> None:
    curve = read_curve(write_run(losses=[4.0, 3.0, 2.0]))
    assert [x for x, _ in curve.places(XAxis.STEP)] == [1, 2, 3]
    assert [x for x, _ in curve.places(XAxis.TOKEN)] == [TOKENS, 2 * TOKENS, 3 * TOKENS]
    assert [x for x, _ in curve.places(XAxis.TIME)] == [SECONDS, 2 * SECONDS, 3 * SECONDS]
    averages = [loss for _, loss in curve.places(XAxis.STEP)]
    weights = [0.95**2, 0.95, 1.0]
    assert averages[2] == pytest.approx((4 * weights[0] + 3 * weights[1] + 2) / sum(weights))


def test_slices_add_up_and_a_run_that_grows_is_read_on() -> None:
    folder = write_run(losses=[5.0 - n / 10 for n in range(25)])
    reader = CurveReader(folder)
    parts = [reader.read_on(10) for _ in range(3)]
    assert [(part.steps, part.is_whole) for part in parts] == [(10, False), (20, False), (25, True)]
    assert parts[2].bytes == (folder / "metrics.jsonl").stat().st_size
    assert parts[2] == read_curve(folder)
    with (folder / "metrics.jsonl").open("a") as file:
        file.write(step_line(26, 1.0) + step_line(27, 1.0)[:10])
    grown = reader.read_on(10)
    assert (grown.steps, grown.buckets[-1].last, grown.buckets[-1].tokens) == (26, 26, 26 * TOKENS)


def test_events_are_read_over_and_counted_as_read() -> None:
    folder = write_run(losses=[4.0, 3.0])
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"event": "validation", "step": 2}\n')
    curve = read_curve(folder)
    assert (curve.steps, curve.is_whole) == (2, True)
    assert curve.bytes == (folder / "metrics.jsonl").stat().st_size


def test_a_long_run_is_reduced_and_keeps_its_spike() -> None:
    losses = [2.0] * 50_000
    losses[31_234] = 77.0
    curve = read_curve(write_run(losses=losses))
    assert 0 < len(curve.buckets) <= POINTS_AT_MOST
    assert curve.steps == 50_000
    assert max(bucket.highest for bucket in curve.buckets) == 77.0
    assert curve.places(XAxis.TOKEN)[-1][0] == 50_000 * TOKENS


def test_losses_that_are_not_finite_are_counted() -> None:
    curve = read_curve(write_run(losses=[2.0, None, 1.0]))
    assert (curve.steps, curve.not_finite, len(curve.buckets)) == (3, 1, 2)
    assert curve.buckets[-1].tokens == 3 * TOKENS


def test_damage_is_told_and_what_came_before_is_there() -> None:
    folder = write_run(losses=[4.0, 3.0])
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"step": 3, "loss"\n' + step_line(4, 1.0))
    curve = CurveReader(folder).read_on()
    assert "metrics.jsonl is damaged" in present(curve.failure)
    assert (curve.steps, curve.is_whole) == (2, False)
    with pytest.raises(InputError, match="is damaged"):
        read_curve(folder)


def test_no_metrics_file_is_an_empty_curve(tmp_path: Path) -> None:
    assert read_curve(tmp_path).buckets == ()


@pytest.mark.long
def test_a_long_file_is_read_in_slices_whose_memory_does_not_grow(tmp_path: Path) -> None:
    """A million lines are read the same way: 50 slices of about a tenth of a second."""
    lines = 60_000
    with (tmp_path / "metrics.jsonl").open("w") as file:
        file.writelines(step_line(step, 1 + step % 7 / 10) for step in range(1, lines + 1))
    reader, peaks = CurveReader(tmp_path), []
    tracemalloc.start()
    while not (curve := reader.read_on(5_000)).is_whole:
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.reset_peak()
    tracemalloc.stop()
    assert (curve.steps, len(peaks)) == (lines, 12)
    assert max(peaks[6:]) < 1.3 * max(peaks[:3])
    assert max(peaks) < 4_000_000


def test_validations_and_other_learning_rates_lie_where_they_were_on_each_axis() -> None:
    folder = write_run(losses=[4.0, 3.0])
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"event": "validation", "step": 2, "loss": 1.5, "answer_loss": 1.25}\n')
        file.write('{"event": "lr", "step": 3, "peak_lr": 0.5}\n')
        file.write('{"event": "validation", "step": 2}\n')  # of no token that counts
        file.write(step_line(3, 2.0))
    curve = read_curve(folder)
    (measured,) = curve.validations
    (changed,) = curve.lr_changes
    assert (measured.loss, changed.lr) == (1.5, 0.5)
    for place in measured.place, changed.place:
        along = [place.along(axis) for axis in (XAxis.STEP, XAxis.TOKEN, XAxis.TIME)]
        assert along == [2, 2 * TOKENS, 2 * SECONDS]
    assert curve.best_validation == measured
    answers = CurveReader(folder, answer_only=True).read_on()
    assert [measured.loss for measured in answers.validations] == [1.25]


def test_alerts_lie_at_their_steps_and_those_of_one_are_together() -> None:
    folder = write_run(losses=[4.0, 3.0])
    with (folder / "metrics.jsonl").open("a") as file:
        for kind in ("loss_spike", "too_hot"):  # the latter of a later version
            file.write(f'{{"event": "alert", "step": 3, "kind": "{kind}", "score": null}}\n')
        file.write(step_line(3, 9.0))
    assert read_curve(folder).alerts == (
        Alarmed(Place(3, 2 * TOKENS, 2 * SECONDS), ("loss_spike", "too_hot")),
    )
