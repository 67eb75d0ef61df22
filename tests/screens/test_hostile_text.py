"""Text from outside never reaches the terminal raw, wherever it comes from."""

import asyncio
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input

from tests.fake_engine import FakeEngine
from tests.forms import form_of
from tests.known import present, the
from tests.pilot import SECONDS_AT_MOST, shown, until
from tests.runs_on_disk import MODEL, write_run
from tui_trainer.app import TuiTrainer
from tui_trainer.errors import InputError
from tui_trainer.reports.evaluated_items import Answer, Ending, EvaluatedItem
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.exported_script import ExportReport
from tui_trainer.reports.generation import GeneratedToken, Inspection, SamplingStep
from tui_trainer.reports.labelled_logits import CrossEntropyReport, LabelledLogits
from tui_trainer.reports.loop import (
    LoopReport,
    MemoryEstimate,
    PartReport,
    SampleReport,
    ValidationReport,
)
from tui_trainer.reports.models import (
    DeviceReport,
    LearnerStatus,
    LoadProgress,
    ModelOption,
    ModelReport,
)
from tui_trainer.reports.moved import LayerMoved, MovedReport
from tui_trainer.reports.phases import NamedNorm, PhaseReport
from tui_trainer.reports.predictions import Candidate, PassesReport, Position, Prediction
from tui_trainer.reports.probes import ProbeReading, ProbeReport, ProbeStart
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.runs import CheckpointReport
from tui_trainer.reports.steps import ItemReport, StepReport
from tui_trainer.reports.tokens import Batch, Token, Tokenized, TokenizerReport, VocabularyEntry
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.runs.description import DataIdentity, Parent
from tui_trainer.runs.home import RUN_FILE, runs_home
from tui_trainer.runs.json_files import write_json
from tui_trainer.runs.listing import read_run
from tui_trainer.screens.dialogs.checkpoint_picker import CheckpointPicker
from tui_trainer.screens.dialogs.entry import Entry
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.screens.evaluation.item import EvaluatedItemDialog
from tui_trainer.screens.evaluation.view import EvaluationScreen
from tui_trainer.screens.gsm8k.progress import RunProgress
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.runs.details import RunDetails
from tui_trainer.screens.runs.screen import RunsScreen
from tui_trainer.screens.tokens.vocabulary_panel import VocabularyPanel
from tui_trainer.screens.tokens.words import explain_token
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.widgets.text_box import TextBox
from tui_trainer.worker import Worker, in_this_process

ATTACKS = [
    "\x1b[31mred\x1b[2J",
    "\x1b]52;c;cGF5bG9hZA==\x07",
    "\x9b31m\x9d0;title\x9c",
    "a\u202eb\u2066c\u2069",
    "\u200b\u200d\ufeff\u2028",
    "[/foo] [UNK] [INST] [bold]x[/bold] [@click=app.quit]q[/]",
    "lone \ud800 surrogate",
    "👍🏽 🇩🇪 1\ufe0f\u20e3 \u1112\u1161",
    "bell\x07 back\x08 cr\r vt\x0b nul\x00 del\x7f",
    "x" * 10_000,
]
# What Textual itself may write: CSI sequences, and OSC only where a test names it.
OWN_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-9;:?<>=$]*[a-zA-Z~]|P[^\x1b]*\x1b\\|\][^\x07\x1b]*(?:\x07|\x1b\\))"
)
FORBIDDEN = re.compile(
    "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff"
    "\u1100-\u11ff\u20dd-\u20e0\u20e2-\u20e4\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]"
)

hostile = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(
        alphabet=st.characters(categories=["Cc", "Cf", "Cs", "L", "So"]), min_size=1, max_size=40
    ),
)


