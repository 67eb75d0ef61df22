"""The small tasks of each screen, and when what happened has done one. No widget, no torch."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_trainer.reports.phases import LOSS, PhaseReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.reports.tokens import Tokenized
from tui_trainer.session.text_examples import EXAMPLES

if TYPE_CHECKING:
    from tui_trainer.reports.labelled_logits import CrossEntropyReport
    from tui_trainer.reports.predictions import Prediction
    from tui_trainer.reports.updates import UpdateReport
    from tui_trainer.session.evaluations import Pairing

SURE = 0.9
ITEMS = 500
SHORTEST_STRING = 3  # tokens with a next one: memorising fewer shows little
WORDS_OF_A_NAME = 5
IDENTIFIER = re.compile(r"[\w.@-]*[^\W\d_][\w.@-]*")  # with a letter in it


@dataclass(frozen=True)
class Task:
    """One 'Do now' of the notebook."""

    name: str
    short: str
    """What to do, in a few words."""
    sentence: str


OWN_NAME = Task(
    "own name",
    "type your own name",
    "Tokenize your own name, or a name of yours such as hello_arjunguha. How many tokens?",
)
SURE_POSITION = Task(
    "sure position",
    "find a p above 0.9",
    "Type a text where a token that really comes next has p above 0.9.",
)
BOTH_ENDS = Task(
    "both ends",
    "see loss 0 and 100",
    "See a loss of 0 and one of 100; then say why none is negative.",
)
BELOW_1 = Task("below 1", "get a loss below 1", "Make the loss of a text fall below 1.")
SAME_LOSS = Task(
    "same loss", "see one loss twice", "See the same loss twice: F, L, B, and F, L again without S."
)
MEMORISED = Task(
    "memorised", "memorise a string", "Memorise a string: each next token is the most likely one."
)
RAN_500 = Task("ran 500", "run 500 items", "Run 500 items.")
COMPARED = Task(
    "compared", "compare two scores", "Compare before and after: e, run the loop, e again."
)

GREETED = "greeted"
"""Kept with the tasks: that somebody was welcomed here."""
GREETING = """\
See how a language model is trained, one key at a time.
1 to 6 open the screens, once escape leaves the text; ? has every key.
Do now: type your own name here. It replaces the text: how many tokens is it?"""

TASKS: dict[str, tuple[Task, ...]] = {
    "tokens": (OWN_NAME,),
    "predict": (SURE_POSITION,),
    "loss": (BOTH_ENDS,),
    "step": (BELOW_1, SAME_LOSS, MEMORISED),
    "gsm8k": (RAN_500, COMPARED),
}
"""By the NAME of the screen."""


class Guide:
    """What was done, ever. The screens tell it what the engine reported."""

    def __init__(self, announce: Callable[[Task], None]) -> None:
        self.done: set[Task] = set()
        self.stays = False
        """Whether the sheet that has the tasks stays beside the screens."""
        self._announce = announce
        self._text = ""
        self._losses: set[float] = set()
        """Those of `_text`, each of a forward pass with its graph."""
        self._ends: set[bool] = set()
        """Whether a loss of 0 (False) and one of 100 (True) were seen."""

    def progress(self) -> str:
        """How many of the tasks are done, in a word; empty once all are."""
        tasks = sum(map(len, TASKS.values()))
        return "" if len(self.done) >= tasks else f"Do now {len(self.done)}/{tasks}"

    def next_on(self, screen: str) -> tuple[str, Task] | None:
        """What to do next, and on which screen, by its NAME: on the one called `screen` where
        something of it is left, else on the first; None once all is done."""
        screens = sorted(TASKS, key=lambda name: name != screen)
        left = ((name, task) for name in screens for task in TASKS[name] if task not in self.done)
        return next(left, None)

    def recall(self, done: Iterable[str]) -> None:
        """`done` are the names of the tasks that an earlier session has seen done."""
        names = frozenset(done)
        self.done |= {task for tasks in TASKS.values() for task in tasks if task.name in names}

    def saw_tokens(self, tokenized: Tokenized) -> None:
        """A text was tokenized."""
        text, is_split = tokenized.text, len(tokenized.tokens) > 1
        self._tick(OWN_NAME, is_name(text) or (is_split and is_identifier(text)))

    def saw_prediction(self, prediction: "Prediction", generated: int) -> None:
        """A forward pass; its last `generated` tokens are the model's own and show nothing."""
        typed = len(prediction.positions) - generated
        found = (p.expected for p in prediction.positions[: max(0, typed - 1)])
        self._tick(SURE_POSITION, any(e is not None and e.p > SURE for e in found))

    def saw_cross_entropy(self, report: "CrossEntropyReport") -> None:
        """The loss of a row of logits, as the screen shows it: with four decimals."""
        for end in (0.0, 100.0):
            if round(report.loss, 4) == end:
                self._ends.add(end > 0)
        self._tick(BOTH_ENDS, len(self._ends) == 2)

    def saw_update(self, report: "UpdateReport") -> None:
        """One update on one text."""
        self._saw_loss(report.text, report.loss)
        if report.after.loss is not None:
            self._tick(BELOW_1, report.after.loss < 1 <= max(self._losses))
        self._tick(MEMORISED, is_memorised(report.after))

    def saw_led_to(self, before: float, after: "Prediction") -> None:
        """What an update led to that was made in phases, or redone: a text of loss `before`."""
        if after.loss is not None:
            self._tick(BELOW_1, after.loss < 1 <= before)
        self._tick(MEMORISED, is_memorised(after))

    def saw_phase(self, report: PhaseReport) -> None:
        """One phase of the training cell; the one that computes the loss tells it."""
        if report.phase == LOSS and report.text is not None and report.loss is not None:
            self._saw_loss(report.text, report.loss)

    def _saw_loss(self, text: str, loss: float) -> None:
        if text != self._text:
            self._text, self._losses = text, set()
        self._tick(SAME_LOSS, loss in self._losses)
        self._losses.add(loss)
        self._tick(BELOW_1, loss < 1 <= max(self._losses))

    def saw_step(self, report: StepReport, epochs: int) -> None:
        """One step of the loop, whose steps share its items evenly."""
        self._tick(RAN_500, report.step * report.items * epochs >= ITEMS * report.steps)

    def saw_comparison(self, pairing: "Pairing") -> None:
        """Two evaluations of other weights on the same items."""
        before, after = pairing.before, pairing.after
        others = (before.model, before.updates) != (after.model, after.updates)
        self._tick(COMPARED, others and bool(pairing.comparison.items))

    def _tick(self, task: Task, is_done: bool) -> None:
        if is_done and task not in self.done:
            self.done.add(task)
            self._announce(task)


def is_name(text: str) -> bool:
    """Whether it can be someone's name: a few words of letters, and no part of an example."""
    words = [word.strip(".'’-") for word in text.replace("-", " ").split()]
    return (
        1 <= len(words) <= WORDS_OF_A_NAME
        and all(word.replace("'", "").replace("’", "").isalpha() for word in words)
        and sum(map(len, words)) > 1
        and not is_of_an_example(text)
    )


def is_identifier(text: str) -> bool:
    """Whether it can be a name that somebody has on a computer: one word, and of no example."""
    return IDENTIFIER.fullmatch(text.strip()) is not None and not is_of_an_example(text)


def is_of_an_example(text: str) -> bool:
    return any(text.strip() in example.text for example in EXAMPLES)


def is_memorised(prediction: "Prediction") -> bool:
    """Whether no token is likelier than the one that comes next, at any position."""
    ranks = [p.expected_rank for p in prediction.positions if p.expected is not None]
    return len(ranks) >= SHORTEST_STRING and all(rank == 1 for rank in ranks)


def describe_tasks(tasks: tuple[Task, ...], done: set[Task]) -> str:
    """A line for each, ticked where it is done."""
    return "\n".join(f"[{'✓' if task in done else ' '}] {task.sentence}" for task in tasks)
