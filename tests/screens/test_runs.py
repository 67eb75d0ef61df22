"""Runs: the list, the curves laid over one another, and what can be made of a run."""

import csv
import importlib.util
import itertools
import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.known import present, the
from tests.pilot import Running, loaded, running, shown, until
from tests.runs_on_disk import MODEL, TOKENS, step_line, write_run
from tui_trainer.app import TuiTrainer
from tui_trainer.protocol.events import LoopState
from tui_trainer.runs.curve import CurveReader, LossCurve, XAxis
from tui_trainer.runs.description import Parent, RunState, Tally
from tui_trainer.runs.home import METRICS_FILE, RUN_FILE, run_folders, runs_home
from tui_trainer.runs.json_files import write_json
from tui_trainer.runs.listing import RunOnDisk, delete_whole, list_runs, open_run, read_run
from tui_trainer.runs.writer import RunWriter
from tui_trainer.screens import folder_list
from tui_trainer.screens.dialogs.checkpoint_picker import CheckpointPicker
from tui_trainer.screens.dialogs.entry import Entry
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.evaluation.view import EvaluationScreen
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.gsm8k.settings import describe_settings
from tui_trainer.screens.runs.columns import list_layout
from tui_trainer.screens.runs.details import RunDetails
from tui_trainer.screens.runs.screen import RunsScreen
from tui_trainer.session.run_curves import GLANCE_BYTES, KEPT, RunCurves
from tui_trainer.session.saved_run import SavedRun
from tui_trainer.settings.fields import fields_of
from tui_trainer.settings.presets import PRESETS
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.chart.loss_chart import LossChart
from tui_trainer.widgets.chart.marks import LrMark, OverlaidLrMark
from tui_trainer.widgets.line_table import NARROW_GAP, LineTable, least_width, share_out
from tui_trainer.widgets.refusal import Refusal

ONE, TWO, THREE = (f"2026-01-02-builtin-{n}" for n in (1, 2, 3))


def with_engine(engine: FakeEngine | None = None, size: tuple[int, int] = (80, 24)) -> Running:
    return running("escape", "6", size=size, engine=lambda progress: engine or FakeEngine())


def screen(app: TuiTrainer) -> RunsScreen:
    assert isinstance(app.screen, RunsScreen)
    return app.screen


def notes(app: TuiTrainer) -> str:
    return "\n".join(note.message for note in app._notifications)


def detail(app: TuiTrainer) -> str:
    return str(screen(app).query_one("#run", Static).content)


def rows(app: TuiTrainer) -> list[str]:
    """The lines of the list that are in view."""
    lines = shown(app).splitlines()
    top = next(n for n, line in enumerate(lines) if " steps " in line)
    inside = itertools.takewhile(lambda line: "──" not in line, lines[top + 1 :])
    return [line.rstrip(" │█") for line in inside]


LR = '{"event": "lr", "step": 2, "peak_lr": 3e-5}'


def validation(step: int, loss: float) -> str:
    return f'{{"event": "validation", "step": {step}, "loss": {loss}}}'


def add_lines(folder: Path, *lines: str) -> None:
    """To the metrics of a run; its tally knows of them."""
    metrics = folder / METRICS_FILE
    metrics.write_text(metrics.read_text() + "".join(f"{line}\n" for line in lines))
    described = read_run(folder)
    tally = replace(described.tally, bytes=metrics.stat().st_size)
    write_json(folder / RUN_FILE, replace(described, tally=tally))


def differences(app: TuiTrainer) -> str:
    return str(screen(app).query_one("#differences", Static).content)


def chart(app: TuiTrainer) -> str:
    text = shown(app)
    return text[text.index("(nats)") :]


def all_read(app: TuiTrainer) -> bool:
    """Whether every curve of the chart was read to its end."""
    overlaid = screen(app).overlaid
    return bool(overlaid) and all(screen(app).curves.curve(run).is_whole for run in overlaid)


async def test_without_a_run_a_sentence_says_how_to_make_one() -> None:
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "There is no run on disk yet." in shown(app))
        text = " ".join(shown(app).split())
        assert "Press 5 and then space" in text
        assert "`tui-trainer gsm8k` makes one too" in text
        for key in ("space", "enter", "r", "l", "e", "x", "d"):
            app.clear_notifications()
            await pilot.press(key)
            await until(pilot, lambda: "There is no run to select: 5, then space" in notes(app))
        await pilot.press("a", "y", "down")
        assert isinstance(app.screen, RunsScreen)


async def test_alt_6_and_the_tab_lead_there_and_the_palette_knows_its_keys() -> None:
    write_run(ONE)
    async with running("alt+6", engine=lambda progress: FakeEngine()) as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app))
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Runs (6)", "Resume (r)", "Delete (d)", "Export (x)", "Mark (space)"} <= titles
        await pilot.press("1")
        await pilot.click("ScreenTab:last-of-type")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))