class HostileEngine(FakeEngine):
    """An engine whose every string is `words`."""

    def __init__(self, progress: Progress, words: str) -> None:
        super().__init__()
        self._progress = progress
        self._words = words
        self._updates = self._unsaved = 0
        self._evaluations = 0

    def _become(self, status: LearnerStatus) -> LearnerStatus:
        return self.status()

    def load_tokenizer(self, source: str) -> TokenizerReport:
        self._progress.report(LoadProgress(self._words, 1, 2))
        return TokenizerReport(self._words, 100)

    def load_model(self, choice: ModelChoice) -> LearnerStatus:
        return self.status()

    def status(self) -> LearnerStatus:
        model = ModelReport(
            name=self._words,
            architecture=self._words,
            parameters=1000,
            device="cpu",
            precision="fp32",
            context=100,
            vocabulary=100,
            dropout=0.1,
            load_seconds=1.0,
        )
        return LearnerStatus(
            model,
            self._updates,
            1e-5,
            "AdamW",
            True,
            unsaved=self._unsaved,
            dropped=self._words,
        )

    def reload(self) -> LearnerStatus:
        raise RuntimeError(self._words)

    def devices(self) -> list[DeviceReport]:
        return [DeviceReport("cuda:0", self._words, 1, 2), DeviceReport("cpu", "CPU", 1, 2)]

    def models(self) -> list[ModelOption]:
        return [ModelOption(self._words, self._words, 1)]

    def tokenize(self, text: str, source: str) -> Tokenized:
        pieces = (self._words, "\n", " ", self._words)
        tokens = (Token(n, n, piece, b"\x1b\x9b", 0, 1) for n, piece in enumerate(pieces))
        return Tokenized(text, tuple(tokens))

    def vocabulary(self, source: str, first: int, count: int) -> tuple[VocabularyEntry, ...]:
        return (VocabularyEntry(first, self._words, b"\x1b\x9b", (self._words, "\n")),)

    def batch(self, texts: tuple[str, ...], padding_side: str, source: str) -> Batch:
        return Batch(((1, 2),), ((1, 1),), 0, self._words, padding_side)

    def predict(self, text: str, top: int = 5) -> Prediction:
        candidate = Candidate(1, self._words, 0.5, 2.0)
        positions = tuple(
            Position(n, 1, self._words, candidate, 1.0, 1.0, (candidate,), 1, 1.0) for n in range(3)
        )
        return Prediction(text, (1, 3), (1, 3, 100), 1.0, positions)

    def cross_entropy(self, question: LabelledLogits) -> CrossEntropyReport:
        raise InputError(self._words)

    def inspect(
        self, text: str, generated: tuple[int, ...], index: int, sampling: Sampling, top: int = 50
    ) -> Inspection:
        prediction = self.predict(text)
        position = prediction.positions[0]
        steps = (SamplingStep("softmax", 100, position.top),) * 4
        token = self.next_token(text, generated, sampling)
        return Inspection(prediction, position, steps, token, self._words)

    def next_token(
        self, text: str, generated: tuple[int, ...], sampling: Sampling
    ) -> GeneratedToken:
        return GeneratedToken(3, 1, self._words, 0.5, 0.25, True)

    def update(self, text: str) -> UpdateReport:
        self._updates += 1
        self._unsaved += 1
        prediction = self.predict(text)
        return UpdateReport(
            update=self._updates,
            text=text,
            loss=1.0,
            grad_norm=1.0,
            lr=1e-5,
            optimizer="AdamW",
            training=True,
            moved=1,
            parameters=1000,
            before=prediction,
            after=prediction,
            seconds=0.1,
        )

    def fork(self, text: str) -> tuple[UpdateReport, ...]:
        return (self.update(text),) * 3

    def prepare_undo(self) -> None:
        pass

    def export_name(self) -> str:
        return self._words

    def export(self, line: str, *, overwrite: bool = False) -> ExportReport:
        if overwrite:
            return ExportReport(self._words, (self._words,), notes=(self._words,))
        return ExportReport(self._words, existing=(self._words, self._words))

    def undo(self) -> LearnerStatus:
        raise InputError(self._words)

    def phase(self, name: str | None, text: str) -> PhaseReport:
        norms = (NamedNorm(self._words, 1.0),)
        return PhaseReport(
            phase="backward",
            next="optimizer.step",
            words=self._words,
            text=text,
            logits_shape=(1, 3, 100),
            graph=1,
            loss=1.0,
            grad_norm=1.0,
            gradients=norms,
            moved=1,
            parameters=1000,
            moments=norms,
            update=1,
        )

    def phase_report(self) -> PhaseReport:
        return self.phase(None, "")

    def moved(self) -> MovedReport:
        return MovedReport(1, "fp32", (LayerMoved(self._words, 10, 5, 1.0, 2.0),))

    def set_dropout(self, p: float | None) -> LearnerStatus:
        return self.status()

    def passes(self, text: str) -> PassesReport:
        passed = self.predict(text)
        return PassesReport((passed, passed), (passed, passed), 0.1, self._words)

    def follow_probes(self, texts: tuple[str, ...]) -> None:
        pass

    def probe(self, texts: tuple[str, ...]) -> tuple[ProbeReport, ...]:
        start = ProbeStart(0, 1.0, Candidate(1, self._words, 0.5, 2.0))
        now = ProbeReading(1.0, Candidate(2, self._words, 0.5, 2.0), 0.5)
        refused = ProbeReport(self._words, None, None, self._words)
        return (ProbeReport(self._words, start, now), refused)

    def memory_estimate(self) -> MemoryEstimate:
        return MemoryEstimate(1, 2)

    def train(
        self, settings: TrainSettings, *, record: bool = False, job: str = ""
    ) -> Iterator[LoopReport]:
        texts = (self._words, "\n", self._words)
        item = ItemReport(1, self._words, texts, (None, 1.0, 9.0), 2, 1.0, True)
        for step in range(1, 4):
            yield PartReport("validating", 0.5)
            yield ValidationReport(step - 1, 2, 1.0, 1.0, 1.0, 3, 3, False, 0.1)
            yield PartReport("validating", 0.5)
            yield SampleReport(step - 1, self._evaluated(2), 0.1)
            yield PartReport("validating", 0.5)
            yield StepReport(
                step=step,
                steps=10,
                loss=1.0,
                grad_norm=1.0,
                tokens=3,
                positions=3,
                lr=1e-5,
                peak_lr=1e-5,
                seconds=0.1,
                items=10,
                item=item,
                best=item,
                worst=item,
                truncated=1,
                memory_bytes=1,
                run=self._words,
                checkpoint=CheckpointReport(self._words, self._words, step, failure=self._words),
                notes=(self._words,),
            )
        raise InputError(self._words)

    def _evaluated(self, count: int) -> tuple[EvaluatedItem, ...]:
        """Items whose every text is `words`; one with a number to be extracted, one without."""
        said = f"{self._words} #### 1{self._words}", self._words
        return tuple(
            EvaluatedItem(
                problem,
                self._words,
                f"{self._words}#### {problem}{self._words}",
                self._words,
                Answer(said[problem % 2], Ending.BUDGET, 1),
            )
            for problem in range(count)
        )

    def evaluate(self, settings: EvaluationSettings) -> Iterator[EvaluationReport]:
        """Twice two items of hostile problems, the second time by other weights; then a refusal."""
        self._evaluations += 1
        if self._evaluations > 2:
            raise InputError(self._words)
        asked = replace(settings, problems=f"x{self._words}", shots=1, shots_from=self._words)
        return iter(
            EvaluationReport(asked, self._words, self._evaluations, 2, self._evaluated(n), 0, n, 1)
            for n in (1, 2)
        )

    def training_lr(self) -> float:
        return 1e-5

    def save(self) -> CheckpointReport:
        self._unsaved = 0
        return CheckpointReport(self._words, self._words, 1)


