"""The pace of runs on disk, before a loop here has shown one."""

from dataclasses import replace

import pytest

from tests.runs_on_disk import MODEL, SECONDS, TOKENS, write_run
from tui_trainer.reports.models import ModelReport
from tui_trainer.runs.description import ModelIdentity, Tally
from tui_trainer.runs.home import RUN_FILE
from tui_trainer.runs.json_files import write_json
from tui_trainer.runs.listing import read_run
from tui_trainer.runs.pace import RunPace, pace_of_runs
from tui_trainer.settings.train import TrainSettings

REPORT = ModelReport(
    "a checkpoint of it", MODEL.architecture, MODEL.parameters, "cpu", "fp32", 1024, 4096, 0.0, 1.0
)
PACE = TOKENS / SECONDS


def test_there_is_none_before_a_run_has_made_two_steps() -> None:
    assert pace_of_runs(REPORT, TrainSettings()) is None
    write_run(losses=(4.0,))
    assert pace_of_runs(REPORT, TrainSettings()) is None
    write_run("2026-01-02-builtin-2", losses=(4.0, 3.0))
    assert pace_of_runs(REPORT, TrainSettings()) == RunPace("2026-01-02-builtin-2", PACE)


@pytest.mark.parametrize(
    "other",
    [
        replace(MODEL, parameters=7),
        replace(MODEL, device="cuda:0"),
        replace(MODEL, precision="bf16"),
        replace(MODEL, architecture="LlamaForCausalLM"),
    ],
)
def test_a_run_of_another_model_device_or_precision_tells_nothing(other: ModelIdentity) -> None:
    write_run(model=other)
    assert pace_of_runs(REPORT, TrainSettings()) is None


def test_the_newest_with_such_rows_is_told_else_the_newest() -> None:
    batched = TrainSettings(batch=2, items=7, lr=1e-3)
    for number, settings in enumerate((batched, batched, TrainSettings()), start=1):
        tally = Tally(step=9, tokens=900, seconds=number)
        write_run(f"2026-01-02-builtin-{number}", settings=settings, tally=tally)
    assert pace_of_runs(REPORT, TrainSettings(batch=2)) == RunPace("2026-01-02-builtin-2", 450)
    assert pace_of_runs(REPORT, TrainSettings()) == RunPace("2026-01-02-builtin-3", 300)
    assert pace_of_runs(REPORT, TrainSettings(pack=64)) == RunPace("2026-01-02-builtin-3", 300)


def test_the_newest_is_the_last_that_began_whatever_its_name() -> None:
    for name, seconds, hour in (("builtin-step-42-1", 3, "14"), ("builtin-9", 1, "13")):
        tally = Tally(step=9, tokens=900, seconds=seconds)
        folder = write_run(f"2026-11-30-{name}", tally=tally)
        started = f"2026-11-30T{hour}:00:00+00:00"
        write_json(folder / RUN_FILE, replace(read_run(folder), started=started))
    write_run("2026-11-30-zeta-1", model=replace(MODEL, parameters=7))
    assert pace_of_runs(REPORT, TrainSettings()) == RunPace("2026-11-30-builtin-step-42-1", 300)


def test_a_run_that_cannot_be_read_is_passed_over() -> None:
    write_run()
    (write_run("2026-01-02-builtin-2") / RUN_FILE).write_text("{")
    assert pace_of_runs(REPORT, TrainSettings()) == RunPace("2026-01-02-builtin-1", PACE)