async def test_a_run_made_by_command_meanwhile_is_listed_on_coming_back() -> None:
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "There is no run on disk yet." in shown(app))
        await pilot.press("1", "escape")
        write_run(ONE)
        await pilot.press("6")
        await until(pilot, lambda: "1 run ·" in shown(app))
        assert "no run on disk" not in shown(app)


async def test_a_run_made_or_deleted_by_command_is_seen_while_the_list_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(folder_list, "LIST_SECONDS", 0.05)
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "There is no run on disk yet." in shown(app))
        write_run(ONE)
        await until(pilot, lambda: "1 run ·" in shown(app))
        write_run(TWO)
        await until(pilot, lambda: "2 runs ·" in shown(app))
        delete_whole(runs_home() / ONE)
        await until(pilot, lambda: "1 run ·" in shown(app))


async def test_the_list_and_the_selected_run() -> None:
    settings = TrainSettings(lr=3e-4, items=20)
    write_run(ONE, [4.0, 3.0, 2.5], checkpoints=[1, 2], settings=settings)
    write_run(TWO, [5.0, None], state=RunState.FAILED, failure="the disk is full")
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "2 runs" in shown(app) and all_read(app))
        first, second = rows(app)
        assert "2 runs · 01-02 · data builtin · model builtin · " in shown(app), (
            "what all have is said once"
        )
        assert first.split() == [
            *("▶", "03:04", "2/2", "1e-5", "1", "-", "-", "0:01", "200", "failed")
        ]
        assert second.split() == [
            *("03:04", "3/3", "3e-4", "1", "2.5000", "-", "0:02", "200", "done")
        ]
        assert "2026-01-02 03:04 · failed" in shown(app)
        assert "failed: the disk is full · no checkpoint" in detail(app)
        await pilot.press("down")
        assert f"{ONE} · 300 tokens, 0:02 · loss 4.0000 → 2.5000" in detail(app)
        assert "items 20* · lr 3e-4*" in detail(app)
        assert "checkpoints of steps 2, 1" in detail(app)


@pytest.mark.parametrize("size", first_is_quick((120, 40), (200, 60)))
async def test_with_room_the_list_tells_lr_batch_validation_time_and_rate(
    size: tuple[int, int],
) -> None:
    """The learning rate is the one that it was given last, the validation the lowest."""
    folder = write_run(ONE, [4.0, 3.0], settings=TrainSettings(lr=2e-4, batch=8, accumulation=4))
    add_lines(folder, LR, validation(1, 0.9), validation(2, 0.701))
    async with with_engine(size=size) as (app, pilot):
        await until(pilot, lambda: "0.7010" in shown(app))
        (row,) = rows(app)
        told = " ".join(row.strip("│ ").split())
        assert "2/2 3e-5 8×4 3.0000" in told
        assert told.endswith("0.7010 0:01 200.0 ▇▆ ■ finished")


def test_the_columns_fit_whatever_the_width_and_what_is_alike_goes_first() -> None:
    write_run(ONE)
    other = replace(MODEL, name="/models/" + "long" * 50)
    for names in ((TWO,), (TWO, THREE)):
        write_run(names[-1], model=other if THREE in names else MODEL)
        runs, _ = list_runs()
        for room, widths in (("-narrow", (20, 50, 77)), ("-wide", (105, 115)), ("-broad", (165,))):
            for width in widths:
                layout = list_layout(room, width, runs)
                least = least_width(layout.columns, NARROW_GAP)
                assert least < width, "the mark is before them"
        layout = list_layout("-narrow", 77, runs)
        titles = {column.title for column in layout.columns}
        assert {"steps", "lr", "batch", "last", "val", "time", "tok/s", "state"} <= titles
        assert ("model" in titles) is (len(runs) > 2), "models that differ are all told"
        assert sum(share_out(layout.columns, 77)) < 77
    assert "model" not in {column.title for column in list_layout("-narrow", 77, runs[1:]).columns}


async def test_with_room_the_settings_of_the_run_are_all_there() -> None:
    write_run(ONE, settings=TrainSettings(lr=2e-4))
    async with with_engine(size=(200, 60)) as (app, pilot):
        await until(pilot, lambda: "* lr " in shown(app))
        lines = [line for line in shown(app).splitlines() if "tutorial: 1e-5" in line]
        assert len(lines) == 1
        for field in fields_of(TrainSettings):
            assert f" {field.label} " in shown(app), "none is cut off"
        assert "tutorial, * changed" not in shown(app), "nothing is said twice"


