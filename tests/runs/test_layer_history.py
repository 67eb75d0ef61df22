"""What a run did to each layer: all of it in bounded memory, and no spike is lost."""

import json
from pathlib import Path

import pytest

from tui_trainer.errors import InputError
from tui_trainer.json_lines import json_line
from tui_trainer.reports.layers import FIGURES, LayerFigures, LayersReport
from tui_trainer.runs.layer_history import MOST, Cell, LayerHistory
from tui_trainer.runs.loop_lines import layers_line
from tui_trainer.runs.past import past_up_to

NAMES = "layers.0", "norm"


def look(step: int, number: float = 1.0) -> LayersReport:
    first = LayerFigures("layers.0", number, number / 1000, None, 0.123456789)
    return LayersReport(step, (first, LayerFigures("norm", 0.5, None, float("inf"), 0.0)))


def history(looks: int, spike_at: int = 0, every: int = 10) -> LayerHistory:
    found = LayerHistory()
    for n in range(1, looks + 1):
        found.hear(look(every * n, 99.0 if n == spike_at else 1.0))
    return found


def test_each_look_is_a_column_while_there_is_room() -> None:
    columns = history(3, spike_at=2).whole(MOST)
    assert [(one.first, one.last, one.looks) for one in columns] == [
        (10, 10, 1), (20, 20, 1), (30, 30, 1)
    ]  # fmt: skip
    grad_norm, update_ratio, rms, moved = columns[1].figures
    assert grad_norm == (Cell(99.0, 20), Cell(0.5, 20))
    assert update_ratio == (Cell(0.099, 20), None)
    assert rms == (None, None)
    assert moved == (Cell(0.123457, 20), Cell(0.0, 20))


@pytest.mark.parametrize("looks", [MOST, MOST + 1, 1_000, 20_000])
def test_columns_are_of_as_many_looks_each_and_all_are_in_them(looks: int) -> None:
    found = history(looks, spike_at=looks // 3)
    for most in (1, 7, 50, MOST):
        columns = found.whole(most)
        assert len(columns) <= most
        assert sum(one.looks for one in columns) == looks
        assert (columns[0].first, columns[-1].last) == (10, 10 * looks)
        assert len({one.looks for one in columns[:-1]}) <= 1
        steps = [one.first for one in columns[1:]]
        assert steps == [one.last + 10 for one in columns[:-1]]
        spikes = [one.figures[0][0] for one in columns if one.figures[0][0] != Cell(1.0, one.first)]
        assert spikes == [Cell(99.0, 10 * (looks // 3))]  # and its own step is known


def test_a_run_of_a_million_steps_holds_no_more_than_a_short_one() -> None:
    found = history(20_000, every=50)
    assert len(found._whole) <= MOST
    last = range(50, 1_000_001, 50)[-MOST:]
    assert [one.first for one in found.last(10 * MOST)] == list(last)
    assert [one.first for one in found.last(2)] == [999_950, 1_000_000]


def test_a_model_with_other_layers_begins_anew() -> None:
    found = history(5)
    found.hear(LayersReport(60, (LayerFigures("head", 1.0, 1.0, 1.0, 1.0),)))
    assert (found.names, [one.first for one in found.whole(9)]) == (("head",), [60])


def test_what_a_file_has_is_what_was_heard(tmp_path: Path) -> None:
    """In the file's six digits; a number that was not finite is none there."""
    looks = [look(step, 1 / 3 * step) for step in range(1, 30)]
    heard = LayerHistory()
    with (tmp_path / "metrics.jsonl").open("w") as file:
        for one in looks:
            heard.hear(one)
            step = {"step": one.step, "loss": 1.0, "tokens": 1, "lr": 1e-5, "seconds": 0.1}
            file.write(f"{json_line(layers_line(one))}\n{json_line(step)}\n")
    read = past_up_to(tmp_path, 20, answer_only=False).layers
    assert read.names == heard.names == NAMES
    assert read.whole(99) == heard.whole(99)[:20] == read.last(20)


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_that_is_not_of_each_layer_is_damage(tmp_path: Path, figure: str) -> None:
    line = layers_line(look(1)) | {figure: [1.0]}
    (tmp_path / "metrics.jsonl").write_text(f"{json.dumps(line).replace('Infinity', 'null')}\n")
    with pytest.raises(InputError, match="not that of each layer"):
        past_up_to(tmp_path, 1, answer_only=False)
