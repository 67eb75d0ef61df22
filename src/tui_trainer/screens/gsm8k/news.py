"""What a report of a run says beside its numbers, in notices."""

from tui_trainer.reports.loop import LoopReport, StopReport, checkpoint_of
from tui_trainer.reports.steps import StepReport
from tui_trainer.screens.gsm8k.run_on_show import RunOnShow
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.saved_run import after_step
from tui_trainer.terminal_text import visible


def tell_news(screen: WorkScreen, run: RunOnShow, report: LoopReport, *, new: bool) -> None:
    """Tell it, and what was saved with it; of a run that another view has begun, what was told
    before is not `new`."""
    if isinstance(report, StepReport) and report.run is not None:
        saved_run = after_step(screen.session.saved, report.run, report.step, run.resumed_at)
        screen.session.saved = saved_run
    if (saved := checkpoint_of(report)) is not None:
        saving = screen.session.saving
        (saving.tell if new else saving.saw)(saved)
    notes = report.notes if isinstance(report, StepReport) else ()
    if isinstance(report, StopReport):
        notes = (report.says,)
    for note in notes if new else ():
        screen.notify(visible(note), markup=False)