async def visit_everything(words: str) -> None:
    """Show `words` in every place that shows text from outside."""
    app = TuiTrainer(
        ModelChoice(words), in_this_process(lambda progress: HostileEngine(progress, words))
    )
    async with (
        asyncio.timeout(3 * SECONDS_AT_MOST),  # all screens, and long lines on each
        app.run_test(size=(100, 40), notifications=True) as pilot,
    ):
        while app.session.status is None:
            await asyncio.sleep(0.01)
        await fill(pilot, TextBox, words)
        await pilot.pause(0.1)
        await pilot.resize_terminal(120, 40)  # where the vocabulary is shown
        await until(pilot, lambda: app.screen.query_one("#neighbours", VocabularyPanel).entries)
        await pilot.resize_terminal(100, 40)
        await press(pilot, "escape", "b", "b", "2", "space")
        await pilot.pause(0.1)
        await fill(pilot, TextBox, words)
        await press(pilot, "space")
        await pilot.pause(0.1)
        await press(pilot, "3", "f", "enter")
        await fill(pilot, Input, words)
        await press(pilot, "enter")
        await pilot.pause(0.1)
        await press(pilot, "escape", "4")
        await fill(pilot, TextBox, words)
        await pilot.pause(0.1)
        await press(pilot, "space", "full_stop", "u")
        await pilot.pause(0.1)
        await press(pilot, "v")
        await pilot.pause(0.1)
        await press(pilot, "f")
        await pilot.pause(0.1)
        await press(pilot, "n", "e")
        await fill(pilot, Input, words)
        await press(pilot, "enter")
        await pilot.pause(0.1)
        app.screen.query_one("#probe-lines").focus()
        await press(pilot, "down")
        await pilot.pause(0.1)
        await press(pilot, "e")
        await pilot.pause(0.1)
        await press(pilot, "escape")
        await press(pilot, "v")
        await pilot.pause(0.1)
        await press(pilot, "x")
        await until(pilot, lambda: isinstance(app.screen, Entry))
        await press(pilot, "enter")
        await fill(pilot, Input, f"{words.replace(chr(0), '')}.py")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await press(pilot, "o")
        await until(pilot, lambda: any(note.title == "Exported" for note in app._notifications))
        await press(pilot, "5", "full_stop")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await press(pilot, "k")
        await until(pilot, lambda: app.session.saved is not None)
        await press(pilot, "q")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await press(pilot, "escape", "c")
        await until(pilot, lambda: present(app.session.saved).checkpoint_step == 1)
        await visit_loop(app, pilot)
        await visit_evaluations(app, pilot)
        await visit_runs(app, pilot)
        await press(pilot, "m")
        await pilot.pause(0.1)
        await press(pilot, "escape", "R")
        await pilot.pause(0.1)
        await press(pilot, "escape")
        app.worker.stop(5)


