"""Export: the CSV has every number of the metrics, the PNG is a picture, nothing is overwritten."""

import csv
import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.known import present
from tests.runs_on_disk import write_run
from tui_trainer.errors import InputError
from tui_trainer.runs.curve import XAxis, read_curve
from tui_trainer.runs.figures import (
    COLUMNS,
    NamedCurve,
    check_export,
    write_csv,
    write_png,
)
from tui_trainer.runs.png import make_logarithmic


def validation(step: int, loss: float) -> str:
    values = {"event": "validation", "step": step, "loss": loss, "answer_loss": loss / 2}
    return f"{json.dumps(values)}\n"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_csv_has_a_row_a_step_with_what_was_measured_after_it(tmp_path: Path) -> None:
    folder = write_run(losses=[4.0, None, 2.5])
    lines = (folder / "metrics.jsonl").read_text().splitlines(keepends=True)
    lines = [
        validation(0, 5.0),
        *lines[:2],
        validation(2, 3.0),
        '{"event": "lr", "step": 3, "peak_lr": 1e-6}\n',
    ]
    metrics = (folder / "metrics.jsonl").read_text().splitlines(keepends=True)
    (folder / "metrics.jsonl").write_text("".join([*lines, metrics[2]]))
    path = tmp_path / "run.csv"
    assert write_csv(folder, path) == 4
    rows = read(path)
    assert tuple(rows[0]) == COLUMNS
    assert [row["step"] for row in rows] == ["0", "1", "2", "3"]
    assert [row["loss"] for row in rows] == ["", "4.0", "", "2.5"]
    assert [row["clipped"] for row in rows] == ["", "0", "0", "0"]
    assert [row["validation_loss"] for row in rows] == ["5.0", "", "3.0", ""]
    assert rows[2]["validation_answer_loss"] == "1.5"
    assert [path.name for path in tmp_path.iterdir()] == ["run.csv"]


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "=cmd|' /C calc'!A0"},
        {"tokens": "@SUM(1)"},
        {"step": "\x1b[31m"},
        {"event": "validation", "answer_loss": "+1\r\n=2"},
        {"event": "validation", "step": "-1"},
    ],
)
def test_a_csv_has_numbers_alone(tmp_path: Path, changes: dict[str, object]) -> None:
    """A text that begins with = + - or @ is a formula to a spreadsheet."""
    folder = write_run(losses=[4.0])
    crafted = {"step": 2, "loss": 1.0, "tokens": 1, "lr": 1e-5, "seconds": 1.0} | changes
    with (folder / "metrics.jsonl").open("a") as file:
        file.write(f"{json.dumps(crafted)}\n")
    with pytest.raises(InputError, match="is damaged"):
        write_csv(folder, tmp_path / "run.csv")
    assert list(tmp_path.iterdir()) == []


def test_an_export_is_private_among_the_programs_files_and_as_the_umask_says_elsewhere(
    tmp_path: Path,
) -> None:
    folder = write_run()
    before = os.umask(0o022)
    try:
        write_csv(folder, tmp_path / "run.csv")
        write_csv(folder, folder / "run.csv")
    finally:
        os.umask(before)
    assert (tmp_path / "run.csv").stat().st_mode & 0o777 == 0o644
    assert (folder / "run.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("axis", list(XAxis))
@pytest.mark.parametrize("log", [False, True])
def test_png_is_a_picture_of_the_curves(tmp_path: Path, axis: XAxis, log: bool) -> None:
    path = tmp_path / "curves.png"
    curves = [
        NamedCurve(name, read_curve(write_run(f"2026-01-0{n}-x-1", losses)))
        for n, (name, losses) in enumerate({"_a": [4.0, 2.0], "$b_$": [3.0, 1.0, 0.5]}.items(), 1)
    ]
    write_png(curves, path, axis, log=log)
    with Image.open(path) as picture:
        picture.verify()
        assert picture.size == (1350, 750)
    assert [path.name for path in tmp_path.iterdir()] == ["curves.png"]


@pytest.mark.parametrize(
    ("losses", "told"), [((0.3, 2.5), {"0.3", "0.6", "1", "2"}), ((0.001, 9.0), {"0.01", "0.1"})]
)
def test_a_log_axis_has_plain_numbers_and_no_more_than_have_room(
    losses: tuple[float, float], told: set[str]
) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415  # takes its time

    figure = Figure()
    axes = figure.add_subplot()
    axes.plot([1, 2], losses)
    make_logarithmic(axes)
    figure.canvas.draw()
    labels = [
        label.get_text()
        for minor in (False, True)
        for label in axes.get_yticklabels(minor=minor)
        if label.get_text()
    ]
    assert told <= set(labels)
    assert all(float(label) > 0 for label in labels)
    assert len(labels) < 20


def test_the_legend_names_every_run_whatever_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415  # takes its time

    drawn: list[Figure] = []

    def save(figure: Figure, path: Path, **_: object) -> None:
        drawn.append(figure)
        path.touch()

    monkeypatch.setattr(Figure, "savefig", save)
    curve = read_curve(write_run())
    names = "_hidden", "$\\frac{", "e\x1b[31mvil"
    write_png([NamedCurve(n, curve) for n in names], tmp_path / "a.png", XAxis.STEP, log=False)
    (axes,) = drawn[0].axes
    legend = [text.get_text() for text in present(axes.get_legend()).get_texts()]
    assert legend == ["_hidden", "$\\frac{", "e␛[31mvil"]
    assert len({line.get_linestyle() for line in axes.lines}) == 3
    assert np.asarray(axes.lines[0].get_xdata()).tolist() == [1, 2, 3]


def test_one_curve_has_its_lowest_and_highest_losses_too(tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    write_png([NamedCurve("one", read_curve(write_run()))], path, XAxis.STEP, log=False)
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("there.csv", "is there already"),
        ("run.txt", "does not end with .csv or .png"),
        ("nowhere/run.csv", "There is no folder"),
        ("nul\0.csv", "does not end with"),
        ("lone \ud800.csv", "does not end with"),
        (f"{'x' * 300}/run.csv", "There is no folder"),
    ],
)
def test_what_cannot_be_written_is_told_beforehand(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "there.csv").write_text("mine")
    with pytest.raises(InputError, match=words):
        check_export(tmp_path / name)
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_without_matplotlib_png_is_one_sentence_and_csv_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'tui-trainer\[png\]'"):
        check_export(tmp_path / "run.png")
    check_export(tmp_path / "run.csv")


def test_a_file_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):  # too long with what is beside it
        write_csv(write_run(), tmp_path / f"{'x' * 250}.csv")
    assert list(tmp_path.iterdir()) == []