@pytest.mark.parametrize("size", first_is_quick((80, 24), (200, 60)))
async def test_where_the_list_has_another_learning_rate_than_the_settings_both_are_told(
    size: tuple[int, int],
) -> None:
    add_lines(write_run(ONE, [4.0, 3.0], settings=TrainSettings(lr=1e-4)), LR)
    async with with_engine(size=size) as (app, pilot):
        await until(pilot, lambda: "lr 3e-5 from step 2 on" in detail(app))
        assert any(" 3e-5 " in row for row in rows(app))
        assert re.search(r"lr +1e-4\*? → 3e-5", shown(app))


async def test_the_best_checkpoint_by_validation_is_told() -> None:
    folder = write_run(ONE, [4.0, 3.0, 2.0], checkpoints=[1, 2, 3], steps=4)
    add_lines(folder, validation(2, 0.701), validation(3, 0.82))
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "step 2 · val 0.7010 best · checkpoints of steps" in detail(app))
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, CheckpointPicker))
        options = app.screen.query_one(OptionList).options
        assert [str(option.prompt) for option in options] == [
            "step 3 · val 0.8200",
            "step 2 · val 0.7010 best",
            "step 1",
        ]


async def test_the_best_checkpoint_is_marked_in_the_list_its_details_and_where_one_is_chosen() -> (
    None
):
    """Which may be none of the newest that there is room for."""
    steps = list(range(1, 10))
    write_run(ONE, [4.0] * 9, checkpoints=steps, best_checkpoint=2, steps=12)
    async with with_engine(size=(120, 40)) as (app, pilot):
        line = "checkpoints of steps 9, 8, 7, 6, 5, 4 and 3 more, best 2"
        await until(pilot, lambda: line in detail(app))
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, RunsScreen) and line in shown(app))
        await pilot.press("escape", "l")
        await until(pilot, lambda: isinstance(app.screen, CheckpointPicker))
        options = [str(one.prompt) for one in app.screen.query_one(OptionList).options]
        assert options[-2:] == ["step 2 best", "step 1"]


async def test_validations_and_other_learning_rates_are_on_the_overlay() -> None:
    for name in (ONE, TWO):
        add_lines(write_run(name, [4.0, 3.0, 2.0]), LR, validation(2, 0.7), validation(3, 0.8))
    async with with_engine(size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "2 runs" in shown(app) and all_read(app))
        await until(pilot, lambda: "◆ validation" in shown(app))
        assert [the(OverlaidLrMark, mark).label for mark in screen(app).chart.picture().marks] == [
            "lr 3e-5"
        ]
        await pilot.press("space", "down", "space")
        await until(pilot, lambda: "a b validation" in shown(app))
        await until(pilot, lambda: all_read(app))
        picture = screen(app).chart.picture()
        curves = {(curve.letter, curve.name, curve.ink) for curve in picture.curves}
        assert curves == {
            *(("A", "avg", "first"), ("B", "avg", "second")),
            *(("A", "val", "first"), ("B", "val", "second")),
        }
        assert {the(OverlaidLrMark, mark).label for mark in picture.marks} == {
            "A lr 3e-5",
            "B lr 3e-5",
        }
        await pilot.press("a")
        (place,) = {mark.step for mark in screen(app).chart.picture().marks}
        assert place == 3 * TOKENS  # the metrics have the change after these steps


async def test_of_marked_runs_only_what_differs_is_told() -> None:
    write_run(ONE, settings=TrainSettings(lr=1e-4, items=20))
    write_run(TWO, settings=TrainSettings(lr=3e-4, items=20))
    write_run(THREE, settings=TrainSettings(lr=3e-4, items=20))
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "3 runs" in shown(app))
        await pilot.press("space", "down", "space")
        same = "The marked runs have the same settings and model."
        await until(pilot, lambda: differences(app) == same)
        await pilot.press("down", "space")
        await until(pilot, lambda: "A  lr 3e-4\nB  lr 3e-4\nC  lr 1e-4" in differences(app))


async def test_runs_that_began_with_other_weights_are_told_apart_by_them() -> None:
    write_run(ONE, model=replace(MODEL, fingerprint="a2a58faa5ad1"))
    write_run(TWO, model=replace(MODEL, fingerprint="05f506a8c3b4", precision="bf16"))
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "2 runs" in shown(app))
        await pilot.press("space", "down", "space")
        told = (
            "A  precision bf16 · began with weights 05f506a8\n"
            "B  precision fp32 · began with weights a2a58faa"
        )
        await until(pilot, lambda: differences(app) == told)


