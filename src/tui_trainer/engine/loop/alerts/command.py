"""`--on-alert`: a command that is run at each alert, beside the loop and never by a shell."""

import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from tui_trainer.closed import closed
from tui_trainer.reports.alerts import Alert
from tui_trainer.reports.loop import LoopReport, alerts_of
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.unwritable import why

SECONDS = 10.0
"""For one to end by itself: a message that is not sent by then is not sent."""
AT_ONCE = 4
"""That run at the same time; what alarms beside so many is not told by a command."""
THREAD = "on-alert"
PREFIX = "TUI_TRAINER_ALERT_"


class AlertCommand:
    """Runs it; what goes wrong with it is told once, and does nothing to the loop."""

    def __init__(self, command: str, run: Callable[[], str], seconds: float = SECONDS) -> None:
        """`run` gives the name of the run on disk, empty where there is none."""
        self._words = shlex.split(command)
        self._run, self._seconds = run, seconds
        self._running = threading.BoundedSemaphore(AT_ONCE)
        self._trouble = ""
        """What went wrong and was not told."""
        self._is_told = False

    def tell(self, alert: Alert) -> None:
        """Begin it, and return at once."""
        if not self._running.acquire(blocking=False):
            return
        # Whoever ends meanwhile waits for it, at most as long as it may take.
        fields = fields_of(alert, self._run())
        thread = threading.Thread(target=self._let_run, args=(fields,), name=THREAD)
        try:
            thread.start()
        except RuntimeError as error:  # the system gives this process no more of them
            self._running.release()
            self._trouble = f"--on-alert: {self._words[0]} cannot be run ({error})."

    def pop_trouble(self) -> tuple[str, ...]:
        """That it failed, the first time."""
        if not self._trouble or self._is_told:
            return ()
        self._is_told = True
        return (self._trouble,)

    def _let_run(self, fields: Mapping[str, str]) -> None:
        try:
            self._trouble = self._trouble or self._run_it(fields)
        finally:
            self._running.release()

    def _run_it(self, fields: Mapping[str, str]) -> str:
        """What went wrong; empty where nothing did."""
        name = self._words[0]
        try:
            process = subprocess.Popen(
                self._words,
                env=os.environ | fields,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            return f"--on-alert: {name} cannot be run ({why(error)})."
        try:
            status = process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"--on-alert: {name} did not end within {self._seconds:g} s, and was ended."
        return f"--on-alert: {name} ended with status {status}." if status else ""


def fields_of(alert: Alert, run: str) -> Mapping[str, str]:
    """The alert as variables of an environment; what is not known is empty."""
    fields = {
        "KIND": alert.kind,
        "SAYS": alert.says,
        "STEP": str(alert.step),
        "VALUE": _number(alert.value),
        "USUAL": _number(alert.usual),
        "SCORE": _number(alert.score),
        "ITEMS": " ".join(map(str, alert.items)),
        "TOKEN": alert.token,
        "TOKEN_LOSS": _number(alert.token_loss),
        "LAYER": alert.layer,
        "RUN": run,
    }
    return {f"{PREFIX}{name}": value.replace("\0", "") for name, value in fields.items()}


def _number(number: float | None) -> str:
    return "" if number is None else repr(number)


def told_by_command(
    reports: Iterator[LoopReport], words: str, run: Callable[[], str]
) -> Iterator[LoopReport]:
    """What the loop tells, while the command is run at each alert; empty `words` are none."""
    return _told(reports, AlertCommand(words, run)) if words.strip() else reports


def _told(reports: Iterator[LoopReport], command: AlertCommand) -> Iterator[LoopReport]:
    with closed(reports):
        for report in reports:
            for alert in alerts_of(report):
                command.tell(alert)
            if isinstance(report, StepReport) and (trouble := command.pop_trouble()):
                yield replace(report, notes=(*report.notes, *trouble))
            else:
                yield report
