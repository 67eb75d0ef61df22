"""Step: one string, one update for each press of the space bar."""

import math
import time
from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.reactive import var
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.engine.errors import InputError
from tui_trainer.engine.reports import LearnerStatus, Prediction, UpdateReport
from tui_trainer.engine.settings import OPTIMIZERS, check_lr
from tui_trainer.screens.entry import Entry
from tui_trainer.screens.session import Session
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.loss_chart import LossChart
from tui_trainer.widgets.prediction_table import PredictionTable
from tui_trainer.widgets.text_box import TextBox
from tui_trainer.worker import Failure, LoopChanged

NOTEBOOK_TEXT = "def hello():\n\treturn"
WAITING_AT_MOST = 8  # updates asked for and not yet made: holding the key must not pile them up
DRAIN_SECONDS = 1 / 12
PREDICT_SECONDS = 0.5  # how often the table follows a loop that trains the model elsewhere
LADDER = (1.0, 2.0, 5.0)


def next_lr(lr: float, up: bool) -> float:
    """The next step of 1, 2, 5, 10, 20, 50, ... above or below `lr`, from 1e-8 to 10."""
    steps = [float(f"{digit:g}e{power}") for power in range(-8, 1) for digit in LADDER] + [10.0]
    if up:
        return next((step for step in steps if step > lr * 1.001), steps[-1])
    return next((step for step in reversed(steps) if step < lr * 0.999), steps[0])


def read_lr(line: str) -> float:
    """A learning rate typed by hand; InputError where it is none."""
    try:
        lr = float(line)
    except ValueError:
        raise InputError(f"{line!r} is no number: type one such as 1e-5.") from None
    return check_lr(lr)