async def test_a_run_has_no_loss_beyond_its_end() -> None:
    write_run(ONE, [3.0, 2.0])
    write_run(TWO, [4.0] * 9)
    async with with_engine(size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "2 runs" in shown(app))
        await pilot.press("space", "down", "space")
        await until(pilot, lambda: all_read(app))
        await pilot.press("left")
        await until(pilot, lambda: "step 9  A avg 4.0000" in shown(app))
        assert "B avg" not in shown(app)


async def test_every_run_of_a_long_list_is_glanced_at_once_and_few_curves_are_kept() -> None:
    names = [f"2026-01-{n:02}-builtin-1" for n in range(1, 29)] + [
        f"2026-02-{n:02}-builtin-1" for n in range(1, 29)
    ]
    for name in names:
        write_run(name, [3.0, 2.0])
    runs = [open_run(runs_home() / name) for name in names]
    curves, read = RunCurves(), 0
    while await curves.read_slice(runs[:1], runs):
        read += 1
    assert read == len(runs)
    assert all(len(curves.glance(name).losses) == 2 for name in names)
    assert sum(curves.curve(run).is_whole for run in runs) <= KEPT
    assert curves.curve(runs[0]).is_whole
    long = replace(
        runs[1],
        description=replace(runs[1].description, tally=Tally(bytes=GLANCE_BYTES + 1)),
    )
    assert not await RunCurves().read_slice([], [long])  # until it is looked at
    assert await RunCurves().read_slice([long], [long])


async def test_of_a_long_list_the_rows_in_view_are_read_and_those_that_come_into_view() -> None:
    for number in range(1, 101):
        write_run(f"2026-01-02-builtin-{number}", [3.0, 2.0])
    async with with_engine() as (app, pilot):
        runs, table = screen(app), screen(app).query_one("#runs", LineTable)

        def read() -> list[int]:
            return [n for n, run in enumerate(runs._runs) if runs.curves.glance(run.name).losses]

        await until(pilot, lambda: len(table.in_view) > 1 and {*table.in_view} <= {*read()})
        rows = len(table.in_view)
        # No scroll, and the screen has the size that it had.
        table.styles.max_height = table.styles.height = rows + 4
        await until(pilot, lambda: len(table.in_view) > rows and {*table.in_view} <= {*read()})
        table.scroll_to(y=60, animate=False)
        await until(pilot, lambda: table.in_view.start == 60 and {*table.in_view} <= {*read()})
        assert not {*read()} & {*range(30, 60)}, "those between were not in view"
        assert table.cursor == 0


async def test_runs_on_files_of_one_folder_are_told_apart() -> None:
    for number, name in enumerate(("train", "test"), start=1):
        settings = TrainSettings(problems=f"../very/long/path/of/the/course/{name}.jsonl")
        write_run(f"2026-01-02-builtin-{number}", settings=settings)
        assert f"{name}.jsonl" in describe_settings(settings)[:78]  # what GSM8K shows of it
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "2 runs" in shown(app) and all_read(app))
        assert ["/test " in row for row in rows(app)] == [True, False]
        assert ["/train " in row for row in rows(app)] == [False, True]


async def test_bad_runs_are_told_and_hide_no_other() -> None:
    write_run(ONE)
    (runs_home() / "foreign").mkdir()
    cut = write_run(TWO)
    (cut / "run.json").write_text((cut / "run.json").read_text()[:50])
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "1 run · 2 cannot be read" in shown(app))
        assert [row.split()[-1] for row in rows(app)] == ["done", "damaged", "damaged"]
        await pilot.press("down")
        assert "or it is damaged" in detail(app)
        await pilot.press("down")
        assert "it has no run.json" in detail(app)
        await pilot.press("r")
        assert "Select a run that can be read." in notes(app)
        await pilot.press("d")
        await until(pilot, lambda: "so it is no run: delete it by hand" in notes(app))
        assert (runs_home() / "foreign").is_dir()


async def test_damaged_metrics_are_told_beside_what_can_be_drawn() -> None:
    folder = write_run(ONE, [4.0, 3.0, 2.0])
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"step": 4, "loss"\n')
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app))
        await until(pilot, lambda: "metrics.jsonl is damaged" in detail(app))
        assert "⠉" in chart(app) or "⠑" in chart(app)


async def test_marked_runs_are_laid_over_one_another_with_letters() -> None:
    for n, name in enumerate((ONE, TWO, THREE), start=1):
        write_run(name, [n + 5 / step for step in range(1, 40)])
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "3 runs" in shown(app) and "space marks" in shown(app))
        assert [run.name for run in screen(app).overlaid] == [THREE]
        await pilot.press("space", "down", "space")
        await until(pilot, lambda: all_read(app) and "2 marked" in shown(app))
        assert [run.name for run in screen(app).overlaid] == [THREE, TWO]
        assert [row[2] for row in rows(app)] == ["A", "B", " "]
        await until(pilot, lambda: min(chart(app).count("A"), chart(app).count("B")) >= 3)
        await pilot.press("up", "space")
        assert [run.name for run in screen(app).overlaid] == [TWO]
        assert [row[2] for row in rows(app)] == [" ", "B", " "]
        await pilot.press("down", "down", "space")
        assert screen(app).marks.letters == {TWO: "B", ONE: "A"}


