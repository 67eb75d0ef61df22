"""Alerts on GSM8K: a line, a mark on the chart, and the bell where that is set."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fake_engine import FakeEngine
from tests.known import step_reports, the
from tests.pilot import running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.json_lines import json_line
from tui_trainer.reports.alerts import Alert, name_of
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.loop_lines import alert_line, step_line
from tui_trainer.runs.past import past_up_to
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.chart.loss_chart import LossChart
from tui_trainer.widgets.chart.marks import AlertMark

SAYS = "Step 3: the loss is 8.0000, a spike. Look at its row."
SPIKE = Alert("loss_spike", 3, SAYS, 8.0, items=(2,))


def with_spike(report: StepReport) -> StepReport:
    return replace(report, alerts=(SPIKE,)) if report.step == 3 else report


async def test_the_row_of_a_step_that_alarmed_is_there_to_look_at_when_others_were_made() -> None:
    engine = FakeEngine([2.0, 1.9, 8.0, 1.8, 1.7], change=with_spike)
    async with running("escape", "5", size=(120, 40), engine=lambda progress: engine) as (
        app,
        pilot,
    ):
        await pilot.press("space")
        await until(pilot, lambda: "5/5" in shown(app))
        await pilot.press("v")
        await until(pilot, lambda: "the last step" in shown(app))
        await pilot.press("b")
        await until(pilot, lambda: "step 3, which alarmed" in shown(app))
        await pilot.press("b")
        await until(pilot, lambda: "the next run's first step" in shown(app))


@pytest.mark.parametrize("bell", [True, False])
async def test_an_alert_is_told_marked_and_rung(
    bell: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(TuiTrainer, "bell", lambda app: rung.append(1))
    engine = FakeEngine([2.0, 1.9, 8.0, 1.8], change=with_spike)
    async with running("escape", "5", size=(120, 40), engine=lambda progress: engine) as (
        app,
        pilot,
    ):
        screen = the(Gsm8kScreen, app.screen)
        screen.settings = replace(screen.settings, alert_bell=bell)
        await pilot.press("space")
        await until(pilot, lambda: "step 3: ▲ loss spike" in shown(app))
        await until(pilot, lambda: "▲ Step 3: the loss is 8.0000, a" in shown(app))
        notices = [notice.message for notice in app._notifications]
        assert f"{SPIKE.says} B: what can be done." in notices
        assert len(rung) == bell


def test_a_run_that_is_gone_on_with_has_its_marks(tmp_path: Path) -> None:
    engine = FakeEngine([2.0, 1.9, 8.0, 1.8])
    reports = list(step_reports(engine.train(TrainSettings())))
    lines = [json_line(step_line(report)) for report in reports]
    lines[2:2] = [json_line(alert_line(alert)) for alert in (SPIKE, replace(SPIKE, kind="disk"))]
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    chart = LossChart()
    chart.clear(past_up_to(tmp_path, 3, answer_only=False))
    assert list(chart.marks) == [AlertMark(3, ("loss_spike", "disk"))]


def test_a_kind_of_a_later_version_is_told_as_it_is_and_obeyed_by_no_terminal() -> None:
    assert AlertMark(7, ("too_hot\x1b[2J",)).label == "step 7: ▲ too_hot␛[2J"
    assert name_of("x" * 50) == "x" * 19 + "…"
