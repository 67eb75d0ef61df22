"""Each alert on a real small loop, by a fault that is put into it; and none without one."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.full_disk import full_disk
from tests.known import end, present
from tui_trainer.engine.accelerator import DeviceMemory, Host
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.loop.alerts import disk, watch
from tui_trainer.engine.models.layers import layer_name, norms_by_layer
from tui_trainer.reports.alerts import Alert
from tui_trainer.reports.loop import HaltReport, LoopReport, alerts_of
from tui_trainer.reports.runs import CheckpointReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

GARBAGE = "\x00\x7f¤ÿ\x10æ þ\x02§Ü ©\x05ð ¿\x0e¶Ø"


@pytest.fixture
def problem_file(tmp_path: Path) -> Callable[..., str]:
    """Items that are much alike, so that a loop learns them in a hundred steps, some replaced."""

    def write(count: int, *garbage: int) -> str:
        path = tmp_path / "problems.jsonl"
        sums = [
            {"question": f"{n % 7} + {n % 5}?", "answer": f"#### {n % 7 + n % 5}"}
            for n in range(count)
        ]
        for place in garbage:
            sums[place] = {"question": GARBAGE, "answer": GARBAGE[::-1] * 3}
        path.write_text("".join(f"{json.dumps(one)}\n" for one in sums))
        return str(path)

    return write


def spoil(engine: Engine, name: str) -> None:
    """Make a weight of a layer no number."""
    with torch.no_grad():
        engine.learner.model.get_parameter(name).view(-1)[0] = math.nan


def alerts_in(reports: Iterator[LoopReport] | list[LoopReport]) -> list[Alert]:
    return [alert for report in reports for alert in alerts_of(report)]


def kinds(alerts: list[Alert]) -> list[tuple[str, int]]:
    return [(alert.kind, alert.step) for alert in alerts]


def alert_lines(run: Path) -> list[dict[str, object]]:
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [line for line in lines if line.get("event") == "alert"]


def test_a_garbage_item_is_a_spike_that_names_it(
    qwen3: Engine, problem_file: Callable[..., str]
) -> None:
    settings = TrainSettings(
        problem_file(130, 119), items=130, lr=3e-3, checkpoint_at_end=False, layers_every=1
    )
    reports = list(qwen3.train(settings, record=True))
    alert, *others = alerts_in(reports)
    assert kinds(others) == [("gradient_spike", 120), ("update_spike", 120)]
    assert (alert.kind, alert.step, alert.items) == ("loss_spike", 120, (119,))
    made = [report for report in reports if isinstance(report, StepReport)]
    assert alert.value == made[119].loss
    usual = sorted(report.loss for report in made[119 - 64 : 119])
    assert alert.usual == (usual[31] + usual[32]) / 2
    assert_is_told_where(qwen3, alert, made[119])
    assert others[0].value == made[119].grad_norm
    layers = present(made[119].layers).layers
    assert present(others[1].value) == pytest.approx(max(the.rms or 0.0 for the in layers))
    (line, *_) = alert_lines(run_folders()[0])
    assert line == {
        "event": "alert",
        "step": 120,
        "kind": "loss_spike",
        "says": alert.says,
        "value": alert.value,
        "usual": alert.usual,
        "score": alert.score,
        "items": [119],
        "token": alert.token,
        "token_loss": alert.token_loss,
        "layer": alert.layer,
    }


def assert_is_told_where(engine: Engine, alert: Alert, step: StepReport) -> None:
    """The token is the one with the highest loss of all, the layer that of the longest gradient."""
    losses = [loss for loss in step.item.token_losses if loss is not None]
    place = losses.index(max(losses)) + 1
    assert (alert.token, alert.token_loss) == (step.item.token_texts[place], losses[place - 1])
    assert f", at item 119, most of all at its token {place + 1}, {alert.token!r}; " in alert.says
    assert alert.layer in ("embed_tokens", "layers.0", "layers.1", "norm", "lm_head")
    assert f"the longest gradient is in {alert.layer}. Look at its row" in alert.says


def test_the_layer_that_is_told_has_the_longest_gradient(qwen3: Engine) -> None:
    """By autograd, of the same step by hand."""
    settings = TrainSettings(items=2, lr=1e-3, spike_score=None)
    steps = qwen3.train(settings)
    next(steps)
    model = qwen3.learner.model
    example = qwen3.at_hand.training.load_items(settings).examples[1]
    ids = torch.tensor([example.ids])
    loss = nn.functional.cross_entropy(model(ids).logits[0, :-1].float(), ids[0, 1:])
    named = dict(model.named_parameters())
    gradients = torch.autograd.grad(loss, list(named.values()))
    by_layer: dict[str, float] = {}
    for name, gradient in zip(named, gradients, strict=True):
        layer = layer_name(name)
        by_layer[layer] = math.hypot(by_layer.get(layer, 0.0), float(gradient.norm()))
    next(steps)
    state = present(qwen3.at_hand.training.state)
    found = norms_by_layer(qwen3.learner.weights, state.last_grad_norms)
    assert {one.name: one.norm for one in found} == pytest.approx(by_layer, rel=1e-5)


def test_a_hundred_times_the_learning_rate_is_a_spike(
    qwen3: Engine, problem_file: Callable[..., str]
) -> None:
    settings = TrainSettings(problem_file(120), items=120, lr=3e-3, layers_every=1)
    steps = qwen3.train(settings)
    before = [next(steps) for _ in range(110)]
    assert not alerts_in(before)
    qwen3.set_training_lr(0.3)
    assert kinds(alerts_in(steps)) == [
        ("loss_spike", 112),
        ("gradient_spike", 112),
        ("update_spike", 112),
    ]


def test_a_weight_that_is_no_number_is_an_alert_where_the_loop_stands(qwen3: Engine) -> None:
    steps = qwen3.train(TrainSettings(items=4, lr=1e-3), record=True)
    for _ in range(2):
        next(steps)
    spoil(qwen3, "model.layers.1.mlp.down_proj.weight")
    halt = next(steps)
    assert isinstance(halt, HaltReport)
    (alert,) = halt.alerts
    assert (alert.kind, alert.step, alert.says) == ("not_finite", 3, halt.why)
    assert alert.items == (2,)
    rest = list(steps)
    assert kinds(alerts_in(rest)) == [("not_finite", 4)], "the halt of the next step, and no other"
    assert [line["step"] for line in alert_lines(run_folders()[0])] == [3, 4]


def test_steps_that_are_left_out_unasked_are_told_once(qwen3: Engine) -> None:
    steps = qwen3.train(TrainSettings(items=5, skip_not_finite=True))
    next(steps)
    spoil(qwen3, "model.norm.weight")
    reports = list(steps)
    assert [the.applied for the in reports if isinstance(the, StepReport)] == [False] * 4
    (alert,) = alerts_in(reports)
    assert (alert.kind, alert.step, alert.items) == ("not_finite", 2, (1,))
    assert "Step 2 is not applied: the loss is nan, at item 1." in alert.says


def test_a_full_disk_is_an_alert_which_the_run_has_once_there_is_room(qwen3: Engine) -> None:
    steps = qwen3.train(TrainSettings(items=5, lr=1e-3, checkpoint_at_end=False), record=True)
    for _ in range(2):
        next(steps)
    metrics = run_folders()[0] / "metrics.jsonl"
    with full_disk(metrics.stat().st_size):
        halts = [next(steps) for _ in range(3)]
    told = alerts_in(halts)
    assert kinds(told) == [("disk", 3)], "once, however often it is tried again"
    assert "make room" in told[0].says
    assert not alert_lines(metrics.parent)
    assert not alerts_in(steps)
    assert [line["kind"] for line in alert_lines(metrics.parent)] == ["disk"]
    assert open_run(metrics.parent).description.state == "finished"


def test_a_disk_that_is_nearly_full_is_told_before_it_is(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda _: 150_000)
    steps = qwen3.train(TrainSettings(items=4, checkpoint_at_end=False), record=True)
    told = alerts_in(steps)
    assert kinds(told) == [("disk", 1)]
    assert told[0].says.startswith("The disk is nearly full: 150.0 kB are free at ")
    assert "the run writes 100.0 kB next" in told[0].says
    assert [line["step"] for line in alert_lines(run_folders()[0])] == [1]


def test_memory_that_another_process_takes_is_told(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.0)
    steps = qwen3.train(TrainSettings(items=6))
    assert not alerts_in([next(steps) for _ in range(3)])
    total = Host(torch.device("cpu")).memory().total
    monkeypatch.setattr(Host, "memory", lambda _: DeviceMemory(total // 100, total))
    told = alerts_in(steps)
    assert kinds(told) == [("device_memory", 4)]
    assert "end what takes it" in told[0].says


def test_a_rate_that_moves_nothing_is_no_progress(
    qwen3: Engine, problem_file: Callable[..., str]
) -> None:
    settings = TrainSettings(problem_file(64), items=64, epochs=2, lr=1e-30, stalled_after=64)
    assert kinds(alerts_in(qwen3.train(settings))) == [("no_progress", 128)]


def test_items_that_are_learned_by_heart_are_told_by_those_held_out(
    qwen3: Engine, problem_file: Callable[..., str]
) -> None:
    settings = TrainSettings(
        problem_file(30), items=2, epochs=40, lr=1e-2, validation_items=8, validate_every=10
    )
    told = alerts_in(qwen3.train(settings, record=True))
    assert [alert.kind for alert in told] == ["validation_rises"]
    assert "learns its items by heart" in told[0].says
    assert [line["kind"] for line in alert_lines(run_folders()[0])] == ["validation_rises"]


def test_a_resumed_run_tells_what_the_whole_one_tells(
    qwen3: Engine, problem_file: Callable[..., str]
) -> None:
    """The garbage after the checkpoint is within the steps that the first was told for."""
    settings = TrainSettings(
        problem_file(172, 99, 119, 169), items=172, lr=1e-2, checkpoint_at_end=False
    )
    whole = alerts_in(qwen3.train(settings, record=True))
    assert [step for kind, step in kinds(whole) if kind == "loss_spike"] == [100, 170]
    qwen3.reload()
    steps = qwen3.train(settings, record=True)
    before = [next(steps) for _ in range(110)]
    saved = qwen3.save()
    assert isinstance(saved, CheckpointReport)
    end(steps)
    first = next(folder for folder in run_folders() if folder.name == saved.run)
    checkpoint = str(first / "checkpoints" / saved.name)
    qwen3.load_model(ModelChoice(checkpoint, "cpu", "fp32"))
    rest = list(qwen3.resume(checkpoint, settings, record=True))
    assert alerts_in(before) + alerts_in(rest) == whole
    resumed = next(run for run in run_folders() if open_run(run).description.parent)
    other = next(run for run in run_folders() if run not in (first, resumed))
    assert alert_lines(resumed) == alert_lines(other)
    assert present(open_run(resumed).description.parent).run == first.name