async def test_no_more_runs_are_marked_than_the_chart_tells_apart() -> None:
    for n in range(1, 10):
        write_run(f"2026-01-02-builtin-{n}", [1.0, 2.0])
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "9 runs" in shown(app))
        for _ in range(9):
            await pilot.press("space", "down")
        assert "".join(screen(app).marks.letters.values()) == "ABCDEFGH"
        assert "8 runs are marked: take one away first." in notes(app)


async def test_a_changes_the_axis_and_y_the_scale() -> None:
    write_run(ONE, [4.0, 3.0, 2.0, 1.0])
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app) and all_read(app))
        for word, last in (("step", "4"), ("token", "400"), ("second", "2.0"), ("step", "4")):
            await until(pilot, lambda word: f"by {word}" in chart(app), word)
            axis = next(line for line in chart(app).splitlines() if line.startswith(f"{word:>7} "))
            assert axis.split()[-1] == last
            await pilot.press("a")
        assert screen(app).chart.axis is XAxis.TOKEN
        await pilot.press("y")
        await until(pilot, lambda: "log axis" in chart(app))


async def test_enter_tells_all_settings_and_marks_what_differs() -> None:
    write_run(ONE, settings=TrainSettings(batch=4, schedule="cosine"))
    async with with_engine(size=(100, 90)) as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app))
        await pilot.press("enter")

        def lines() -> list[str]:
            # Beside the dialog is what lies behind it, the chart when it has been read.
            inside = (line.partition("│")[2].strip("│ ") for line in shown(app).splitlines())
            return [" ".join(line.split()) for line in inside]

        await until(pilot, lambda: "* batch 4 tutorial: 1" in lines())
        assert isinstance(app.screen, RunDetails)
        assert "* schedule cosine tutorial: constant" in lines()
        assert any(line.endswith("accumulation 1") for line in lines())
        text = shown(app)
        for word in ("FakeForCausalLM", "1,000 parameters", "python 3.11.7, torch 2.13.0", ONE):
            assert word in text
        await pilot.press("escape")
        assert isinstance(app.screen, RunsScreen)


async def test_the_cursor_follows_the_newest_run_until_it_is_moved_and_then_stays_on_its_run() -> (
    None
):
    write_run(ONE)
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app))
        write_run(TWO)
        screen(app).listing.anew()
        await until(pilot, lambda: "2 runs" in shown(app))
        assert the(RunOnDisk, screen(app).selected).folder.name == TWO
        await pilot.press("down")
        write_run(THREE)
        screen(app).listing.anew()
        await until(pilot, lambda: "3 runs" in shown(app))
        assert the(RunOnDisk, screen(app).selected).folder.name == ONE


async def test_a_run_says_its_preset_and_a_parent_is_told_before_what_may_be_cut() -> None:
    """The line of a resumed run was cut inside its parent's name."""
    tuned = replace(PRESETS["tuned"], batch=4)
    write_run(ONE, settings=tuned, parent=Parent("2026-11-30-builtin-5", 1_042), steps=9)
    async with with_engine() as (app, pilot):
        told = "resumed from 2026-11-30-builtin-5 at step 1,042 · no checkpoint to "
        await until(pilot, lambda: told in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: "1 not as in tuned *" in shown(app))
        marked = [line for line in shown(app).splitlines() if "│ * " in line or " * " in line]
        assert any("batch" in line and "tuned: 1" in line for line in marked)


async def test_a_run_that_goes_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_list, "LIST_SECONDS", 0.05)
    folder = write_run(ONE, [4.0, 3.0], state=RunState.GOING, tally=Tally())
    writer = RunWriter(folder, read_run(folder))
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "going" in shown(app) and all_read(app))
        with (folder / "metrics.jsonl").open("a") as file:
            file.write(step_line(3, 0.25))
        await until(pilot, lambda: "0.2500" in rows(app)[0])
        run = the(RunOnDisk, screen(app).selected)
        await until(pilot, lambda: screen(app).curves.curve(run).steps == 3)
        await pilot.press("d")
        await until(pilot, lambda: "is going: stop its loop before you delete it" in notes(app))
        writer._file.close()
        await until(pilot, lambda: "broken off" in shown(app))
    assert folder.is_dir()


