"""A scripted engine for tests of screens: the methods of Engine, no torch, no model."""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from tui_trainer.errors import InputError
from tui_trainer.reports.bench_result import BenchReport, BenchResult
from tui_trainer.reports.evaluated_items import Answer, Ending, EvaluatedItem
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.exported_script import ExportReport
from tui_trainer.reports.generation import GeneratedToken, Inspection, SamplingStep
from tui_trainer.reports.items import ItemTokens
from tui_trainer.reports.labelled_logits import CrossEntropyReport, LabelledLogits
from tui_trainer.reports.loop import LoopCost, LoopReport, MemoryEstimate, StopReport
from tui_trainer.reports.models import DeviceReport, LearnerStatus, ModelOption, ModelReport
from tui_trainer.reports.moved import LayerMoved, MovedReport
from tui_trainer.reports.phases import PhaseReport
from tui_trainer.reports.predictions import Candidate, PassesReport, Position, Prediction
from tui_trainer.reports.probes import ProbeReading, ProbeReport, ProbeStart
from tui_trainer.reports.problem import Problem, format_problem
from tui_trainer.reports.rows import IGNORED, MASKED, BatchRow, Sight, StepRows
from tui_trainer.reports.runs import CheckpointReport, StoppedRun
from tui_trainer.reports.steps import ItemReport, RowPart, StepReport
from tui_trainer.reports.tokens import Batch, Token, Tokenized, TokenizerReport, VocabularyEntry
from tui_trainer.reports.updates import UpdateCost, UpdateReport
from tui_trainer.runs.benches import keeping
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.cell import CellSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings

GRAD_NORM = 2.0
GATE_SECONDS = 30.0  # a test that forgets a gate fails, and does not hang
MODEL = ModelReport(
    name="fake",
    architecture="FakeForCausalLM",
    parameters=1_000,
    device="cpu",
    precision="fp32",
    context=64,
    vocabulary=256,
    dropout=0.0,
    load_seconds=0.01,
)
ITEM = ("Question", ":", " 2", " +", " 2", "?", "\n", "Answer", ":", " 4")


def evaluated_item(n: int, answer: str, settings: EvaluationSettings) -> EvaluatedItem:
    """Item `n` of the scripted problems, which expects n + 1; every third answer is cut."""
    question = f"{settings.problems}: how many is {n} + 1?"
    ending = Ending.BUDGET if n % 3 == 2 else Ending.END_OF_TEXT
    prompt = f"Question: {question}\nAnswer:"
    return EvaluatedItem(n, question, f"#### {n + 1}", prompt, Answer(answer, ending, 7))


def row_of(texts: Sequence[str], losses: Sequence[float | None], tokens: int) -> BatchRow:
    """A row of one item of so many tokens, and padding after it."""
    ids = tuple(ord(text[:1] or " ") % 256 for text in texts)
    left = len(ids) - tokens
    parts = (RowPart(0, tokens), *((RowPart(None, left),) if left else ()))
    seen = tuple(range(1, len(ids) + 1))
    sight = Sight("", (0,) * len(ids), seen, tuple((1,) * len(parts) for _ in parts))
    labels = (*ids[1:tokens], *(IGNORED,) * (left + 1))
    return BatchRow(0, ids, tuple(texts), None, None, labels, tuple(losses), parts, (sight,))


