"""Which rows can be looked at on GSM8K: of the last step, of one that alarmed, of the next run."""

from tui_trainer.protocol.loops import ReadRows
from tui_trainer.reports.alerts import Alert
from tui_trainer.screens.batch_rows.view import AskedRows
from tui_trainer.screens.gsm8k.run_on_show import RunOnShow
from tui_trainer.settings.train import TrainSettings

LAST_STEP, NEXT_STEP, NEXT_RUN = "the last step", "the next step", "the next run's first step"
ALARMED = "step {:,}, which alarmed"


def asked_rows(run: RunOnShow, following: TrainSettings, *, live: bool) -> list[AskedRows]:
    """The first at once; `following` are the settings of the next run."""
    asked = [AskedRows(NEXT_RUN, ReadRows(following))]
    if run.report is not None:
        asked.insert(0, AskedRows(LAST_STEP, ReadRows()))
    elif live:
        asked.insert(0, AskedRows(NEXT_STEP, ReadRows(run.settings, run.resumed_at)))
    if run.alarmed is not None:  # the last step may be another by now
        asked.insert(1, rows_of_alarm(run.settings, run.alarmed))
    return asked


def rows_of_alarm(settings: TrainSettings, alert: Alert) -> AskedRows:
    return AskedRows(ALARMED.format(alert.step), ReadRows(settings, alert.step - 1))
