"""Loss: cross entropy on a row of logits that is edited by keys."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.errors import InputError
from tui_trainer.protocol.predictions import CrossEntropy
from tui_trainer.reports.labelled_logits import CrossEntropyReport, read_logit, read_logits
from tui_trainer.screens.dialogs.entry import Entry
from tui_trainer.screens.loss.class_list import EXAMPLES, ClassList, from_position, typed
from tui_trainer.screens.loss.curve_panel import CurvePanel
from tui_trainer.screens.loss.descent import DescentPanel
from tui_trainer.screens.loss.keys import KEYS, OF_LOGITS
from tui_trainer.screens.loss.words import (
    COLUMNS,
    LESSON,
    LONGEST_WORDS,
    class_cells,
    curve_point,
    describe_call,
    describe_example,
    describe_figures,
    describe_loss,
    explain,
)
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.chart.cross_entropy_curve import CrossEntropyCurve
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.widgets.panel import Panel

BOX, LEAST_STEPS = 4, 5
"""Cells and rows of a panel's line, and the gaps within it; rows of the panel of steps at least."""
LATE_SECONDS = 0.1  # after this the edit is shown without its figures, which come when they can


class LossScreen(WorkScreen):
    """Edits are made here, and their figures asked of the worker: torch computes every one."""

    NAME = "loss"
    HELP = """\
A model gives each entry of its vocabulary a logit: any number, the higher the likelier. softmax
makes probabilities of them: p = exp(logit) / sum of all exp(logit), each from 0 to 1, together 1.
Adding the same number to every logit changes nothing.

The label (●) is the class that is right. The loss, cross entropy, is -log p of the label. It is
never negative, since p is at most 1 and so log p at most 0. It is 0 where the model is sure and
right, and has no upper end: the surer and wronger, the larger. The notebook's two examples, of
three classes with label 1, show both: [0, 100, 0] costs 0, and [100, 0, 0] costs 100.

exp(loss) is 1 / p of the label, the perplexity: the model is as unsure as one that guesses among
so many classes. A guess among n classes costs log n.

The gradient of the loss for each logit is p - onehot, where onehot is 1 at the label and 0
elsewhere. A step against it raises the label's logit and lowers the others, each by its share;
where p is right there is nothing left to change. logits.grad is what loss.backward() computes.
Where there is room the loss after each of many such steps is told: fast at first, then ever slower,
since the gradient is at most 1.

tab gives the curve the focus: then left and right read it, + and - zoom in, escape leaves it.

f takes over the position that is opened on Predict: its most likely tokens and the expected one,
with the rest of the vocabulary as one class, so that p, loss and gradient are the model's own."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.shown = self._original = EXAMPLES[0]
        self.report: CrossEntropyReport | None = None
        """The last that came; the figures on show where it is of the logits on show."""
        self._before: CrossEntropyReport | None = None
        """The one before it, of the same classes."""

    def body(self) -> Iterable[Widget]:
        with Container(id="parts"):
            with Vertical(id="moving"):
                with Panel(
                    title="logits", hint="← → 0.1  + - 1  ⏎ types", id="logits", classes="-in-hand"
                ):
                    yield Static(id="call")
                    yield LineTable(id="classes")
                with Panel(title="loss", id="sums"):
                    yield Static(id="figures")
                yield CurvePanel()
            with Vertical(id="facts"):
                with (
                    Panel(title="what it says", id="why"),
                    VerticalScroll(can_focus=False),
                ):
                    yield Static(id="words")
                    yield Static(LESSON, id="lesson", markup=False)
                yield DescentPanel(self.session, id="descent")

    def on_mount(self) -> None:
        # The keys are the screen's: left and right change a logit, they do not move.
        self.query_one("#classes", LineTable).can_focus = False
        self._edit(self.shown)

    @property
    def lends_keys(self) -> bool:
        """Left, right, plus and minus change a logit until the curve has the focus, by tab."""
        return isinstance(self.focused, CrossEntropyCurve)

    def on_descendant_focus(self) -> None:
        self.query_one("#logits").set_class(not self.lends_keys, "-in-hand")

    def on_descendant_blur(self) -> None:
        self.query_one("#logits").add_class("-in-hand")

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit_lesson)

    def _fit_lesson(self) -> None:
        """What is always so is told where it leaves room for some steps."""
        facts = self.query_one("#facts").size
        width = max(1, facts.width - BOX)
        rows = sum(Content(text).get_height({}, width) for text in (LESSON, LONGEST_WORDS))
        has_room = self.has_class("-wide") and rows + BOX + LEAST_STEPS <= facts.height
        self.query_one("#lesson").display = has_room

    def word_for(self, name: str, label: str) -> str:
        """A position comes from Predict once one is opened there."""
        if self.lends_keys and name in OF_LOGITS:
            return ""
        if name == "from-predict" and self.session.chosen_position is None:
            return ""
        return super().word_for(name, label)

    # Edits

    def _edit(self, classes: ClassList) -> None:
        self.shown = classes
        self._compute()

    def _try(self, edit: Callable[[], None]) -> None:
        """Make an edit that there may be no room for."""
        try:
            edit()
        except InputError as error:
            self.notify(visible(str(error)), severity="warning", markup=False)

    @work(exclusive=True, group="cross-entropy")
    async def _compute(self) -> None:
        """Ask for the figures; an edit made meanwhile takes the place of this one."""
        question = self.shown.question
        late = self.set_timer(LATE_SECONDS, self._show)
        try:
            report = await self.session.ask(CrossEntropy(question))
        finally:
            late.stop()
        if report is not None:
            self.session.guide.saw_cross_entropy(report)
        self._before, self.report = self.report, report
        self._show()

    def action_move(self, rows: int) -> None:
        self._move_to(self.shown.cursor + rows)

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        self._move_to(event.row)

    def _move_to(self, row: int) -> None:
        self.shown = self.shown.with_cursor(row)
        self._show()

    def action_label(self) -> None:
        self._edit(self.shown.with_label())

    def action_change(self, by: float) -> None:
        self._edit(self.shown.raised(by))

    def action_add(self) -> None:
        self._try(lambda: self._edit(self.shown.with_class()))

    def action_remove(self) -> None:
        self._try(lambda: self._edit(self.shown.without_class()))

    @work
    async def action_type_logit(self) -> None:
        now = typed(self.shown.logits[self.shown.cursor])
        question = f"Logit of class {self.shown.cursor}"
        logit = await self.app.push_screen_wait(Entry("logit", question, now, read_logit))
        if logit is not None:
            self._edit(self.shown.with_logit(logit))

    @work
    async def action_type_all(self) -> None:
        now = " ".join(map(typed, self.shown.logits))
        question = "All logits, from class 0, with spaces between"
        logits = await self.app.push_screen_wait(Entry("logits", question, now, read_logits))
        if logits is not None:
            self._edit(self.shown.with_logits(logits))

    def action_example(self) -> None:
        number = EXAMPLES.index(self._original) + 1 if self._original in EXAMPLES else 0
        self._begin(EXAMPLES[number % len(EXAMPLES)])

    def action_from_predict(self) -> None:
        position = self.session.chosen_position
        if position is None:
            self.notify("Press 2 first and open a position on Predict.", markup=False)
        else:
            self._try(lambda: self._begin(from_position(position)))

    def _begin(self, original: ClassList) -> None:
        self._original, self.report = original, None
        self._edit(original)

    def action_log(self) -> None:
        curve = self.query_one(CrossEntropyCurve)
        curve.log_axis = not curve.log_axis

    # What is shown

    def _show(self) -> None:
        """The logits as they are now, with the figures that belong to them."""
        classes = self.shown
        report = self.report
        if report is not None and report.question != classes.question:
            report = None
        table = self.query_one("#classes", LineTable)
        table.cursor = classes.cursor
        table.show(COLUMNS, len(classes.logits), lambda row: class_cells(classes, report, row))
        table.styles.height = len(classes.logits) + 1
        self.query_one("#logits", Panel).title = describe_example(classes, self._original)
        self.query_one("#sums", Panel).figure = describe_loss(report, self._before)
        self._say("call", describe_call(classes, report))
        self._say("figures", describe_figures(report))
        self._say("words", explain(report))
        self.query_one(CrossEntropyCurve).point = curve_point(report)
        self.query_one(DescentPanel).show(report)

    def _say(self, where: str, text: str) -> None:
        self.query_one(f"#{where}", Static).update(Content(text))
