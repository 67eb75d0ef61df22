"""What of a checkpoint is not as it was written is named, with the newest whole one beside it."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.known import step_reports, the
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.runs import SavedReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.home import runs_home
from tui_trainer.runs.training_facts import TENSORS_FILE, TRAINING_FILE
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

RUN = "2026-01-02-Qwen3-1"
SETTINGS = TrainSettings(items=6, checkpoint_every=2)
WEIGHTS = "model.safetensors"
NORM = "optimizer/model.norm.weight"


@pytest.fixture(scope="module")
def kept(model_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 6 steps with checkpoints of 2, 4 and 6."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("kept")))
        engine = Engine(Progress(lambda _: None))
        engine.load_model(ModelChoice(str(model_folder("Qwen3")), "cpu", "fp32"))
        list(engine.train(SETTINGS, record=True))
        (folder,) = runs_home().iterdir()
    return folder


@pytest.fixture
def run(kept: Path) -> Path:
    """A copy of it among this test's runs."""
    return Path(shutil.copytree(kept, runs_home() / RUN))


def resume(engine: Engine, checkpoint: Path) -> float:
    """The loss of the first step after it."""
    engine.load_model(ModelChoice(str(checkpoint), "cpu", "fp32"))
    return the(StepReport, next(engine.resume(str(checkpoint), SETTINGS))).loss


