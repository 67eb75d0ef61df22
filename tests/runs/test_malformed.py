"""Whatever a run's files hold, it is listed, shown, exported and checked, or told in a sentence."""

import json
import random
import shutil
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from textual.content import Content

from tests.headless.conftest import obeyed_characters
from tests.runs.malformed import is_no_file, malformed_files
from tests.runs_on_disk import step_report, write_run
from tui_trainer.errors import InputError
from tui_trainer.headless.runs import describe, row_cells, run_line
from tui_trainer.json_lines import json_line
from tui_trainer.reports.loop import ValidationReport
from tui_trainer.runs.checkpoint_check import check_checkpoint
from tui_trainer.runs.checkpoints import find_checkpoint
from tui_trainer.runs.curve import read_curve
from tui_trainer.runs.description import Parent, RunState, Tally
from tui_trainer.runs.figures import write_csv
from tui_trainer.runs.home import METRICS_FILE, RUN_FILE, WRITER_FILE, find_run
from tui_trainer.runs.listing import (
    DamagedRun,
    RunOnDisk,
    check_deletable,
    list_runs,
    open_run,
    read_run,
    settings_here,
)
from tui_trainer.runs.metrics import tally_up_to
from tui_trainer.runs.past import past_up_to
from tui_trainer.runs.training_facts import TRAINING_FILE, TrainingFacts, write_facts
from tui_trainer.runs.writer import RunWriter
from tui_trainer.screens.runs import row_words
from tui_trainer.screens.runs import words as run_words
from tui_trainer.screens.runs.columns import COLUMNS
from tui_trainer.session.run_curves import NO_GLANCE, NOTHING_READ

LONGEST_SENTENCE = 1000
QUICK = 60
"""Of some thousands of each file; the rest is for when there is time."""


VALIDATION = ValidationReport(
    step=0,
    answer_only=False,
    items=3,
    loss=5.0,
    question_loss=4.0,
    answer_loss=6.0,
    question_tokens=10,
    answer_tokens=20,
    seconds=0.1,
)


@pytest.fixture
def run() -> Path:
    """A run with all kinds of lines that died after its second step, and a checkpoint of that."""
    folder = write_run(
        losses=[],
        checkpoints=[2],
        state=RunState.GOING,
        tally=Tally(),
        parent=Parent("2026-01-01-builtin-1", 1),
    )
    writer = RunWriter(folder, read_run(folder))
    writer.write(VALIDATION)
    for step, lr in ((1, 1e-5), (2, 2e-5)):
        writer.write(step_report(step, loss=4.0 - step, peak_lr=lr))
    item = step_report(1, 3.0).item
    facts = TrainingFacts("builtin", 2, 2, 2e-5, "AdamW", item, replace(item, loss=4.0))
    write_facts(folder / "checkpoints" / "step-000002", replace(facts, tally=writer.at_step))
    shutil.copy(folder / WRITER_FILE, folder / "kept")
    writer.end(RunState.STOPPED)
    (folder / "kept").replace(folder / WRITER_FILE)
    described = json.loads((folder / RUN_FILE).read_text())
    (folder / RUN_FILE).write_text(json.dumps(described | {"state": RunState.GOING.value}))
    return folder


def read_all(run: Path, target: Path) -> None:
    """All that the commands and the Runs screen read of it, but for the tensors."""
    runs, damaged = list_runs()
    rows: tuple[RunOnDisk | DamagedRun, ...] = (*runs, *damaged)
    for row in rows:
        for columns in COLUMNS.values():
            cells = row_words.row_cells(row, Content(" "), columns, NO_GLANCE)
            assert obeyed_characters("".join(map(str, cells))) == set()
        run_words.describe_contents(row, 1)
    for found in runs:
        json.loads(json_line(run_line(found)))
        shown = (*row_cells(found), *describe(found), run_words.describe_run(found, NOTHING_READ))
        told = (text for part in run_words.details(found, 1) for text in part)
        assert obeyed_characters("".join((*shown, *told))) == set()
    for act in (
        lambda: open_run(find_run(run.name)),
        lambda: write_csv(run, target),
        lambda: read_curve(run),
        lambda: past_up_to(run, 2, answer_only=False),
        lambda: resume(run),
        lambda: check_deletable(run),
    ):
        try:
            act()
        except InputError as error:
            assert len(str(error)) < LONGEST_SENTENCE
    target.unlink(missing_ok=True)


def resume(run: Path) -> None:
    checkpoint = find_checkpoint(run.name)
    settings_here(read_run(run))
    facts = check_checkpoint(checkpoint)
    tally_up_to(run / METRICS_FILE, facts.step, facts.tally)


FILES = RUN_FILE, METRICS_FILE, WRITER_FILE, f"checkpoints/step-000002/{TRAINING_FILE}"


@pytest.mark.parametrize("number", [QUICK, pytest.param(None, marks=pytest.mark.long)])
@pytest.mark.parametrize("file", FILES)
def test_a_malformed_file_is_a_sentence(
    run: Path, tmp_path: Path, file: str, number: int | None
) -> None:
    path = run / file
    texts = list(malformed_files(path))
    random.Random(0).shuffle(texts)
    for text in islice(texts, number):
        path.write_bytes(text)
        read_all(run, tmp_path / "run.csv")


@pytest.mark.parametrize("file", FILES)
def test_what_is_no_file_is_a_sentence_and_not_waited_for(
    run: Path, tmp_path: Path, file: str
) -> None:
    for _ in is_no_file(run / file):
        read_all(run, tmp_path / "run.csv")
