"""What happened in a run, told as it comes: its course, alerts, measurements, checkpoints."""

from collections.abc import Sequence
from dataclasses import replace

from tests.fake_engine import FakeEngine
from tests.known import step_reports
from tests.pilot import running, shown, until
from tui_trainer.reports.alerts import Alert
from tui_trainer.reports.loop import LoopReport, ThreadsReport, ValidationReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.reports.threads import ThreadShare
from tui_trainer.screens.gsm8k.happened import Happened
from tui_trainer.settings.train import TrainSettings


def steps(losses: Sequence[float]) -> list[StepReport]:
    """Of a run without a checkpoint."""
    reports = step_reports(FakeEngine(losses).train(TrainSettings()))
    return [replace(report, checkpoint=None) for report in reports]


def told(reports: Sequence[LoopReport]) -> list[str]:
    """Oldest first, without when."""
    happened = Happened()
    happened.clear()
    for report in reports:
        happened.add(report, 0.0)
    return [line.plain.split(maxsplit=1)[1] for line in reversed(happened._told)]


def validation(step: int, loss: float) -> ValidationReport:
    return ValidationReport(step, 20, loss, loss, loss, 10, 10, answer_only=False, seconds=0.1)


def test_the_average_is_told_each_tenth_of_the_way_and_which_way_it_went() -> None:
    lines = told(steps([4.0] * 20 + [2.0] * 80))
    assert lines[:3] == [
        "began: step 1 of 100, lr 1e-5",
        "step 10 of 100 · avg 4.0000",
        "step 20 of 100 · avg 4.0000 =",
    ]
    assert lines[3] == "step 30 of 100 · avg 2.9781 ↓"
    assert len(lines) == 11
    # Of a short run each step is on the screen as it is
    assert told(steps([4.0] * 30)) == ["began: step 1 of 30, lr 1e-5"]


def test_an_alert_is_told_with_what_can_be_done_and_nothing_of_it_is_obeyed() -> None:
    alert = Alert("disk", 2, "The disk of \x1b[2J is nearly full.")
    lines = told([replace(step, alerts=(alert,)) for step in steps([4.0])])
    assert lines[1:] == ["▲ The disk of ␛[2J is nearly full."]


def test_measurements_have_their_way_and_the_best_so_far() -> None:
    measured = [validation(step, loss) for step, loss in ((0, 3.0), (10, 2.0), (20, 2.5))]
    assert told(measured) == [
        "val 3.0000 @0",
        "val 2.0000 ↓ @10  ✓ best so far",
        "val 2.5000 ↑ @20",
    ]


def test_the_end_of_a_warm_up_and_another_number_of_threads_are_told() -> None:
    lrs = [1e-6, 5e-6, 1e-5, 1e-5, 5e-6, 1e-5]
    warm = [replace(report, lr=lr) for report, lr in zip(steps([4.0] * 6), lrs, strict=True)]
    assert told(warm)[1:] == ["warm-up over at step 3, lr 1e-5"]
    share = ThreadShare(1, 2)
    assert told([ThreadsReport(7, share)]) == ["1 thread: others use this machine, from step 7 on"]


async def test_a_checkpoint_that_was_saved_by_key_is_told_and_on_the_chart() -> None:
    engine = FakeEngine([3.0] * 4, gated=True)
    async with running(*("escape", "5"), size=(120, 40), engine=lambda progress: engine) as (
        app,
        pilot,
    ):
        engine.gate.release()
        await pilot.press("full_stop")
        await until(pilot, lambda: "began: step 1 of 4" in shown(app))
        await pilot.press("c")
        await until(pilot, lambda: "checkpoint 1, saved by c" in shown(app))
        await until(pilot, lambda: "□" in shown(app))
        assert "began: step 1 of 4" in shown(app), "what was told before stands below"
