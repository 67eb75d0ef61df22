"""A run on disk: stopped, resumed and whole, bit for bit; what is damaged is told."""

import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, Gemma3Config

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import end, present, step_reports, the
from tests.models import byte_level_tokenizer
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.loop import checkpoint
from tui_trainer.engine.models import device_faults
from tui_trainer.errors import InputError
from tui_trainer.reports.loop import LoopReport
from tui_trainer.reports.runs import CheckpointReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs import writer
from tui_trainer.runs.checkpoints import checkpoint_folders, find_checkpoint
from tui_trainer.runs.description import Parent
from tui_trainer.runs.home import run_folders, runs_home
from tui_trainer.runs.listing import list_runs, open_run, read_run
from tui_trainer.runs.saved_models import models_home
from tui_trainer.runs.training_facts import read_facts
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUNED
from tui_trainer.settings.train import TrainSettings

BUILTIN = ModelChoice("builtin", "cpu", "fp32")


def lines_of(run: Path) -> list[dict[str, object]]:
    """The metrics of a run but for the time of each step, which no two runs share."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


EIGHT = TrainSettings(items=8)


def stop_after(reports: Iterator[LoopReport], steps: int) -> None:
    list(itertools.islice(reports, steps))
    end(reports)


def newest() -> Path:
    return run_folders()[0]


def recorded(engine: Engine, steps: int = 3, settings: TrainSettings = EIGHT) -> Path:
    """A run of the loaded model that was stopped and saved after `steps`; its checkpoint."""
    reports = engine.train(settings, record=True)
    list(itertools.islice(reports, steps))
    engine.save()
    end(reports)
    return find_checkpoint(newest().name)


SETTINGS = {
    "notebook": TrainSettings(items=42, checkpoint_every=20),
    "everything": TrainSettings(
        items=100,
        shuffle=True,
        epochs=2,
        batch=2,
        accumulation=2,
        schedule="cosine",
        warmup=5,
        weight_decay=0.1,
        clip=1.0,
        seed=7,
        lr=1e-3,
    ),
    "tuned": replace(TUNED, items=100, pack=128, lr=1e-3),
}


@pytest.mark.parametrize(
    ("model", "which"),
    [
        ("GPT2", "everything"),
        *(
            pytest.param(*case, marks=pytest.mark.long)
            for case in (("builtin", "notebook"), ("GPT2", "tuned"), ("Qwen3", "tuned"))
        ),
    ],
)
def test_a_run_stopped_at_37_and_resumed_is_that_of_one_never_stopped(
    engine: Engine, model_folder: Callable[[str], Path], model: str, which: str
) -> None:
    """GPT-2 has dropout, so that its random numbers must go on too."""
    source = "builtin" if model == "builtin" else str(model_folder(model))
    choice, settings = ModelChoice(source, "cpu", "fp32"), SETTINGS[which]
    engine.load_model(choice)
    last = list(step_reports(engine.train(settings, record=True)))[-1]
    whole, weights = newest(), weights_of(engine.learner.model)

    engine.load_model(choice)
    reports = engine.train(settings, record=True)
    list(itertools.islice(reports, 37))
    engine.save()
    end(reports)
    stopped = newest()
    torch.manual_seed(99)  # another process has other random numbers
    folder = find_checkpoint(stopped.name)
    engine.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    resumed_last = list(step_reports(engine.resume(str(folder), settings, record=True)))[-1]

    assert lines_of(newest()) == lines_of(whole)
    assert len([line for line in lines_of(stopped) if "event" not in line]) == 37
    assert_same_bits(engine.learner.model.parameters(), weights)
    assert (resumed_last.best, resumed_last.worst) == (last.best, last.worst)
    run = open_run(newest()).description
    assert run.parent == Parent(stopped.name, 37)
    assert (run.state, run.tally.step, run.steps) == ("finished", last.steps, last.steps)
    assert run.tally.bytes == (newest() / "metrics.jsonl").stat().st_size


def test_resuming_from_an_early_checkpoint_leaves_the_parent_as_it_is(qwen3: Engine) -> None:
    list(qwen3.train(TrainSettings(items=6, checkpoint_every=2), record=True))
    parent = newest()
    before = (parent / "metrics.jsonl").read_bytes()
    folder = parent / "checkpoints" / "step-000002"
    qwen3.load_model(ModelChoice(str(folder)))
    stop_after(qwen3.resume(str(folder), TrainSettings(items=6), record=True), 1)
    assert (parent / "metrics.jsonl").read_bytes() == before
    assert [line["step"] for line in lines_of(newest())] == [1, 2, 3]


def test_what_was_measured_after_a_checkpoint_is_not_there_twice(qwen3: Engine) -> None:
    settings = TrainSettings(
        items=6,
        validation_items=2,
        validate_every=2,
        sample_every=4,
        checkpoint_every=4,
        checkpoint_at_end=False,
    )
    choice = ModelChoice(qwen3.at_hand.choice.source, "cpu", "fp32")
    list(qwen3.train(settings, record=True))
    whole = newest()
    qwen3.load_model(choice)
    stop_after(qwen3.train(settings, record=True), 10_000)
    folder = find_checkpoint(newest().name)
    qwen3.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    list(qwen3.resume(str(folder), settings, record=True))
    lines = lines_of(newest())
    assert lines == lines_of(whole)
    measured = [line["step"] for line in lines if line.get("event") == "validation"]
    assert measured == [0, 2, 4, 6]
    assert {line["event"] for line in lines if "event" in line} == {"validation", "sample"}


def test_the_learning_rate_set_in_a_run_survives_and_is_told_in_a_line(qwen3: Engine) -> None:
    reports = qwen3.train(TrainSettings(items=8), record=True)
    list(itertools.islice(reports, 2))
    qwen3.set_training_lr(3e-4)
    next(reports)
    qwen3.save()
    end(reports)
    lines = lines_of(newest())
    assert lines[2] == {"event": "lr", "step": 3, "peak_lr": 3e-4}
    folder = find_checkpoint(newest().name)
    qwen3.load_model(ModelChoice(str(folder)))
    report = the(StepReport, next(qwen3.resume(str(folder), TrainSettings(items=8))))
    assert (report.step, report.peak_lr, report.lr) == (4, 3e-4, 3e-4)


@pytest.mark.parametrize("architecture", ["Qwen3", "GPT2", "Llama"])
def test_a_checkpoint_is_a_model_for_plain_transformers(
    engine: Engine, model_folder: Callable[[str], Path], architecture: str
) -> None:
    engine.load_model(ModelChoice(str(model_folder(architecture)), "cpu", "fp32"))
    folder = recorded(engine)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert_same_bits(model.parameters(), engine.learner.model.parameters())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer("Question:").input_ids == engine.learner.vocabulary.ids("Question:")


def test_a_checkpoint_names_its_model_and_counts_all_updates(qwen3: Engine) -> None:
    folder = recorded(qwen3, 3)
    status = qwen3.load_model(ModelChoice(str(folder)))
    assert (status.model.name, status.updates) == ("Qwen3 step 3", 0)
    reports = qwen3.resume(str(folder), TrainSettings(items=8), record=True)
    list(itertools.islice(reports, 2))
    report = the(CheckpointReport, qwen3.save())
    facts = read_facts(newest() / "checkpoints" / report.name)
    assert (facts.model, facts.step, facts.updates) == ("Qwen3", 5, 5)
    assert read_run(newest()).model.name == "Qwen3"
    end(reports)
    resumed = qwen3.load_model(ModelChoice(str(newest() / "checkpoints" / report.name)))
    assert resumed.model.name == "Qwen3 step 5"
    fresh = qwen3.train(EIGHT, record=True)
    list(itertools.islice(fresh, 2))
    report = the(CheckpointReport, qwen3.save())
    end(fresh)
    further = qwen3.load_model(ModelChoice(str(find_checkpoint(report.run))))
    assert further.model.name == "Qwen3 step 7"  # and not "Qwen3 step 5 step 2"


def test_checkpoints_come_every_n_steps_and_steps_tell_of_them(qwen3: Engine) -> None:
    steps = list(step_reports(qwen3.train(TrainSettings(items=5, checkpoint_every=2), record=True)))
    assert [step.checkpoint and step.checkpoint.name for step in steps] == [
        *(None, "step-000002", None, "step-000004", "step-000005")
    ]
    folders = checkpoint_folders(newest())
    assert [folder.name for folder in folders] == [f"step-{n:06}" for n in (2, 4, 5)]
    size = sum(path.stat().st_size for path in folders[0].iterdir())
    assert present(steps[1].checkpoint).bytes == size


def test_a_checkpoint_of_the_same_step_takes_the_place_of_the_first(qwen3: Engine) -> None:
    reports = qwen3.train(TrainSettings(items=3), record=True)
    next(reports)
    first = the(CheckpointReport, qwen3.save())
    qwen3.update("Question: 1 + 1?")
    qwen3.save()
    folder = newest() / "checkpoints" / first.name
    assert_same_bits(
        load_file(folder / "model.safetensors")["model.norm.weight"][None],
        qwen3.learner.model.state_dict()["model.norm.weight"][None],
    )
    assert read_facts(folder).updates == 2
    assert [path.name for path in folder.parent.iterdir()] == [first.name]


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        SafetensorError("No space left on device"),
        Exception("No space left on device (os error 28)"),  # tokenizers' own
        RuntimeError("No space left on device\n(and a trace)"),
    ],
)
def test_whatever_writing_a_checkpoint_raises_is_its_failure_and_not_the_runs(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(qwen3.learner.vocabulary.tokenizer, "save_pretrained", fail)
    settings = TrainSettings(items=2, checkpoint_every=1, checkpoint_at_end=False)
    steps = list(step_reports(qwen3.train(settings, record=True)))
    failure = present(present(steps[0].checkpoint).failure)
    assert "No space left on device" in failure
    assert "\n" not in failure
    assert list((newest() / "checkpoints").iterdir()) == []
    assert (len(steps), open_run(newest()).description.state) == (2, "finished")


def test_where_the_device_is_lost_while_it_is_written_no_disk_is_to_blame(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = torch.AcceleratorError("CUDA error: device-side assert triggered")

    def fail(*_: object) -> None:
        raise lost

    monkeypatch.setattr(qwen3.learner.model, "save_pretrained", fail)
    loop = qwen3.train(TrainSettings(items=2, checkpoint_every=1), record=True)
    with monkeypatch.context() as patched, pytest.raises(torch.AcceleratorError):
        patched.setattr(device_faults, "make_it_compute", fail)
        next(loop)
    assert open_run(newest()).description.state == "failed"
    report = next(
        step_reports(qwen3.train(TrainSettings(items=2, checkpoint_every=1), record=True))
    )
    assert "device-side assert" in present(present(report.checkpoint).failure)  # it lives


def test_no_memory_to_read_a_checkpoint_in_is_no_damage(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = TrainSettings(items=3, checkpoint_every=1)
    loop = qwen3.train(settings, record=True)
    next(loop)
    end(loop)
    folder = str(find_checkpoint(run_folders()[0].name))
    qwen3.load_model(ModelChoice(folder, "cpu", "fp32"))
    full = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    def fail(_: Path) -> None:
        raise full

    monkeypatch.setattr(checkpoint, "load_file", fail)
    with pytest.raises(RuntimeError, match="allocate memory"):
        qwen3.resume(folder, settings)


def test_weights_that_never_had_a_gradient_are_resumed_too(engine: Engine, tmp_path: Path) -> None:
    """Gemma 3 has a picture tower, which no text reaches."""
    tokenizer = byte_level_tokenizer()
    size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    text = {**size, "vocab_size": len(tokenizer), "num_attention_heads": 2, "head_dim": 8}
    config = Gemma3Config(
        text_config={**text, "num_key_value_heads": 1, "max_position_embeddings": 128},
        vision_config={**size, "num_attention_heads": 2, "image_size": 28, "patch_size": 14},
        mm_tokens_per_image=4,
        image_token_index=len(tokenizer) - 1,
        boi_token_index=len(tokenizer) - 2,
        eoi_token_index=len(tokenizer) - 3,
    )
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    engine.load_model(ModelChoice(str(tmp_path), "cpu", "fp32"))
    settings = TrainSettings(items=4, checkpoint_every=2)
    whole = [step.loss for step in step_reports(engine.train(settings, record=True))]
    folder = newest() / "checkpoints" / "step-000002"
    assert any("vision" in name for name in read_facts(folder).without_state)
    engine.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    assert [step.loss for step in step_reports(engine.resume(str(folder), settings))] == whole[2:]


def test_a_stopped_run_is_one_that_a_checkpoint_lets_go_on(qwen3: Engine) -> None:
    def held() -> tuple[int, int, bool] | None:
        run = qwen3.stopped_run()
        return None if run is None else (run.step, run.checkpoint_step, run.is_saved)

    assert held() is None
    reports = qwen3.train(TrainSettings(items=4, checkpoint_every=2), record=True)
    next(reports)
    assert held() is None  # no checkpoint
    next(reports)
    assert held() == (2, 2, True)
    qwen3.update("an update on Step")
    assert held() == (2, 2, False)
    next(reports)  # what was done on Step
    next(reports)
    assert held() == (3, 2, False)
    qwen3.save()
    end(reports)
    assert held() == (3, 3, True)
    stopped = qwen3.stopped_run()
    assert stopped is not None
    assert Path(stopped.folder) == newest()

    folder = find_checkpoint(stopped.folder)
    qwen3.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    list(qwen3.resume(str(folder), TrainSettings(items=4, checkpoint_every=2), record=True))
    assert held() is None  # it is at its end


def test_a_run_that_is_renamed_under_its_loop_goes_on_there_and_says_so(qwen3: Engine) -> None:
    reports = qwen3.train(TrainSettings(items=4, checkpoint_every=3), record=True)
    next(reports)
    renamed = newest().rename(newest().with_name("mine"))
    step = the(StepReport, next(reports))
    assert (step.run, renamed.name in step.notes[0]) == ("mine", True)
    renamed = renamed.rename(renamed.with_name("yours"))
    assert the(CheckpointReport, qwen3.save()).run == "yours"
    renamed = renamed.rename(renamed.with_name("mine"))
    assert present(the(StepReport, next(reports)).checkpoint).run == "mine"
    run = present(qwen3.run())
    assert (run.name, run.checkpoint_step) == ("mine", 3)
    list(reports)
    assert [run.name for run in list_runs()[0]] == ["mine"]
    assert [line["step"] for line in lines_of(renamed)] == [1, 2, 3, 4]
    assert [folder.name for folder in checkpoint_folders(renamed)] == [
        f"step-{step:06}" for step in (2, 3, 4)
    ]


def test_a_run_whose_files_vanish_goes_on_in_another_folder_with_all_its_steps(
    qwen3: Engine,
) -> None:
    reports = qwen3.train(TrainSettings(items=4, checkpoint_every=2), record=True)
    list(itertools.islice(reports, 2))
    shutil.rmtree(newest())
    assert "it goes on in" in the(StepReport, next(reports)).notes[0]
    assert present(qwen3.run()).checkpoint_step is None
    assert present(the(StepReport, next(reports)).checkpoint).failure is None
    list(reports)
    assert [line["step"] for line in lines_of(newest())] == [1, 2, 3, 4]
    folder = find_checkpoint(newest().name)
    qwen3.load_model(ModelChoice(str(folder)))
    with pytest.raises(InputError, match="has made all of its 4 steps"):
        qwen3.resume(str(folder), TrainSettings(items=4, checkpoint_every=2))


def test_resume_says_what_is_missing(qwen3: Engine) -> None:
    list(qwen3.train(TrainSettings(items=2, checkpoint_at_end=False), record=True))
    with pytest.raises(InputError, match="no checkpoint to resume from"):
        find_checkpoint(newest().name)
    with pytest.raises(InputError, match="There is no run nowhere"):
        find_checkpoint("nowhere")


def test_other_items_are_refused(qwen3: Engine, tmp_path: Path) -> None:
    problems = tmp_path / "problems.jsonl"
    item = '{"question": "1 + 1?", "answer": "#### 2"}\n'
    problems.write_text(item * 3)
    settings = TrainSettings(problems=str(problems))
    folder = recorded(qwen3, 1, replace(settings, items=8))
    qwen3.load_model(ModelChoice(str(folder)))
    problems.write_text(item * 2)
    with pytest.raises(InputError, match="are not those that"):
        qwen3.resume(str(folder), settings)


def test_a_run_that_made_all_its_steps_cannot_be_resumed(qwen3: Engine) -> None:
    settings = TrainSettings(items=2, checkpoint_every=2)
    list(qwen3.train(settings, record=True))
    folder = find_checkpoint(newest().name)
    qwen3.load_model(ModelChoice(str(folder)))
    with pytest.raises(InputError, match="has made all of its 2 steps"):
        qwen3.resume(str(folder), settings)


def test_resume_goes_on_from_the_checkpoints_weights_alone(qwen3: Engine) -> None:
    folder, settings = recorded(qwen3), TrainSettings(items=8)
    with pytest.raises(InputError, match="first: it is not the model"):
        qwen3.resume(str(folder), settings)
    qwen3.load_model(ModelChoice(str(folder)))
    expected = the(StepReport, next(qwen3.resume(str(folder), settings))).loss
    assert present(qwen3.status()).updates == 1
    assert the(StepReport, next(qwen3.resume(str(folder), settings))).loss == expected


def test_sgd_and_bf16_are_resumed_to_the_bit(
    engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    source = str(model_folder("Qwen3"))
    for precision, optimizer in (("fp32", "SGD"), ("bf16", "AdamW"), ("mixed", "AdamW")):
        settings = TrainSettings(items=6, optimizer=optimizer, lr=1e-2)
        engine.load_model(ModelChoice(source, "cpu", precision))
        whole = [report.loss for report in step_reports(engine.train(settings))]
        engine.load_model(ModelChoice(source, "cpu", precision))
        folder = recorded(engine, 3, settings)
        engine.load_model(ModelChoice(str(folder), "cpu", precision))
        assert [r.loss for r in step_reports(engine.resume(str(folder), settings))] == whole[3:]


def test_a_run_that_fails_or_makes_no_step_is_told_apart(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    end(qwen3.train(TrainSettings(items=2), record=True))
    assert list_runs() == ([], [])
    reports = qwen3.train(TrainSettings(items=5), record=True)
    next(reports)
    assert open_run(newest()).description.state == "going"

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the device is gone")

    monkeypatch.setattr(torch.Tensor, "backward", fail)
    with pytest.raises(RuntimeError):
        next(reports)
    run = open_run(newest()).description
    assert (run.state, run.failure, run.tally.step) == ("failed", "the device is gone", 1)


def test_a_disk_that_is_full_at_the_first_file_leaves_no_run(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, "write_json", fail)
    with pytest.raises(InputError, match=r"cannot be written to .* \(No space left on device\)"):
        next(qwen3.train(TrainSettings(items=2), record=True))
    assert list_runs() == ([], [])


def test_a_saved_model_that_breaks_off_leaves_nothing_whatever_a_library_raises(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Exception("No space left on device (os error 28)")

    qwen3.update("1 + 1?")
    with monkeypatch.context() as patch:
        patch.setattr(qwen3.learner.vocabulary.tokenizer, "save_pretrained", fail)
        with pytest.raises(InputError, match=r"cannot be written .No space left"):
            qwen3.save()
    assert list(models_home().iterdir()) == []
    assert qwen3.save() is not None


def test_a_folder_that_cannot_be_written_is_told_before_the_first_step(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(blocked))
    with pytest.raises(InputError, match=r"cannot be written to .* set XDG_DATA_HOME"):
        qwen3.train(TrainSettings(items=2), record=True)


@pytest.mark.parametrize("log_to", ["nowhere", "tensorboard"])
def test_a_run_is_its_owners_alone(qwen3: Engine, log_to: str) -> None:
    """Also in a home that an older version left open to others."""
    runs_home().mkdir(parents=True, mode=0o755)
    before = os.umask(0o022)
    try:
        settings = TrainSettings(items=3, checkpoint_every=2, log_to=log_to)
        list(qwen3.train(settings, record=True))
    finally:
        os.umask(before)
    home = runs_home().parent
    paths = [home, *home.rglob("*")]
    assert len(paths) > 12
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_dir()} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_file()} == {0o600}
