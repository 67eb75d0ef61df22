"""A loop whose number of threads changes: each change is told, and the rest stays as it is."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.threads.made_up import Others, two_cores
from tests.known import end
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.loop import LoopReport, ThreadsReport
from tui_trainer.reports.progress import UNHEARD
from tui_trainer.reports.steps import StepReport
from tui_trainer.reports.threads import ThreadShare
from tui_trainer.runs.checkpoints import checkpoint_folders
from tui_trainer.runs.curve import read_curve
from tui_trainer.runs.figures import write_csv
from tui_trainer.runs.home import METRICS_FILE, run_folders
from tui_trainer.runs.listing import open_run, read_run
from tui_trainer.runs.past import past_up_to
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

SETTINGS = TrainSettings(items=4, lr=1e-3, checkpoint_at_end=False)
FEWER = ThreadShare(1, 2)


@pytest.fixture
def others() -> Iterator[Others]:
    with two_cores() as others:
        yield others


@pytest.fixture
def engine(others: Others, model_folder: Callable[[str], Path]) -> Engine:
    """One that may choose its threads; that of other tests has one."""
    return load(model_folder("Qwen3"))


def load(model: Path, threads: int | None = None) -> Engine:
    engine = Engine(UNHEARD)
    engine.load_model(ModelChoice(str(model), "cpu", "fp32", threads=threads))
    return engine


def come_after(reports: Iterator[LoopReport], others: Others, step: int) -> list[LoopReport]:
    """What is reported where others come while the step after `step` is made."""
    told = []
    for report in reports:
        told.append(report)
        if isinstance(report, StepReport) and report.step == step:
            others.taking = 1.0
    return told


def losses(reports: list[LoopReport]) -> list[float]:
    return [report.loss for report in reports if isinstance(report, StepReport)]


def test_a_change_is_told_before_its_first_step_and_is_a_line_of_the_metrics(
    engine: Engine, others: Others, tmp_path: Path
) -> None:
    told = come_after(engine.train(SETTINGS, record=True), others, step=1)
    assert [type(report) for report in told] == [
        *[StepReport] * 2,
        ThreadsReport,
        *[StepReport] * 2,
    ]
    assert told[2] == ThreadsReport(3, FEWER)
    (run,) = run_folders()
    lines = [json.loads(line) for line in (run / METRICS_FILE).read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3, 3, 4]
    assert lines[2] == {"event": "threads", "step": 3, "threads": 1, "of": 2}
    assert open_run(run).description.model.threads == 2
    # Whoever reads the metrics passes it over.
    assert len(past_up_to(run, 4, answer_only=False).losses) == 4
    assert read_curve(run).steps == 4
    assert write_csv(run, tmp_path / "run.csv") == 4
    rows = list(csv.DictReader((tmp_path / "run.csv").open()))
    assert [row["step"] for row in rows] == ["1", "2", "3", "4"]


def test_a_run_that_begins_beside_others_says_so(engine: Engine, others: Others) -> None:
    others.taking = 1.0
    told = list(engine.train(SETTINGS, record=True))
    assert told[0] == ThreadsReport(1, FEWER)
    assert {type(report) for report in told[1:]} == {StepReport}
    (run,) = run_folders()
    assert open_run(run).description.model.threads == 1


def test_a_number_that_is_set_is_kept_and_its_losses_are_its_own(
    others: Others, model_folder: Callable[[str], Path]
) -> None:
    folder = model_folder("Qwen3")
    alone = losses(list(load(folder).train(SETTINGS)))
    told = come_after(load(folder, threads=2).train(SETTINGS), others, step=1)
    assert losses(told) == alone
    assert {type(report) for report in told} == {StepReport}


def test_a_run_can_be_gone_on_with_from_beside_a_change(engine: Engine, others: Others) -> None:
    loop = engine.train(SETTINGS, record=True)
    next(loop)
    others.taking = 1.0
    next(loop)
    assert isinstance(next(loop), ThreadsReport)  # its line comes after that of the last step
    engine.save()
    end(loop)
    (run,) = run_folders()
    (checkpoint,) = checkpoint_folders(run)
    engine.load_model(ModelChoice(str(checkpoint), "cpu", "fp32"))
    others.taking = 0.0
    told = list(engine.resume(str(checkpoint), SETTINGS, record=True))
    assert told[0] == ThreadsReport(3, ThreadShare(2, 2))  # the lines before say one
    assert [report.step for report in told if isinstance(report, StepReport)] == [3, 4]
    resumed = next(folder for folder in run_folders() if folder != run)
    assert (read_run(resumed).model.threads, read_run(run).model.threads) == (2, 2)


def test_an_evaluation_says_how_many_threads_answer(engine: Engine, others: Others) -> None:
    others.taking = 1.0
    reports = list(engine.evaluate(EvaluationSettings(items=2, max_tokens=4)))
    assert all(isinstance(report, EvaluationReport) for report in reports)
    assert {report.threads for report in reports} == {FEWER}


def test_an_update_on_step_has_the_threads_that_others_leave(
    engine: Engine, others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_trainer.engine.threads.share.SHORTEST_LOOK", 1e-9)
    monkeypatch.setattr("tui_trainer.engine.threads.share.PAUSE_SECONDS", 0.0)
    engine.update(NOTEBOOK_TEXT)
    others.taking = 1.0
    engine.update(NOTEBOOK_TEXT)
    assert others.threads == 1