async def test_a_long_run_is_read_in_slices_away_from_the_interface(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read_on = CurveReader.read_on
    threads: list[threading.Thread] = []

    def noted(reader: CurveReader, lines: int = 1_000) -> LossCurve:
        threads.append(threading.current_thread())
        return read_on(reader, lines)

    monkeypatch.setattr(CurveReader, "read_on", noted)
    write_run(ONE, [2.0 + n % 7 for n in range(9_500)])
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app) and all_read(app))
        assert screen(app).curves.curve(the(RunOnDisk, screen(app).selected)).steps == 9_500
    assert len(threads) == 10
    assert threading.main_thread() not in threads
    assert all(thread.daemon for thread in threads)


# Checkpoints


async def test_r_resumes_from_the_chosen_checkpoint_on_gsm8k() -> None:
    engine = FakeEngine([4.0, 3.0, 2.0, 1.0])
    settings = TrainSettings(items=4, lr=2e-4)
    model = replace(MODEL, deterministic=True)
    write_run(ONE, [4.0, 3.5, 3.0], checkpoints=[1, 2], settings=settings, steps=4, model=model)
    async with with_engine(engine) as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, CheckpointPicker))
        options = app.screen.query_one(OptionList)
        assert [str(option.prompt) for option in options.options] == ["step 2", "step 1"]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Gsm8kScreen))
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.FINISHED)
        checkpoint = str(runs_home() / ONE / "checkpoints" / "step-000002")
        assert engine.resumed == [checkpoint]
        assert engine.trained_with == [settings]
        choice = app.session.choice
        assert (choice.source, choice.precision) == (checkpoint, "fp32")
        assert choice.deterministic
        gsm8k = the(Gsm8kScreen, app.screen)
        await until(pilot, lambda: gsm8k.report is not None and gsm8k.report.step == 4)
        series = app.screen.query_one(LossChart).series
        assert (len(series), series.first, series.last) == (4, 4.0, 1.0)
        assert present(app.session.saved).checkpoint_step == 4
        # The next run of the screen begins anew, with the settings that were there.
        await pilot.press("space")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("k")
        await until(pilot, lambda: len(engine.trained_with) == 2)
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.FINISHED)
        assert engine.trained_with[1] == TrainSettings()
        await until(pilot, lambda: len(app.screen.query_one(LossChart).series) == 4)
        assert present(app.session.saved).name.endswith("-2")


async def test_the_learning_rate_of_a_resumed_run_is_the_one_that_it_had() -> None:
    engine = FakeEngine([4.0] * 9, gated=True)
    engine.resumes_at_lr = 5e-5
    write_run(ONE, [4.0, 3.5], checkpoints=[2], steps=9)
    async with with_engine(engine) as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: "lr 5e-5*" in shown(app))  # before its first step
        await pilot.press("right_square_bracket", "right_square_bracket")
        await until(pilot, lambda: "lr 5e-5* → 2e-4 · " in shown(app))
        engine.gate.release(9)
        await until(pilot, lambda: engine.training_lr() == 2e-4)
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.FINISHED)


async def test_a_resumed_run_goes_on_with_its_measurements_marks_and_totals() -> None:
    engine = FakeEngine([4.0] * 9, gated=True)
    folder = write_run(ONE, [4.0, 3.5], checkpoints=[2], steps=9)
    losses = '"loss": 5.5, "question_loss": 4.5, "answer_loss": 6.5'
    before = f'{{"event": "validation", "step": 0, {losses}}}\n'
    change = '{"event": "lr", "step": 2, "peak_lr": 2e-5}\n'
    first, second = (folder / METRICS_FILE).read_text().splitlines(keepends=True)
    (folder / METRICS_FILE).write_text(before + first + change + second)
    async with with_engine(engine) as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: "step 3, " in shown(app))  # the clock of its first step
        chart = app.screen.query_one(LossChart)
        assert [(point.first, point.lowest) for point in chart.validation.reduced(9)] == [(0, 5.5)]
        assert list(chart.marks) == [LrMark(2, 2e-5)]
        engine.gate.release(9)
        await until(pilot, lambda: "9 of 9 steps, 270 tokens" in shown(app))


@pytest.mark.parametrize(("key", "verb"), [("r", "resume"), ("e", "evaluate")])
async def test_a_run_of_another_model_is_not_taken_up_before_the_user_says_so(
    key: str, verb: str
) -> None:
    engine = FakeEngine(answers=[["#### 1"]])
    other = replace(MODEL, name="smollm2", parameters=134_515_008)
    write_run(ONE, [4.0, 3.0], checkpoints=[1], steps=4, model=other)
    async with with_engine(engine) as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app))
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        said = " ".join(shown(app).replace("│", " ").split())
        assert "The run is of smollm2, which takes the place of builtin on all screens." in said
        assert f"y {verb}" in said
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        assert (engine.resumed, engine.evaluated_with) == ([], [])
        assert app.session.choice.source == "builtin"
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("y")
        await until(pilot, lambda: app.session.choice.source.endswith("step-000001"))
        await until(pilot, lambda: bool(engine.resumed or engine.evaluated_with))