async def fill(pilot: Pilot[int], kind: type[Input] | type[TextBox], words: str) -> None:
    """Put `words` in the screen's first text box of its kind, once there is one."""
    await until(pilot, lambda: pilot.app.screen.query(kind))
    box = pilot.app.screen.query(kind).first()
    if isinstance(box, Input):
        box.value = words
    else:
        box.text = words


async def press(pilot: Pilot[int], *keys: str) -> None:
    """As the pilot does, with one rest after each key: its three would be most of the test."""
    for key in keys:
        pilot.app.simulate_key(key)
        await pilot.pause()


async def visit_loop(app: TuiTrainer, pilot: Pilot[int]) -> None:
    """Measurements under way and made, each view of the item and the samples, and the failure."""
    screen = the(Gsm8kScreen, app.screen)
    line, panel = screen.query_one(RunProgress), screen.item
    assert len(screen.wall.held_out.compared)
    assert screen.samples is not None

    def advance() -> None:
        the(Worker, app.worker)._advance("gsm8k")

    the(Worker, app.worker)._do(advance)
    await until(pilot, lambda: " 50%" in str(line.content))
    await press(pilot, "V", "V", "V")
    for sample in range(2):
        await until(pilot, lambda n: panel.view == f"sample {n}", sample)
        assert "sample at step 0" in shown(app)
        await press(pilot, "V")
    await press(pilot, "space")
    await until(pilot, lambda: not app.session.is_live("gsm8k"))
    await pilot.pause(0.1)