class FakeEngine:
    """Steps have the losses of the script, a loss that is an exception is raised there.

    Characters are tokens. With `gated` each step waits for one `gate.release()`.
    """

    def __init__(
        self,
        losses: Sequence[float | Exception] = (4.0, 3.0, 2.0, 1.0),
        *,
        gated: bool = False,
        item: Sequence[str] = ITEM,
        seconds: float = 0.1,
        change: Callable[[StepReport], StepReport] = lambda report: report,
        refuse: Exception | None = None,
        between: Callable[[int], Sequence[LoopReport]] = lambda step: (),
        answers: Sequence[Sequence[str | Exception]] = (),
    ) -> None:
        self._losses = losses
        self._item = tuple(item)
        self._seconds = seconds
        self._change = change
        self._refuse = refuse
        """Raised where a loop is to begin."""
        self._between = between
        """What is reported after so many steps, before the next one."""
        self._answers = list(answers)
        """Of each evaluation in turn, an answer an item; an exception is raised there."""
        self.evaluated_with: list[EvaluationSettings] = []
        self.gate = threading.Semaphore(0)
        self._gated = gated
        self.trained_with: list[TrainSettings] = []
        """The settings of every loop that began."""
        self.resumes_at_lr: float | None = None
        """The learning rate that a checkpoint gives back; None for that of the settings."""
        self._peak_lr = 0.0
        self.checkpoints: list[int] = []
        """The steps at which one was asked for."""
        self.refuse_checkpoint: Exception | None = None
        self.exports: list[tuple[str, bool]] = []
        """The files that were to be written, and whether what is there may be overwritten."""
        self.existing: tuple[str, ...] = ()
        """Files that an export finds."""
        self.refuse_export: Exception | None = None
        self.resumed: list[str] = []
        """The checkpoints that a loop was resumed from."""
        self._first = 1
        self._step = 0
        self._run: str | None = None
        self._choice = ModelChoice()
        self._sampling = Sampling()
        self.pace: float | None = None
        """Tokens a second, as a loop was measured."""
        self.update_seconds: float | None = None
        """Of an update on Step, as it was measured."""
        self.benched_with: list[tuple[ModelChoice, BenchSettings]] = []
        self.bench_result: BenchResult | None = None
        """What comes of a bench."""
        self.benches_closed = 0
        self.reloads = 0
        self.short_of_memory = ""
        """What an update says that it gives up."""
        self.inspected = 0
        self.lost: tuple[type[Exception], ...] = ()
        """The errors after which its device does nothing more."""
        self._status = LearnerStatus(MODEL, 0, 1e-5, "AdamW", True)

    # What there is

    def devices(self) -> list[DeviceReport]:
        return [DeviceReport("cpu", "CPU", 8_000_000_000, 16_000_000_000)]

    def models(self) -> list[ModelOption]:
        return [ModelOption("fake", "scripted", 4_000)]

    def status(self) -> LearnerStatus | None:
        return self._status

    def recovers_from(self, error: BaseException) -> bool:
        return not isinstance(error, self.lost)

    # Load

    def load_tokenizer(self, source: str) -> TokenizerReport:
        return TokenizerReport(source, MODEL.vocabulary)

    def load_model(self, choice: ModelChoice) -> LearnerStatus:
        self._choice = choice
        return self._become(
            replace(self._status, model=replace(MODEL, name=choice.source), updates=0, unsaved=0)
        )

    def reload(self) -> LearnerStatus:
        self.reloads += 1
        return self._become(replace(self._status, updates=0, unsaved=0))

    def _become(self, status: LearnerStatus) -> LearnerStatus:
        self._status = status
        return status

    def _count_update(self) -> LearnerStatus:
        now = self._status
        return self._become(replace(now, updates=now.updates + 1, unsaved=now.unsaved + 1))

    # Tokens

    def tokenize(self, text: str, source: str) -> Tokenized:
        tokens = (
            Token(n, ord(c) % 256, c, c.encode(errors="replace"), n, n + 1)
            for n, c in enumerate(text)
        )
        return Tokenized(text, tuple(tokens))

    def batch(self, texts: tuple[str, ...], padding_side: str, source: str) -> Batch:
        longest = max(map(len, texts), default=0)
        rows = [[ord(c) % 256 for c in text] for text in texts]
        masks = [[1] * len(row) for row in rows]
        pads = [[0] * (longest - len(row)) for row in rows]
        left = padding_side == "left"

        def padded(items: list[list[int]]) -> tuple[tuple[int, ...], ...]:
            pairs = zip(items, pads, strict=True)
            return tuple(tuple(pad + item if left else item + pad) for item, pad in pairs)

        return Batch(padded(rows), padded(masks), 0, "\0", padding_side)

    def item(
        self, index: int, problem: Problem, settings: TrainSettings, source: str
    ) -> ItemTokens:
        text = format_problem(problem)
        first = text.index("Answer:") + len("Answer:")
        return ItemTokens(
            problem=index,
            text=text,
            ids=tuple(ord(c) % 256 for c in text),
            token_texts=tuple(text),
            answer_start=first,
            first_counted=first if settings.answer_only else 1,
            truncated=False,
        )

    def vocabulary(self, source: str, first: int, count: int) -> tuple[VocabularyEntry, ...]:
        ids = range(first, min(first + count, 256))
        return tuple(VocabularyEntry(i, chr(i), chr(i).encode()) for i in ids)

    def text_rows(self, texts: tuple[str, ...], padding_side: str, source: str) -> StepRows:
        batch = self.batch(texts, padding_side, source)
        rows = [
            row_of([chr(i) for i in ids], [None] * len(ids), len(texts[0]))
            for ids in batch.input_ids
        ]
        return StepRows(None, tuple(rows), len(rows), 1, len(texts[0]), MASKED)

    # Predict and update

    def predict(self, text: str, top: int = 5) -> Prediction:
        positions = tuple(self._position(text, n) for n in range(len(text)))
        shape = (1, len(text))
        return Prediction(text, shape, (*shape, MODEL.vocabulary), self._loss(), positions)

    def _loss(self) -> float:
        return 5.0 / (1 + self._status.updates)

    def _position(self, text: str, n: int) -> Position:
        following = text[n + 1] if n + 1 < len(text) else None
        expected = (
            None if following is None else Candidate(ord(following) % 256, following, 0.25, 1.0)
        )
        guess = Candidate(32, " ", 0.5, 1.0 + math.log(2))
        loss = None if expected is None else self._loss()
        rank = None if expected is None else 2
        return Position(n, ord(text[n]) % 256, text[n], expected, loss, 1.5, (guess,), rank, 1.0)

    def cross_entropy(self, question: LabelledLogits) -> CrossEntropyReport:
        total = math.log(sum(math.exp(logit) for logit in question.logits))
        log_p = tuple(logit - total for logit in question.logits)
        p = tuple(map(math.exp, log_p))
        gradient = tuple(q - (n == question.label) for n, q in enumerate(p))
        return CrossEntropyReport(
            question=question,
            probabilities=p,
            probability_sum=sum(p),
            log_probabilities=log_p,
            loss=-log_p[question.label],
            log_sum_exp=total,
            perplexity=math.exp(-log_p[question.label]),
            p_minus_onehot=gradient,
            gradient=gradient,
            gradient_sum=sum(gradient),
        )

    def inspect(
        self, text: str, generated: tuple[int, ...], index: int, sampling: Sampling, top: int = 50
    ) -> Inspection:
        if not text:
            raise InputError("The text is empty: type at least one token.")
        self.inspected += 1
        prediction = self.predict(text + self._written(generated))
        position = prediction.positions[min(index, len(prediction.positions) - 1)]
        names = "softmax", "temperature", "top-k", "top-p"
        steps = tuple(SamplingStep(name, 256, position.top) for name in names)
        token = self.next_token(text, generated, sampling)
        return Inspection(prediction, position, steps, token, self._written(generated))

    def next_token(
        self, text: str, generated: tuple[int, ...], sampling: Sampling
    ) -> GeneratedToken:
        """The letters of the alphabet one after another; z ends the text."""
        count, draw = len(generated), None if sampling.greedy else 0.5
        letter = chr(ord("a") + count)
        return GeneratedToken(len(text) + count, ord(letter), letter, 0.5, draw, letter == "z")

    def generate(
        self,
        text: str,
        generated: tuple[int, ...],
        sampling: Sampling,
        limit: int,
    ) -> Iterator[GeneratedToken]:
        if self._refuse is not None:
            raise self._refuse
        self._sampling = sampling
        return self._tokens(text, generated, limit)

    def set_sampling(self, sampling: Sampling) -> None:
        self._sampling = sampling

    def _tokens(
        self,
        text: str,
        generated: tuple[int, ...],
        limit: int,
    ) -> Iterator[GeneratedToken]:
        for _ in range(limit):
            self._pass_gate()
            token = self.next_token(text, generated, self._sampling)
            generated = (*generated, token.id)
            yield token
            if token.ends:
                return

    def _written(self, generated: tuple[int, ...]) -> str:
        return "".join(map(chr, generated))

    def update(self, text: str) -> UpdateReport:
        before, loss = self.predict(text), self._loss()
        status = self._count_update()
        return UpdateReport(
            update=status.updates,
            text=text,
            loss=loss,
            grad_norm=1.25,
            lr=status.lr,
            optimizer=status.optimizer,
            training=status.training,
            moved=None if self.short_of_memory else 900,
            parameters=MODEL.parameters,
            before=before,
            after=self.predict(text),
            seconds=self._seconds,
            note=self.short_of_memory,
        )

    def undo(self) -> LearnerStatus:
        return self._become(replace(self._status, updates=self._status.updates - 1))

    def redo(self) -> LearnerStatus:
        return self._count_update()

    def set_undo_budget(self, budget: int | None) -> LearnerStatus:
        history = replace(self._status.history, budget=budget or 0, is_usual=budget is None)
        return self._become(replace(self._status, history=history))

    def phase(self, name: str | None, text: str) -> PhaseReport:
        return replace(self.phase_report(), phase=name, text=text)

    def fork(self, text: str) -> tuple[UpdateReport, ...]:
        status = self._status
        outcomes = []
        for factor in (1 / 3, 1.0, 3.0):
            outcomes.append(self.update_at(text, status.lr * factor))
            self._status = status
        return tuple(outcomes)

    def update_at(self, text: str, lr: float) -> UpdateReport:
        self._become(replace(self._status, lr=lr))
        return self.update(text)

    def updates(self, text: str) -> Iterator[UpdateReport]:
        while True:
            yield self.update(text)

    def export_name(self) -> str:
        if not self._status.updates:
            raise InputError("Nothing was done.")
        return "fake-steps.py"

    def export(self, line: str, *, overwrite: bool = False) -> ExportReport:
        self.exports.append((line, overwrite))
        if self.refuse_export is not None:
            raise self.refuse_export
        existing = () if overwrite else self.existing
        files = () if existing else (line, line.replace(".py", "-problems.jsonl"))
        return ExportReport(line, files, existing, ("A note.",))

    def prepare_undo(self) -> None:
        pass

    def phase_report(self) -> PhaseReport:
        return PhaseReport(
            phase=None,
            next="forward",
            words="Nothing has run yet.",
            text=None,
            logits_shape=None,
            graph=0,
            loss=None,
            grad_norm=None,
            gradients=(),
            moved=None,
            parameters=MODEL.parameters,
            moments=(),
            update=self._status.updates,
        )

    def moved(self) -> MovedReport:
        layers = LayerMoved("layers.0", 600, 540, 0.5, 10.0), LayerMoved("norm", 400, 0, 0.0, 5.0)
        return MovedReport(self._status.updates, MODEL.precision, layers)

    def follow_probes(self, texts: tuple[str, ...]) -> None:
        pass

    def probe(self, texts: tuple[str, ...]) -> tuple[ProbeReport, ...]:
        likeliest = Candidate(32, " ", 0.5, 1.0)
        start = ProbeStart(0, 5.0, likeliest)
        now = ProbeReading(self._loss(), likeliest, 0.25)
        return tuple(ProbeReport(text, start, now) for text in texts)

    def set_lr(self, lr: float) -> LearnerStatus:
        return self._become(replace(self._status, lr=lr))

    def set_optimizer(self, name: str) -> LearnerStatus:
        return self._become(replace(self._status, optimizer=name))

    def set_training(self, training: bool) -> LearnerStatus:
        return self._become(replace(self._status, training=training))

    def set_dropout(self, p: float | None) -> LearnerStatus:
        dropout = self._status.model.dropout if p is None else p
        return self._become(replace(self._status, dropout=dropout, own_dropout=p is None))

    def passes(self, text: str) -> PassesReport:
        if not text:
            raise InputError("The text is empty: type at least one token.")
        passed = self.predict(text)
        other = replace(passed, loss=self._loss() + self._status.dropout)
        return PassesReport((passed, other), (passed, passed), self._status.dropout, "Dropped.")

    # Loop

    def train(
        self, settings: TrainSettings, *, record: bool = False, job: str = ""
    ) -> Iterator[LoopReport]:
        if self._refuse is not None:
            raise self._refuse
        self.trained_with.append(settings)
        self._peak_lr = settings.lr
        self._step, self._first = 0, 1
        self._run = f"2026-01-01-fake-{len(self.trained_with)}" if record else None
        return self._steps(settings)

    def resume(
        self, checkpoint: str, settings: TrainSettings, *, record: bool = False, job: str = ""
    ) -> Iterator[LoopReport]:
        """The steps after the checkpoint's, which its name tells."""
        reports = self.train(settings, record=record)
        self.resumed.append(checkpoint)
        self._first = int(checkpoint.rpartition("-")[2]) + 1
        self._peak_lr = self.resumes_at_lr or settings.lr
        return reports

    def update_cost(self, text: str, settings: CellSettings) -> UpdateCost:
        one = 3_000_000 if settings.optimizer == "AdamW" else 1_000_000
        budget = 9_000_000 if settings.undo_memory is None else settings.undo_memory
        return UpdateCost(2 * one, 5_000_000_000, one, budget)

    def loop_cost(self, settings: TrainSettings) -> LoopCost:
        steps = settings.items * settings.epochs
        return LoopCost(
            *(self.memory_estimate(), steps, 100 * steps, self.pace),
            update_seconds=self.update_seconds,
        )

    def memory_estimate(self) -> MemoryEstimate:
        return MemoryEstimate(310_000_000, 7_900_000_000)

    def save(self) -> CheckpointReport | None:
        if not self._status.unsaved:
            return None
        report = self._save_checkpoint()
        self._become(replace(self._status, unsaved=0))
        return report

    def _save_checkpoint(self) -> CheckpointReport:
        if self.refuse_checkpoint is not None:
            raise self.refuse_checkpoint
        self.checkpoints.append(self._step)
        return self._checkpoint()

    def _checkpoint(self, failure: str | None = None) -> CheckpointReport:
        step = self._step
        return CheckpointReport(str(self._run), f"step-{step:06}", step, 25_700_000, 0.25, failure)

    def stopped_run(self) -> StoppedRun | None:
        """Of the last run with a checkpoint, all in its memory."""
        if self._run is None or not self.checkpoints or self._step == len(self._losses):
            return None
        saved = self.checkpoints[-1]
        folder = f"/runs/{self._run}"
        return StoppedRun(
            self._run, folder, self._step, saved, saved == self._step, "auto", remote_code=False
        )

    def _pass_gate(self) -> None:
        if self._gated and not self.gate.acquire(timeout=GATE_SECONDS):
            raise TimeoutError("no test opened the gate")

    def _steps(self, settings: TrainSettings) -> Iterator[LoopReport]:
        steps = list(enumerate(self._losses, start=1))
        for step, loss in steps[self._first - 1 :]:
            for report in self._between(step - 1):
                yield report
                if isinstance(report, StopReport):
                    return
            self._pass_gate()
            if isinstance(loss, Exception):
                raise loss
            self._count_update()
            self._step = step
            due = settings.checkpoint_every and step % settings.checkpoint_every == 0
            due = due or (settings.checkpoint_at_end and step == len(self._losses))
            if due:
                self._become(replace(self._status, unsaved=0))
            yield self._change(
                StepReport(
                    step=step,
                    steps=len(self._losses),
                    loss=loss,
                    grad_norm=GRAD_NORM,
                    tokens=len(self._item),
                    positions=len(self._item),
                    lr=self._peak_lr,
                    peak_lr=self._peak_lr,
                    seconds=self._seconds,
                    items=len(self._losses),
                    item=self._report_item(step - 1, loss),
                    best=self._report_item(1000, 0.5),
                    worst=self._report_item(2000, 9.5),
                    truncated=0,
                    memory_bytes=123_400_000,
                    updates=self._status.updates,
                    run=self._run,
                    checkpoint=self._checkpoint() if due else None,
                    clipped=settings.clip is not None and settings.clip < GRAD_NORM,
                )
            )

    def evaluate(self, settings: EvaluationSettings) -> Iterator[EvaluationReport]:
        if self._refuse is not None:
            raise self._refuse
        self.evaluated_with.append(settings)
        return self._evaluate(settings, self._answers.pop(0))

    def _evaluate(
        self, settings: EvaluationSettings, answers: Sequence[str | Exception]
    ) -> Iterator[EvaluationReport]:
        """Two items a batch, each batch behind the gate; item n is to be answered with n + 1."""
        items: tuple[EvaluatedItem, ...] = ()
        status, seconds = self._status, 0.0
        for start in range(0, len(answers), 2):
            self._pass_gate()
            for n, answer in enumerate(answers[start : start + 2], start=start):
                if isinstance(answer, Exception):
                    raise answer
                items += (evaluated_item(n, answer, settings),)
            seconds += 0.5
            yield EvaluationReport(
                settings=settings,
                model=status.model.name,
                updates=status.updates,
                total=len(answers),
                items=items,
                batch_done=0.0,
                tokens=7 * len(items),
                seconds=seconds,
            )

    def bench(self, settings: BenchSettings) -> Iterator[BenchReport]:
        if self._refuse is not None:
            raise self._refuse
        self.benched_with.append((self._choice, settings))
        return keeping(self._bench())

    def _bench(self) -> Iterator[BenchReport]:
        """Two loops in two rounds, each run behind the gate."""
        report = BenchReport(0, 4, 0, 2, "", 0.0)
        try:
            for run in range(1, 5):
                loop = ("notebook", "tuned")[run % 2 - 1]
                yield replace(report, run=run, round=(run + 1) // 2, loop=loop, seconds=0.5)
                self._pass_gate()
            yield replace(report, run=4, round=2, result=self.bench_result)
        finally:
            self.benches_closed += 1

    def rows(self, settings: TrainSettings | None = None, made: int = 0) -> StepRows:
        """One item, as every step has it."""
        losses = None if settings is not None else self._losses[self._step - 1]
        each: list[float | None] = [None] * len(self._item)
        if isinstance(losses, float):
            each = [*[losses] * (len(self._item) - 1), None]
        row = row_of(self._item, each, len(self._item))
        counted = len(self._item) - 1
        summed = None if losses is None else row.summed
        step = made + 1 if losses is None else self._step
        loss = losses if isinstance(losses, float) else None
        return StepRows(step, (row,), 1, 1, counted, MASKED, summed, loss)

    def training_lr(self) -> float:
        return self._peak_lr

    def set_training_lr(self, lr: float) -> None:
        self._peak_lr = lr

    def _report_item(self, problem: int, loss: float) -> ItemReport:
        losses = (None, *(0.25 * n for n in range(1, len(self._item))))
        text = "".join(self._item)
        return ItemReport(problem, text, self._item, losses, len(losses) - 1, loss, False)