def flip(path: Path) -> None:
    """One bit in the middle."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 4]))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 100)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def of_another_step(path: Path) -> None:
    shutil.copy(path.parent.parent / "step-000002" / path.name, path)


def rewrite(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        facts = json.loads(path.read_text())
        change(facts)
        path.write_text(json.dumps(facts))

    return apply


@pytest.mark.parametrize(
    ("file", "damage", "words"),
    [
        (WEIGHTS, flip, f"{WEIGHTS} is not as it was written"),
        (WEIGHTS, of_another_step, f"{WEIGHTS} is not as it was written"),
        (WEIGHTS, cut, f"{WEIGHTS} is not as it was written"),
        (WEIGHTS, Path.unlink, f"it has no {WEIGHTS}"),
        (WEIGHTS, pipe, f"{WEIGHTS} cannot be read: it is no regular file"),
        ("tokenizer.json", flip, "tokenizer.json is not as it was written"),
        (TENSORS_FILE, flip, f"{TENSORS_FILE} is not as it was written"),
        (TENSORS_FILE, of_another_step, f"{TENSORS_FILE} is not as it was written"),
        (TENSORS_FILE, Path.unlink, f"it has no {TENSORS_FILE}"),
        (TRAINING_FILE, of_another_step, "its training.json is that of step 2"),
        (TRAINING_FILE, cut, "training.json cannot be read"),
        (TRAINING_FILE, Path.unlink, "it has no training.json"),
        (TRAINING_FILE, rewrite(lambda facts: facts.pop("peak_lr")), "peak_lr"),
        (
            TRAINING_FILE,
            rewrite(lambda facts: facts.update(step="4")),
            "step: a whole number was expected, not text",
        ),
        (TRAINING_FILE, rewrite(lambda facts: facts.update(evil=1)), "evil is not known"),
        (TRAINING_FILE, rewrite(lambda facts: facts.update(peak_lr=1.0)), "is not as it was"),
        (TRAINING_FILE, lambda path: path.write_text("[" * 10**6), "recursion depth"),
        (TRAINING_FILE, lambda path: path.write_text("[]"), "an object was expected"),
        (TRAINING_FILE, lambda path: path.write_bytes(b'{"step": "\xff"}'), "can't decode byte"),
    ],
)
def test_what_is_damaged_is_named_with_the_newest_whole_checkpoint(
    qwen3: Engine, run: Path, file: str, damage: Callable[[Path], object], words: str
) -> None:
    checkpoint = run / "checkpoints" / "step-000004"
    damage(checkpoint / file)
    cut(run / "checkpoints" / "step-000006" / WEIGHTS)
    with pytest.raises(InputError) as caught:
        resume(qwen3, checkpoint)
    said = str(caught.value)
    assert said.startswith(f"The checkpoint {checkpoint} is damaged (")
    assert words in said
    assert said.endswith("resume from step-000002, the newest whole one of its run.")
    assert "\n" not in said


def test_without_a_whole_one_that_is_said(qwen3: Engine, run: Path) -> None:
    for checkpoint in (run / "checkpoints").iterdir():
        flip(checkpoint / WEIGHTS)
    with pytest.raises(InputError, match=r"its run has no other whole one\.$"):
        resume(qwen3, run / "checkpoints" / "step-000002")


def test_a_checkpoint_under_the_name_of_another_step_is_told(qwen3: Engine, run: Path) -> None:
    checkpoint = (run / "checkpoints" / "step-000004").rename(run / "checkpoints" / "step-000005")
    with pytest.raises(InputError, match=r"its training.json is that of step 4\)"):
        resume(qwen3, checkpoint)


def test_a_copy_elsewhere_is_a_model_like_others(qwen3: Engine, run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run / "checkpoints" / "step-000004", tmp_path / "mine")
    assert qwen3.load_model(ModelChoice(str(copy))).model.name == "Qwen3 step 4"


def test_a_saved_model_is_checked_too(qwen3: Engine) -> None:
    qwen3.update("1 + 1?")
    report = the(SavedReport, qwen3.save())
    folder = Path(report.folder)
    assert qwen3.load_model(ModelChoice(report.name)).model.name == report.name
    flip(folder / WEIGHTS)
    with pytest.raises(InputError, match=rf"{report.name} is damaged \({WEIGHTS} is not as it"):
        qwen3.load_model(ModelChoice(report.name))
    facts = json.loads((folder / "saved.json").read_text())
    del facts["files_sha256"]  # as before there were hashes
    (folder / "saved.json").write_text(json.dumps(facts))
    qwen3.load_model(ModelChoice(report.name))


# The metrics that the resumed run takes over


def halved(lines: list[str]) -> list[str]:
    return lines[:3]


def swapped(lines: list[str]) -> list[str]:
    return [lines[1], lines[0], *lines[2:]]


def other_loss(lines: list[str]) -> list[str]:
    first = json.loads(lines[0])
    return [json.dumps(first | {"loss": first["loss"] + 1}), *lines[1:]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (halved, "its last step is 3"),
        (lambda lines: [], "its last step is 0"),
        (swapped, "step 2 comes after step 0"),
        (lambda lines: [lines[0], *lines], "step 1 comes after step 1"),
        (lambda lines: lines[1:], "step 2 comes after step 0"),
        (other_loss, "its steps have other losses, tokens or times"),
    ],
)
def test_metrics_that_are_not_those_of_the_checkpoint_are_told_before_anything_is_written(
    qwen3: Engine, run: Path, change: Callable[[list[str]], list[str]], words: str
) -> None:
    checkpoint = run / "checkpoints" / "step-000004"
    lines = (run / "metrics.jsonl").read_text().splitlines()
    (run / "metrics.jsonl").write_text("".join(f"{line}\n" for line in change(lines)))
    qwen3.load_model(ModelChoice(str(checkpoint), "cpu", "fp32"))
    with pytest.raises(InputError, match=words):
        qwen3.resume(str(checkpoint), SETTINGS, record=True)
    assert list(runs_home().iterdir()) == [run]


def test_what_follows_the_checkpoint_in_the_metrics_does_not_matter(
    qwen3: Engine, run: Path
) -> None:
    lines = (run / "metrics.jsonl").read_text().splitlines()
    (run / "metrics.jsonl").write_text("".join(f"{line}\n" for line in [*lines, *lines]))
    resume(qwen3, run / "checkpoints" / "step-000004")


def test_metrics_that_change_before_the_first_step_leave_no_run(qwen3: Engine, run: Path) -> None:
    checkpoint = run / "checkpoints" / "step-000004"
    qwen3.load_model(ModelChoice(str(checkpoint), "cpu", "fp32"))
    reports = qwen3.resume(str(checkpoint), SETTINGS, record=True)
    pipe(run / "metrics.jsonl")
    with pytest.raises(InputError, match=r"metrics.jsonl is damaged \(it is no regular file\)"):
        next(reports)
    assert list(runs_home().iterdir()) == [run]


# Written before checkpoints had hashes


def make_old(checkpoint: Path, **changes: object) -> None:
    newer = "files_sha256", "sha256", "tally", "without_state"
    facts = json.loads((checkpoint / TRAINING_FILE).read_text())
    old = {name: value for name, value in facts.items() if name not in newer}
    (checkpoint / TRAINING_FILE).write_text(json.dumps(old | changes))


def change_tensors(checkpoint: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(checkpoint / TENSORS_FILE)
    change(tensors)
    save_file(tensors, checkpoint / TENSORS_FILE)


def test_an_old_checkpoint_resumes_with_a_word_that_it_cannot_be_checked(
    qwen3: Engine, run: Path
) -> None:
    checkpoint = run / "checkpoints" / "step-000004"
    expected = resume(qwen3, checkpoint)
    make_old(checkpoint)
    qwen3.load_model(ModelChoice(str(checkpoint), "cpu", "fp32"))
    first, second = step_reports(qwen3.resume(str(checkpoint), SETTINGS))
    assert first.loss == expected
    assert "written before they had hashes" in first.notes[0]
    assert second.notes == ()


def poison(tensors: dict[str, torch.Tensor], name: str) -> None:
    tensors[name].view(-1)[0] = torch.nan


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop(f"{NORM}/exp_avg"), "of model.norm.weight has no exp_avg)"),
        (lambda t: [t.pop(key) for key in list(t) if NORM in key], "model.norm.weight has no"),
        (lambda t: t.update({"optimizer/x/step": torch.ones(())}), "another model, which has x)"),
        (lambda t: t.update({f"{NORM}/y": torch.ones(())}), "should not have y)"),
        (lambda t: poison(t, f"{NORM}/exp_avg_sq"), "exp_avg_sq of model.norm.weight is not fin"),
        (
            lambda t: t.update({f"{NORM}/exp_avg": t[f"{NORM}/exp_avg"].bfloat16()}),
            "is (16,) in torch.bfloat16, and should be (16,) in torch.float32)",
        ),
        (
            lambda t: t.update({f"{NORM}/exp_avg": torch.zeros(8)}),
            "is (8,) in torch.float32, and should be (16,) in torch.float32)",
        ),
        (
            lambda t: t.update({f"{NORM}/step": torch.tensor(999.0)}),
            "count of model.norm.weight is 999 at step 4)",
        ),
        (lambda t: t.pop("rng/0"), "it has no state of the random numbers)"),
        (lambda t: t.update({"rng/0": torch.ones(9)}), "of the random numbers is none)"),
        (
            lambda t: t.update({"rng/0": torch.full_like(t["rng/0"], 255)}),
            "of the random numbers is none)",
        ),
    ],
)
def test_the_tensors_of_an_old_checkpoint_are_checked_one_by_one(
    qwen3: Engine, run: Path, change: Callable[[dict[str, torch.Tensor]], object], words: str
) -> None:
    checkpoint = run / "checkpoints" / "step-000004"
    make_old(checkpoint)
    change_tensors(checkpoint, change)
    with pytest.raises(InputError) as caught:
        resume(qwen3, checkpoint)
    assert words in str(caught.value)
    assert str(caught.value).endswith("resume from step-000006, the newest whole one of its run.")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"step": -1}, "that of step -1"),
        ({"step": 999}, "that of step 999"),
        ({"updates": -1}, "after -1 updates cannot be"),
        ({"optimizer": "Adam"}, "there is no optimizer 'Adam'"),
        ({"optimizer": "SGD"}, "has the state of SGD, and the settings want AdamW"),
        ({"peak_lr": float("nan")}, "nan is no learning rate"),
    ],
)
def test_what_an_old_checkpoint_says_of_its_loop_is_checked(
    qwen3: Engine, run: Path, changes: dict[str, object], words: str
) -> None:
    checkpoint = run / "checkpoints" / "step-000004"
    make_old(checkpoint, **changes)
    with pytest.raises(InputError, match=words):
        resume(qwen3, checkpoint)