async def visit_evaluations(app: TuiTrainer, pilot: Pilot[int]) -> None:
    """Two of them, one beside the other, the texts of each item, and one that is refused."""
    ended = app.session.evaluations.ended  # those of the visits before are recalled among them
    await press(pilot, "e")
    await until(pilot, lambda: sum(not one.ended for one in ended) == 1)
    await press(pilot, "b", "e")
    await until(pilot, lambda: sum(not one.ended for one in ended) == 2)
    screen = the(EvaluationScreen, app.screen)
    await until(pilot, lambda: screen.pairing and len(screen.pairing.comparison.items) == 2)
    await press(pilot, "t")
    await until(pilot, lambda: isinstance(app.screen, EvaluatedItemDialog))
    await press(pilot, "n")
    await pilot.pause(0.1)
    await press(pilot, "escape")
    await until(pilot, lambda: isinstance(app.screen, EvaluationScreen))
    await press(pilot, "f", "f", "f", "P", "N", "e")
    await until(pilot, lambda: app.screen.query_one("#said").display)
    await press(pilot, "enter")
    await until(pilot, lambda: isinstance(app.screen, SettingsForm))
    form_of(app).put("problems", app.session.choice.source)
    await press(pilot, "enter")
    await until(pilot, lambda: isinstance(app.screen, EvaluationScreen))
    await press(pilot, "escape")
    await until(pilot, lambda: not isinstance(app.screen, EvaluationScreen))


def write_hostile_runs(words: str) -> None:
    """Runs whose every string is `words`, and what is none."""
    # A file name has no slash and no NUL, and of the surrogates those that stand for a byte.
    name = re.sub("[\ud800-\udfff]", "\udcff", re.sub("[/\0]", "-", words[:50]))
    shutil.rmtree(runs_home(), ignore_errors=True)
    folder = write_run(
        f"{name}1",
        checkpoints=[1, 2],
        steps=9,
        settings=TrainSettings(problems=f"x{words}"),
        model=replace(MODEL, source=words, name=words, architecture=words, fingerprint=words),
        parent=Parent(words, 1),
        failure=words,
    )
    described = replace(
        read_run(folder),
        started=words,
        data=DataIdentity(words, 3, words),
        versions={words: words},
    )
    write_json(folder / RUN_FILE, described)
    (runs_home() / f"{name}2").mkdir()
    folder = write_run(f"{name}3")
    (folder / "run.json").write_text(json.dumps({words: words}))


async def visit_runs(app: TuiTrainer, pilot: Pilot[int]) -> None:
    """Each row, and each dialog over it."""
    await press(pilot, "6")
    screen = app.screen
    assert isinstance(screen, RunsScreen)
    await until(pilot, lambda: len(screen.listed) == 3)
    screen.query_one("#runs", LineTable).cursor = 0
    for key, dialog in (
        ("enter", RunDetails),
        ("r", CheckpointPicker),
        ("x", Entry),
        ("d", QuestionDialog),
    ):
        await press(pilot, key)
        await until(pilot, lambda dialog: isinstance(app.screen, dialog), dialog)
        await pilot.pause(0.1)
        await press(pilot, "escape")
    await press(pilot, "space")
    for _ in range(3):
        await press(pilot, "down", "d")
        await pilot.pause(0.1)
        await press(pilot, "escape")


def test_half_of_a_pair_is_told_as_any_character_is() -> None:
    parts = tuple(Token(n, n, "\ufffd", bytes((0xED + n,)), 0, 1) for n in range(2))
    assert "part 1 of 2 of" in explain_token(Tokenized("\udfef", parts), 0)


@pytest.mark.long
@pytest.mark.timeout(1200)  # eight visits of every screen
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.generate],  # an example takes a second: shrinking would take an hour
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(words=st.lists(hostile, min_size=3, max_size=6).map(" ".join))
def test_nothing_raw_reaches_the_terminal(terminal_output: list[str], words: str) -> None:
    check(terminal_output, words)


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "words", ["".join(ATTACKS[:-1]), pytest.param(ATTACKS[-1], marks=pytest.mark.long)]
)
def test_known_attacks_reach_nothing(terminal_output: list[str], words: str) -> None:
    check(terminal_output, words)


def check(terminal_output: list[str], words: str) -> None:
    terminal_output.clear()
    write_hostile_runs(words)
    asyncio.run(visit_everything(words))
    written = "".join(terminal_output)
    assert "GSM8K" in written
    assert "\x1b]52" not in written
    assert "\x1b[2J" not in written
    shown = OWN_SEQUENCE.sub("", written)
    assert not FORBIDDEN.findall(shown)