async def test_r_asks_before_updates_are_lost_that_no_file_has() -> None:
    engine = FakeEngine()
    write_run(ONE, [4.0, 3.0], checkpoints=[1], steps=4)
    async with with_engine(engine) as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app))
        await pilot.press("4", "space")
        await until(pilot, lambda: loaded(app).unsaved == 1)
        await pilot.press("6", "r")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        assert "No file has the last 1 update of these weights." in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        assert (engine.resumed, loaded(app).updates) == ([], 1)


async def test_what_cannot_be_resumed_is_a_sentence() -> None:
    engine = FakeEngine([1.0] * 50, gated=True)
    write_run(ONE, [4.0, 3.0], checkpoints=[2])
    write_run(TWO, [4.0, 3.0])
    async with with_engine(engine) as (app, pilot):
        await until(pilot, lambda: "2 runs" in shown(app))
        await pilot.press("r")
        assert f"{TWO} has no checkpoint: c makes one in a run" in notes(app)
        await pilot.press("down", "r")
        assert f"{ONE} has made all of its 2 steps at its last checkpoint" in notes(app)
        engine.gate.release(1)
        await pilot.press("5", "full_stop")
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.PAUSED)
        await until(pilot, lambda: app.session.saved is not None)
        await pilot.press("6", "l")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        assert "The GSM8K loop is paused." in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        assert (engine.resumed, app.session.choice.source) == ([], "builtin")
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("y")
        await until(pilot, lambda: "The model of all screens is step " in notes(app))
        assert app.session.loops["gsm8k"] is LoopState.STOPPED


async def test_a_precision_that_there_is_not_is_a_sentence() -> None:
    write_run(ONE, checkpoints=[1], model=replace(MODEL, precision="int3"))
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app))
        await pilot.press("l")
        await until(pilot, lambda: "Precision 'int3' is not known" in notes(app))


async def test_l_loads_a_checkpoint_into_all_screens() -> None:
    folder = write_run(ONE, checkpoints=[3])
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app))
        await pilot.press("l")
        await until(pilot, lambda: "The model of all screens is step " in notes(app))
        checkpoint = str(folder / "checkpoints" / "step-000003")
        assert loaded(app).model.name == checkpoint
        assert present(app.session.tokenizer).name == checkpoint
        assert isinstance(app.screen, RunsScreen)


async def test_e_loads_and_evaluates_on_held_out_items_of_what_it_trained_on() -> None:
    engine = FakeEngine(answers=[["#### 1", "#### 2"]])
    write_run(ONE, checkpoints=[3], settings=TrainSettings(items=77, seed=5))
    async with with_engine(engine) as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EvaluationScreen))
        await until(pilot, lambda: len(app.session.evaluations.ended) == 1)
        assert engine.evaluated_with[0].seed == 5
        assert app.session.choice.source.endswith("step-000003")
        await pilot.press("escape")
        assert isinstance(app.screen, Gsm8kScreen)
        await pilot.press("E")  # another way in lies over it when a second one is asked for
        assert isinstance(app.screen, EvaluationScreen)
        engine._answers.append(["#### 1"])
        await pilot.press("6", "e")
        await until(pilot, lambda: len(app.session.evaluations.ended) == 2)
        assert len(app.screen_stack) == 2


async def test_a_run_of_the_real_worker_is_resumed_and_ends_as_one_never_stopped() -> None:
    async with running("escape", "5") as (app, pilot):
        gsm8k = the(Gsm8kScreen, app.screen)
        gsm8k.settings = TrainSettings(items=4)
        for step in (1, 2):
            await pilot.press("full_stop")
            await until(pilot, lambda step: gsm8k.report and gsm8k.report.step == step, step)
        await pilot.press("s", "w")
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.STOPPED)
        await pilot.press("6")
        await until(pilot, lambda: "stopped" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.FINISHED)
        assert app.screen is gsm8k
        await until(pilot, lambda: present(gsm8k.report).step == 4)
        assert len(gsm8k.query_one(LossChart).series) == 4
        await pilot.press("6")
        await until(pilot, lambda: "2 runs" in shown(app))
    newest, stopped = map(open_run, run_folders())
    assert newest.description.parent == Parent(stopped.name, 2)
    assert (newest.description.tally.step, newest.state) == (4, RunState.FINISHED)


# Files


