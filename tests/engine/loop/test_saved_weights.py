"""Which updates are in a file: what `unsaved` counts, and where `save` writes the weights."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import end, step_reports
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.reports.runs import CheckpointReport, RunStep, SavedReport
from tui_trainer.runs.checkpoints import checkpoint_folders
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run
from tui_trainer.runs.saved_models import models_home
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings


def unsaved(engine: Engine) -> int:
    status = engine.status()
    assert status is not None
    return status.unsaved


def loop_of(items: int) -> TrainSettings:
    """A loop that ends without a checkpoint."""
    return TrainSettings(items=items, checkpoint_at_end=False)


def saved(engine: Engine) -> SavedReport:
    report = engine.save()
    assert isinstance(report, SavedReport)
    return report


def test_a_folder_that_takes_no_model_is_told_as_such(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(blocked))
    qwen3.update(NOTEBOOK_TEXT)
    with pytest.raises(InputError, match=r"The model cannot be written to .* set XDG_DATA_HOME"):
        qwen3.save()


def test_unsaved_counts_the_updates_since_the_weights_that_a_file_has(qwen3: Engine) -> None:
    counts = [unsaved(qwen3)]

    def note(_: object) -> None:
        counts.append(unsaved(qwen3))

    note(qwen3.update(NOTEBOOK_TEXT))
    note(qwen3.update(NOTEBOOK_TEXT))
    note(qwen3.save())
    note(qwen3.update(NOTEBOOK_TEXT))
    note(qwen3.undo())
    note(qwen3.undo())  # back before what was saved
    note(qwen3.redo())
    note(qwen3.redo())
    note(qwen3.fork(NOTEBOOK_TEXT))
    note(qwen3.undo())
    note(qwen3.reload())
    assert counts == [0, 1, 2, 0, 1, 0, 1, 0, 1, 1, 0, 0]


def test_an_update_that_leads_elsewhere_is_not_what_was_saved_and_undone(qwen3: Engine) -> None:
    qwen3.update(NOTEBOOK_TEXT)
    qwen3.save()
    qwen3.undo()
    qwen3.update("Another text")
    assert unsaved(qwen3) == 1
    assert qwen3.undo().unsaved == 0


def test_a_phase_and_a_loop_count_too_and_weights_that_something_else_changed(
    qwen3: Engine,
) -> None:
    for _ in range(4):  # forward, loss, backward, step
        qwen3.phase(None, NOTEBOOK_TEXT)
    assert unsaved(qwen3) == 1
    list(qwen3.train(loop_of(2)))
    assert unsaved(qwen3) == 3
    assert saved(qwen3)
    with torch.no_grad():
        next(qwen3.learner.model.parameters()).add_(1)
    assert unsaved(qwen3) == 3  # nothing on its way back but the loaded ones


def test_nothing_unsaved_is_not_written_twice(qwen3: Engine) -> None:
    assert qwen3.save() is None
    qwen3.update(NOTEBOOK_TEXT)
    assert qwen3.save() is not None
    assert qwen3.save() is None


def test_weights_of_no_run_become_a_model_that_loads_with_the_same_bits(qwen3: Engine) -> None:
    name = qwen3.learner.report.name
    qwen3.update(NOTEBOOK_TEXT)
    qwen3.update(NOTEBOOK_TEXT)
    report, weights = saved(qwen3), weights_of(qwen3.learner.model)
    assert Path(report.folder).parent == models_home()
    assert report.name.endswith(f"-{name}-model-1")  # no run has such a name
    theirs = AutoModelForCausalLM.from_pretrained(report.folder, dtype=torch.float32)
    assert_same_bits(theirs.parameters(), weights)
    for source in (report.name, report.folder):
        status = qwen3.load_model(ModelChoice(source, "cpu", "fp32"))
        assert (status.model.name, status.updates, status.unsaved) == (report.name, 0, 0)
        assert_same_bits(qwen3.learner.model.parameters(), weights)
    assert qwen3.models()[0].source == report.name
    assert qwen3.models()[0].description == f"saved: {name} after 2 updates"
    qwen3.update(NOTEBOOK_TEXT)
    again = saved(qwen3)
    assert (again.name, again.updates) == (f"{report.name[:-1]}2", 3)
    assert qwen3.models()[0].source == again.name


def test_while_a_run_goes_its_checkpoint_gets_them(qwen3: Engine) -> None:
    loop = qwen3.train(loop_of(3), record=True)
    next(loop), next(loop)
    report = qwen3.save()
    assert isinstance(report, CheckpointReport)
    assert (report.step, unsaved(qwen3)) == (2, 0)
    next(loop)
    assert unsaved(qwen3) == 1
    end(loop)


@pytest.mark.parametrize("how", ["finished", "stopped", "failed"])
def test_after_a_run_has_ended_it_still_gets_its_checkpoint_and_goes_on_from_there(
    qwen3: Engine, model_folder: Callable[[str], Path], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(loop_of(3), lr=1e-3)
    every = [report.loss for report in step_reports(qwen3.train(settings))]
    qwen3.reload()
    loop = qwen3.train(settings, record=True)
    next(loop), next(loop)
    if how == "failed":
        with monkeypatch.context() as patched, pytest.raises(MemoryError):
            patched.setattr(torch.Tensor, "backward", _fail)
            next(loop)
    elif how == "finished":
        assert len(list(loop)) == 1
    else:
        end(loop)
    qwen3.predict(NOTEBOOK_TEXT)
    step, (run,) = 2 + (how == "finished"), run_folders()
    assert unsaved(qwen3) == step
    report = qwen3.save()
    assert isinstance(report, CheckpointReport)
    assert (report.run, report.step, unsaved(qwen3)) == (run.name, step, 0)
    assert open_run(run).checkpoints == (step,)
    if how != "finished":
        (checkpoint,) = checkpoint_folders(run)
        qwen3.load_model(ModelChoice(str(checkpoint), "cpu", "fp32"))
        assert [r.loss for r in step_reports(qwen3.resume(str(checkpoint), settings))] == every[2:]


def _fail(*_: object, **__: object) -> None:
    raise MemoryError


def test_a_run_that_ends_with_a_checkpoint_leaves_nothing_unsaved(qwen3: Engine) -> None:
    list(qwen3.train(TrainSettings(items=2), record=True))
    assert (unsaved(qwen3), qwen3.save()) == (0, None)
    assert open_run(run_folders()[0]).checkpoints == (2,)


def test_after_a_run_an_update_on_step_belongs_to_no_run_until_it_is_undone(qwen3: Engine) -> None:
    list(qwen3.train(loop_of(2), record=True))
    qwen3.phase("forward", NOTEBOOK_TEXT)
    qwen3.update(NOTEBOOK_TEXT)
    assert saved(qwen3).updates == 3
    assert qwen3.undo().unsaved == 2
    report = qwen3.save()
    assert isinstance(report, CheckpointReport)
    assert report.step == 2


def test_a_run_that_was_deleted_gets_no_checkpoint(qwen3: Engine) -> None:
    list(qwen3.train(loop_of(1), record=True))
    (run,) = run_folders()
    (run / "run.json").unlink()
    assert saved(qwen3).updates == 1
    assert not checkpoint_folders(run)


def test_a_file_that_is_deleted_has_no_updates_any_more(qwen3: Engine) -> None:
    qwen3.update(NOTEBOOK_TEXT)
    folder = saved(qwen3).folder
    qwen3.update(NOTEBOOK_TEXT)
    saved(qwen3)
    assert unsaved(qwen3) == 0
    shutil.rmtree(folder[:-1] + "2")
    assert unsaved(qwen3) == 1
    shutil.rmtree(folder)
    assert unsaved(qwen3) == 2


@pytest.mark.parametrize("ended", [False, True])
def test_a_run_that_is_renamed_has_its_updates_as_before(qwen3: Engine, ended: bool) -> None:
    loop = qwen3.train(loop_of(2), record=True)
    next(loop)
    qwen3.save()
    next(loop)
    if ended:
        list(loop)
    (run,) = run_folders()
    renamed = run.rename(run.with_name("mine"))
    assert unsaved(qwen3) == 1
    report = qwen3.save()
    assert isinstance(report, CheckpointReport)
    assert (report.run, unsaved(qwen3)) == ("mine", 0)
    assert open_run(renamed).checkpoints == (1, 2)
    shutil.rmtree(renamed)
    assert unsaved(qwen3) == 2


def test_a_saved_model_that_is_renamed_has_its_updates_as_before(qwen3: Engine) -> None:
    qwen3.update(NOTEBOOK_TEXT)
    folder = Path(saved(qwen3).folder)
    folder.rename(folder.with_name("mine"))
    assert unsaved(qwen3) == 0


def test_a_checkpoint_that_lost_a_file_has_no_updates_any_more(qwen3: Engine) -> None:
    loop = qwen3.train(replace(loop_of(4), checkpoint_every=2), record=True)
    next(loop), next(loop), next(loop)
    (checkpoint,) = checkpoint_folders(run_folders()[0])
    assert unsaved(qwen3) == 1
    (checkpoint / "model.safetensors").unlink()
    assert unsaved(qwen3) == 3


def test_a_run_before_its_first_step_has_no_weights(qwen3: Engine) -> None:
    qwen3.update(NOTEBOOK_TEXT)
    loop = qwen3.train(replace(loop_of(1), validation_items=1), record=True)
    next(loop)
    assert saved(qwen3).updates == 1
    end(loop)


@pytest.mark.parametrize("in_run", [False, True])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_not_saved(
    qwen3: Engine, in_run: bool, value: float
) -> None:
    if in_run:
        list(qwen3.train(loop_of(1), record=True))
    qwen3.update(NOTEBOOK_TEXT)
    with torch.no_grad():
        list(qwen3.learner.model.parameters())[-1][0] = value
    with pytest.raises(InputError, match="not finite any more"):
        qwen3.save()
    assert not models_home().exists()
    assert all(not open_run(run).checkpoints for run in run_folders())
    assert qwen3.reload().unsaved == 0


def test_a_disk_that_takes_no_more_leaves_nothing_and_the_updates_unsaved(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    qwen3.update(NOTEBOOK_TEXT)
    monkeypatch.setattr(type(qwen3.learner.model), "save_pretrained", full)
    with pytest.raises(InputError, match="No space left on device"):
        qwen3.save()
    assert not any(models_home().iterdir())
    assert unsaved(qwen3) == 1


def test_an_evaluation_names_the_run_whose_step_left_the_weights_and_no_other(
    qwen3: Engine,
) -> None:
    def left_by() -> RunStep | None:
        report = next(qwen3.evaluate(EvaluationSettings(items=1, max_tokens=1)))
        return report.left_by

    assert left_by() is None
    loop = qwen3.train(replace(loop_of(3), checkpoint_every=2), record=True)
    steps = step_reports(loop)
    next(steps), next(steps)
    (folder,) = run_folders()
    second = RunStep(folder.name, 2)
    assert left_by() == second
    qwen3.update(NOTEBOOK_TEXT)  # in a pause
    assert left_by() is None
    qwen3.undo()
    assert left_by() == second
    end(loop)
    assert left_by() == second
    qwen3.reload()
    assert left_by() is None
    qwen3.load_model(ModelChoice(str(checkpoint_folders(folder)[0])))
    assert left_by() == second
    qwen3.update(NOTEBOOK_TEXT)
    assert left_by() is None