class StepScreen(WorkScreen):
    """The training cell by keypress."""

    NAME = "step"
    CSS_PATH = "step.tcss"
    HELP = """\
The training cell of the notebook, on your text. The model reads the tokens and gives, at each
position, a probability to every token that could come next (logits, then softmax). The loss is
the mean of -log p of the tokens that really come next (cross entropy). Backward finds the
gradient of the loss for every weight; optimizer.step moves each weight a little against it.

space makes one update; watch the loss fall and p of the next token rise. A learning rate that
is too high makes the loss jump: R gives you the loaded weights back.

'moved' counts the weights whose stored value changed: in bf16 a small step can round to nothing.
The loss before the update is what the training cell prints; the one after is a new forward pass.
Train mode turns dropout on, so the same text gives a different loss each time; eval mode turns
it off. A model without dropout gives the same in both."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "update", "Update", key_display="␣", id="update", tooltip="One update"),
        Binding("p", "play", "Play", id="play", tooltip="Play, or pause: update after update"),
        Binding(
            "left_square_bracket",
            "change_lr(False)",
            "Lower lr",
            key_display="[",
            id="lower-lr",
            group=Binding.Group("lr", compact=True),
        ),
        Binding(
            "right_square_bracket",
            "change_lr(True)",
            "Raise lr",
            key_display="]",
            id="raise-lr",
            group=Binding.Group("lr", compact=True),
        ),
        Binding(
            "l",
            "type_lr",
            "Type lr",
            id="type-lr",
            tooltip="Type a learning rate",
            group=Binding.Group("lr", compact=True),
        ),
        Binding("o", "optimizer", "Opt", id="optimizer", tooltip="AdamW or SGD, a fresh one"),
        Binding("t", "mode", "Mode", id="mode", tooltip="Train mode (dropout on) or eval mode"),
        Binding("y", "log", "Log", id="log", tooltip="Logarithmic loss axis"),
    ]

    waiting: var[int] = var(0)
    """Updates asked for by keypress and not yet made."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.report: UpdateReport | None = None
        self._predicted_at = 0.0
        self._updates_shown = 0
        self._typed: Timer | None = None

    def body(self) -> Iterable[Widget]:
        yield TextBox(NOTEBOOK_TEXT, id="text")
        yield Static(id="facts")
        yield Static(id="settings")
        with Container(id="views"):
            yield LossChart(x_label="update", smoothing=False)
            yield PredictionTable()

    def on_mount(self) -> None:
        self.session.status_changed.subscribe(self, self._on_status)
        self.session.loop_changed.subscribe(self, self._on_loop)
        self.set_interval(DRAIN_SECONDS, self._drain)
        self._show_settings()

    def on_screen_resume(self) -> None:
        if not self._is_up_to_date:
            self._predict()

    @property
    def text(self) -> str:
        return self.query_one(TextBox).text

    # What is shown

    def _on_status(self, status: LearnerStatus) -> None:
        """The model changed: by an update here, by a loop, by a reload or a new load."""
        if status.updates < self._updates_shown:
            self._forget()
        self._updates_shown = status.updates
        self._show_settings()
        if self.is_current and not self._is_up_to_date:
            self._predict()

    @property
    def _is_up_to_date(self) -> bool:
        """Whether the table shows the last update made, and that update was made here."""
        status, report = self.session.status, self.report
        return status is not None and report is not None and report.update == status.updates

    def _forget(self) -> None:
        self.report = None
        chart = self.query_one(LossChart)
        chart.series.clear()
        chart.redraw()

    def _show_settings(self) -> None:
        status = self.session.status
        if status is None:
            self._say("settings", "The model is being loaded; you can type already.")
            return
        mode = "train" if status.training else "eval"
        if status.model.dropout == 0:
            mode += " mode (no dropout in this model: the same as eval)"
        else:
            mode += f" mode (dropout {status.model.dropout:g} {'on' if status.training else 'off'})"
        waiting = f" · {self.waiting} waiting" if self.waiting > 1 else ""
        self._say("settings", f"lr {status.lr:g} · {status.optimizer} · {mode}{waiting}")

    def watch_waiting(self) -> None:
        if self.is_mounted:
            self._show_settings()

    def _say(self, where: str, line: str) -> None:
        self.query_one(f"#{where}", Static).update(Content(line), layout=False)

    def _show_prediction(self, prediction: Prediction) -> None:
        self.query_one(PredictionTable).show(None, prediction)
        loss = "unknown" if prediction.loss is None else f"{prediction.loss:.4f}"
        rows, columns = prediction.shape
        logits = "×".join(map(str, prediction.logits_shape))
        self._say("facts", f"input_ids ({rows}, {columns}) · logits {logits} · loss {loss} nats\n")

    def _show_report(self, report: UpdateReport) -> None:
        self.report = report
        self._updates_shown = report.update
        self.query_one(PredictionTable).show(report.before, report.after)
        self._say("facts", describe_update(report))

    def _plot(self, reports: list[UpdateReport]) -> None:
        chart = self.query_one(LossChart)
        for report in reports:
            if self.report is not None and report.text != self.report.text:
                chart.series.clear()  # a loss of another text is another curve
            chart.series.append(report.update, report.loss)
            self.report = report
        chart.redraw()

    # Predict

    def on_text_area_changed(self) -> None:
        if self._typed is not None:
            self._typed.stop()
        self._typed = self.set_timer(0.15, self._predict)

    @work(exclusive=True, group="predict")
    async def _predict(self) -> None:
        """The table with the weights as they are now, for the text as it is now."""
        if self.session.status is None or self._is_playing:
            return
        since = time.monotonic() - self._predicted_at
        if self.session.is_running("gsm8k") and since < PREDICT_SECONDS:
            return
        self._predicted_at = time.monotonic()
        text = self.text
        prediction = await self.session.ask(
            lambda engine: engine.predict(text, 1), "Predicting", self._say_failure
        )
        if prediction is not None and text == self.text:
            self._show_prediction(prediction)

    def _say_failure(self, failure: Failure) -> None:
        """While typing, a sentence in the line of facts is enough."""
        if failure.traceback is not None:
            self.session.tell(failure)
        self._say("facts", visible(failure.sentence) + "\n")
        self.query_one(PredictionTable).clear()

    # Update

    @property
    def _is_playing(self) -> bool:
        return self.session.is_live("step")

    def action_update(self) -> None:
        if self._is_playing:
            self.action_play()
        elif self.session.status is None:
            self.notify("The model is still being loaded.", markup=False)
        elif self.waiting < WAITING_AT_MOST:
            self.waiting += 1
            self._update(self.text)

    @work
    async def _update(self, text: str) -> None:
        report = await self.session.ask(lambda engine: engine.update(text), "Updating")
        self.waiting -= 1
        if report is not None:
            self._plot([report])
            self._show_report(report)
            await self.session.refresh()

    @work
    async def action_play(self) -> None:
        if self._is_playing:
            self.session.worker.stop_loop("step")
            return
        text = self.text
        await self.session.start_loop("step", lambda engine: engine.updates(text))

    def _on_loop(self, change: LoopChanged) -> None:
        if change.name == "step":
            self._drain()
        elif self.is_current:
            self._predict()

    def _drain(self) -> None:
        """The updates made while playing: each a point, the last one in the table."""
        reports = [r for r in self.session.worker.drain("step") if isinstance(r, UpdateReport)]
        if reports:
            self._plot(reports)
            self._show_report(reports[-1])

    # Settings

    @work
    async def action_change_lr(self, up: bool) -> None:
        if self.session.status is not None:
            lr = next_lr(self.session.status.lr, up)
            await self.session.change(lambda engine: engine.set_lr(lr), "")

    @work
    async def action_type_lr(self) -> None:
        if self.session.status is None:
            return
        now = f"{self.session.status.lr:g}"
        lr = await self.app.push_screen_wait(Entry("Learning rate", now, read_lr))
        if lr is not None:
            await self.session.change(lambda engine: engine.set_lr(lr), "")

    @work
    async def action_optimizer(self) -> None:
        if self.session.status is not None:
            index = OPTIMIZERS.index(self.session.status.optimizer)
            name = OPTIMIZERS[(index + 1) % len(OPTIMIZERS)]
            await self.session.change(lambda engine: engine.set_optimizer(name), "")

    @work
    async def action_mode(self) -> None:
        if self.session.status is not None:
            training = not self.session.status.training
            await self.session.change(lambda engine: engine.set_training(training), "")

    def action_log(self) -> None:
        chart = self.query_one(LossChart)
        chart.log_axis = not chart.log_axis


def describe_update(report: UpdateReport) -> str:
    """Two lines: the loss and the gradient; the weights and the time."""
    after = report.after.loss if report.after.loss is not None else report.loss
    # Cut, not rounded: 100% means every weight.
    share = math.floor(1e4 * report.moved / report.parameters) / 1e4
    return (
        f"update {report.update:<5} loss {report.loss:.4f} → {after:.4f} "
        f"({after - report.loss:+.4f}) nats   grad norm {report.grad_norm:.4g}\n"
        f"moved {report.moved:,} of {report.parameters:,} weights ({share:.2%})   "
        f"{report.seconds:.3f} s"
    )