async def typed(app: TuiTrainer, pilot: Pilot[int], path: Path) -> None:
    await pilot.press("x")
    await until(pilot, lambda: isinstance(app.screen, Entry))
    app.screen.query_one(Input).value = str(path)
    await pilot.press("enter")


async def test_x_writes_csv_and_png(tmp_path: Path) -> None:
    write_run(ONE, [4.0, 3.0])
    write_run(TWO, [5.0, 4.0, 3.0])
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "2 runs" in shown(app))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Entry))
        assert app.screen.query_one(Input).value == f"{TWO}.csv"
        await pilot.press("escape", "space", "down", "space")
        await typed(app, pilot, tmp_path / "one.csv")
        await until(pilot, lambda: "one.csv has 2 rows." in notes(app))
        with (tmp_path / "one.csv").open(newline="") as file:
            assert [row["loss"] for row in csv.DictReader(file)] == ["4.0", "3.0"]
        await typed(app, pilot, tmp_path / "both.png")
        await until(pilot, lambda: "both.png has the curves of 2 runs by step." in notes(app))
        assert (tmp_path / "both.png").read_bytes().startswith(b"\x89PNG")


async def test_an_export_that_cannot_be_is_told_in_the_dialog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(ONE)
    (tmp_path / "there.csv").write_text("mine")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app))
        for name, words in (
            ("there.csv", "is there already"),
            ("run.txt", "does not end with .csv or .png"),
            ("run.png", "needs matplotlib: run `pip install 'tui-trainer[png]'`"),
        ):
            await typed(app, pilot, tmp_path / name)
            assert words in str(app.screen.query_one(Refusal).content)
            await pilot.press("escape")
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]


async def test_d_deletes_after_a_question() -> None:
    folder, other = write_run(ONE, checkpoints=[1, 2]), write_run(TWO)
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "2 runs" in shown(app))
        await pilot.press("space", "down", "d")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        asked = str(app.screen.query(Static).first().content)
        assert f"{ONE}: 3 steps, 2 checkpoints, " in asked
        await pilot.press("n")
        assert folder.is_dir()
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("y")
        await until(pilot, lambda: "1 run ·" in shown(app))
        assert not folder.exists()
        assert other.is_dir()
        app.session.saved = SavedRun(TWO, 3, 3)
        app.session.status = replace(loaded(app), updates=3)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        assert "▲ Delete this run?" in shown(app)
        asked = " ".join(str(app.screen.query(Static).first().content).split())
        assert "The weights in memory, which are those of its end, stay there alone." in asked
        await pilot.press("y")
        await until(pilot, lambda: "There is no run on disk yet." in shown(app))
        assert screen(app).marks.letters == {}


async def test_a_run_that_stays_is_no_reason_to_read_the_list_again(tmp_path: Path) -> None:
    """A text that comes as keys has many a d: each list read and drawn anew took 60 ms."""
    (runs_home() / TWO).symlink_to(write_run(ONE).rename(tmp_path / "elsewhere"))
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: screen(app).listed and not screen(app).listing._reading.locked())
        read_until = screen(app).listing._rests_until
        await pilot.press("d")
        await until(pilot, lambda: f"{TWO} is a link" in notes(app))
        await pilot.pause(0.2)
        assert screen(app).listing._rests_until == read_until


async def test_d_takes_no_link_and_tells_what_is_not_the_runs(tmp_path: Path) -> None:
    folder, elsewhere = write_run(ONE), write_run(TWO).rename(tmp_path / "elsewhere")
    (folder / "notes.txt").write_text("mine")
    (folder.parent / TWO).symlink_to(elsewhere)
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "2 runs" in shown(app))
        await pilot.press("d")
        await until(pilot, lambda: f"{TWO} is a link" in notes(app))
        await pilot.press("down", "d")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("y")
        await until(pilot, lambda: "not of the run:\nnotes.txt" in notes(app))
    assert sorted(path.name for path in elsewhere.iterdir()) == ["metrics.jsonl", "run.json"]
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


async def test_the_keys_of_a_run_are_in_the_footer_once_there_is_one() -> None:
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "b bench" in shown(app))
        assert "r resume" not in shown(app)
        write_run(ONE)
        await until(pilot, lambda: "1 run" in shown(app))
        for word in ("enter details", "space mark", "r resume", "l load", "x export", "? keys"):
            assert word in shown(app).splitlines()[-1]


@pytest.mark.long
@pytest.mark.parametrize("size", first_is_quick((1, 1), (30, 8), (80, 24), (200, 60)))
async def test_no_size_breaks_it(size: tuple[int, int]) -> None:
    write_run(ONE)
    async with with_engine(size=size) as (app, pilot):
        await until(pilot, lambda: all_read(app))
        await pilot.press("space", "a", "y", "down", "enter", "escape")
        assert app.is_running
