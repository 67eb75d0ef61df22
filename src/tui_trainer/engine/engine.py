"""The engine: all that the app and the headless commands can ask for, in one object."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch

from tui_trainer.engine.bench.turns import installed_loops, run_bench
from tui_trainer.engine.cell.cross_entropy import cross_entropy
from tui_trainer.engine.cell.fork import fork, update_at
from tui_trainer.engine.cell.moved import which_moved
from tui_trainer.engine.cell.passes import passes
from tui_trainer.engine.cell.phases import TrainingCell
from tui_trainer.engine.cell.probes import Probes
from tui_trainer.engine.cell.update import update
from tui_trainer.engine.data.examples import Example, make_examples
from tui_trainer.engine.data.items import read_item
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.export.files import export_name
from tui_trainer.engine.export.origin import Origin, check_origin, find_origin
from tui_trainer.engine.export.write import export
from tui_trainer.engine.generation.evaluate import evaluate, load_held_out
from tui_trainer.engine.generation.generate import (
    check_room,
    continuation,
    generate,
    inspect,
    next_token,
)
from tui_trainer.engine.generation.predict import predict
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.checkpoint import restore_training
from tui_trainer.engine.loop.held_out import HeldOut, hold_out
from tui_trainer.engine.loop.loss_pass import computes_otherwise
from tui_trainer.engine.loop.memory_estimate import check_memory
from tui_trainer.engine.loop.recording import Recording, check_resumable
from tui_trainer.engine.loop.saved_model import save_model
from tui_trainer.engine.loop.train import train
from tui_trainer.engine.loop.training_state import TrainingState, begin_training, describe_loop
from tui_trainer.engine.models.devices import (
    choose_device,
    choose_precision,
    free_memory,
    list_devices,
)
from tui_trainer.engine.models.garbage import pass_over_what_was_imported
from tui_trainer.engine.models.loading import (
    count_weights,
    load_config,
    load_model,
    load_vocabulary,
)
from tui_trainer.engine.models.model_report import embedding_rows, report_model
from tui_trainer.engine.models.quiet import silence_libraries
from tui_trainer.engine.models.sources import FilesIdentity, Source, find_source, local_models
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.engine.optimizers.state import state_bytes
from tui_trainer.engine.ways.model_checks import check_causal
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import REDO, UNDO, UPDATE, Action, Done, Loop
from tui_trainer.reports.bench_result import BenchReport
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.exported_script import ExportReport
from tui_trainer.reports.generation import GeneratedToken, Inspection
from tui_trainer.reports.items import ItemTokens
from tui_trainer.reports.labelled_logits import CrossEntropyReport, LabelledLogits
from tui_trainer.reports.loop import LoopReport, MemoryEstimate
from tui_trainer.reports.models import DeviceReport, LearnerStatus, LoadProgress, ModelOption
from tui_trainer.reports.moved import MovedReport
from tui_trainer.reports.phases import PhaseReport
from tui_trainer.reports.predictions import PassesReport, Prediction
from tui_trainer.reports.probes import ProbeReport
from tui_trainer.reports.problem import Problem
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.runs import CheckpointReport, RunReport, SavedReport, StoppedRun
from tui_trainer.reports.tokens import Batch, Tokenized, TokenizerReport
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.runs.benches import check_benches_home, keeping
from tui_trainer.runs.checkpoint_check import check_checkpoint
from tui_trainer.runs.training_facts import TENSORS_FILE
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.train import (
    ModelChoice,
    Sampling,
    TrainSettings,
    check_budget,
)

RUN_IS_OPEN = "A run is being written from these weights: stop its loop first (5, s)."
NOTHING_DONE = "Nothing was done since the weights were loaded: make an update first."


class Engine:
    """Holds one Learner and the tokenizers in use; every method is called on one thread.

    Methods take and give plain values. Each raises InputError for what the user can mend.
    """

    def __init__(self, progress: Progress) -> None:
        silence_libraries()
        pass_over_what_was_imported()
        self._progress = progress
        self._learner: Learner | None = None
        self._cell: TrainingCell | None = None
        self._probes: Probes | None = None
        self._training: TrainingState | None = None
        self._recording: Recording | None = None
        self._memory: MemoryEstimate | None = None
        self._choice = ModelChoice()
        """What was asked for of the model that is loaded."""
        self._sampling = Sampling()
        """Of the generation that was begun last."""
        self._base_name = ""
        self._origin: Origin | None = None
        self._vocabularies: dict[str, tuple[FilesIdentity, Vocabulary]] = {}
        """By the model's name, each with the files that it was read from."""

    @property
    def learner(self) -> Learner:
        """The Learner; InputError while no model is loaded."""
        if self._learner is None:
            raise InputError("No model is loaded: press m and pick one.")
        return self._learner

    # What there is

    def devices(self) -> list[DeviceReport]:
        return list_devices()

    def models(self) -> list[ModelOption]:
        return local_models()

    def status(self) -> LearnerStatus | None:
        return self._learner.status if self._learner else None

    # Load

    def load_tokenizer(self, source: str) -> TokenizerReport:
        """Load the tokenizer of a model, without its weights, and keep it under that name."""
        files = find_source(source, self._progress, weights=False)
        vocabulary = self._read_vocabulary(files, ModelChoice(source))
        return TokenizerReport(source, len(vocabulary))

    def _read_vocabulary(self, files: Source, choice: ModelChoice) -> Vocabulary:
        """The one that is kept, where the files are as they were when it was read."""
        read_from = files.identity
        kept = self._vocabularies.get(choice.source)
        if kept is None or kept[0] != read_from:
            kept = self._vocabularies[choice.source] = read_from, load_vocabulary(files, choice)
        return kept[1]

    def load_model(self, choice: ModelChoice) -> LearnerStatus:
        """Load a model in the place of the present one, which stays where the load fails.

        Where memory has no room for both the present one goes first, and there is none where the
        load fails then. A cancel is heard at any moment of a download, then before and after the
        weights are read. InputError where a run is being written.
        """
        self._check_unwritten()
        started = time.perf_counter()
        source = find_source(choice.source, self._progress)
        self._progress.report(LoadProgress(f"Loading {source.name}"))
        config = load_config(source, choice)
        vocabulary = self._read_vocabulary(source, choice)
        device = choose_device(choice.device)
        precision = choose_precision(choice.precision, device, config)
        dtype = torch.bfloat16 if precision.startswith("bf16") else torch.float32
        self._progress.check()
        if self._learner is not None:
            self._make_room(count_weights(source, config) * dtype.itemsize, device)
        loaded = load_model(source, choice, config, dtype)
        self._progress.check()
        model = loaded.model
        model.to(device)  # type: ignore[arg-type]  # transformers wraps it and loses its self
        check_causal(model, source.name)
        seconds = time.perf_counter() - started
        vocabulary = vocabulary.fitted(embedding_rows(model))
        notes = (*loaded.notes, *vocabulary.notes)
        report = report_model(model, source.name, str(device), precision, seconds, notes)
        self._let_go()  # before the next one has its copy of the weights
        self._learner = Learner(model, vocabulary, report, source.updates)
        self._choice, self._base_name = choice, source.base_name
        self._origin = find_origin(
            source, choice, report, self._learner.setup.dropout.hooked, vocabulary.appended
        )
        self._cell = TrainingCell(self._learner)
        self._probes = Probes(self._learner)
        self._vocabularies[choice.source] = source.identity, vocabulary
        return self._learner.status

    def _make_room(self, size: int, device: torch.device) -> None:
        """Let the present model go where one of `size` bytes does not fit beside it."""
        # On the host the weights are twice, there and in the copy that `reload` takes them from.
        on_host = 2 * size <= free_memory(torch.device("cpu"))
        if not on_host or (device.type != "cpu" and size > free_memory(device)):
            self._progress.report(LoadProgress("Making room"))
            self._let_go()

    def _let_go(self) -> None:
        """Forget the present model and all that is kept of it; no cycle holds it."""
        self._learner = self._cell = self._probes = self._origin = None
        self._training = self._recording = self._memory = None

    def reload(self) -> LearnerStatus:
        """The loaded weights again, a fresh optimizer; InputError where a run is being written."""
        self._check_unwritten()
        self.learner.reload()
        self.probes.forget()
        return self.learner.status

    def _check_unwritten(self) -> None:
        """The run's next step, and its checkpoint, would be of other weights than it says."""
        if self._recording is not None and self._recording.is_open:
            raise InputError(RUN_IS_OPEN)

    # Tokens

    def tokenize(self, text: str, source: str) -> Tokenized:
        """The tokens of `text` by the tokenizer loaded under the name `source`."""
        return self._vocabulary(source).tokenize(text)

    def batch(self, texts: tuple[str, ...], padding_side: str, source: str) -> Batch:
        """Several texts as one batch, padded on the side `left` or `right`."""
        return self._vocabulary(source).batch(texts, padding_side)

    def item(
        self, index: int, problem: Problem, settings: TrainSettings, source: str
    ) -> ItemTokens:
        """What a loop would make of one item, by the tokenizer loaded under the name `source`."""
        context = self._learner.report.context if self._learner is not None else None
        return read_item(self._vocabulary(source), index, problem, settings, context)

    def _vocabulary(self, source: str) -> Vocabulary:
        if source not in self._vocabularies:
            self.load_tokenizer(source)
        return self._vocabularies[source][1]

    # Predict and update

    def predict(self, text: str, top: int = 5) -> Prediction:
        return predict(self.learner, text, top)

    def cross_entropy(self, question: LabelledLogits) -> CrossEntropyReport:
        """The loss of a row of logits and its gradient; needs no model."""
        return cross_entropy(question)

    def inspect(
        self, text: str, generated: tuple[int, ...], index: int, sampling: Sampling, top: int = 50
    ) -> Inspection:
        """A forward pass over `text` and the tokens `generated` after it, opened at `index`."""
        return inspect(self.learner, text, generated, index, sampling, top)

    def next_token(
        self, text: str, generated: tuple[int, ...], sampling: Sampling
    ) -> GeneratedToken:
        return next_token(self.learner, text, generated, sampling)

    def generate(
        self,
        text: str,
        generated: tuple[int, ...],
        sampling: Sampling,
        limit: int,
    ) -> Iterator[GeneratedToken]:
        """At most `limit` tokens, one for each `next`; refuses now what cannot be continued."""
        check_room(self.learner, text, generated)
        self._sampling = sampling
        return generate(self.learner, text, generated, lambda: self._sampling, limit)

    def set_sampling(self, sampling: Sampling) -> None:
        """Other settings for the generation that goes, from its next token on."""
        self._sampling = sampling

    def continuation(self, text: str, generated: tuple[int, ...]) -> str:
        """The text of the tokens `generated` after `text`."""
        return continuation(self.learner, text, generated)

    def update(self, text: str) -> UpdateReport:
        """One run of the training cell on `text`."""
        return self._noted(update(self.learner, text))

    def updates(self, text: str) -> Iterator[UpdateReport]:
        """One update for each `next`, without end; settings may change between two."""
        while True:
            yield self.update(text)

    def fork(self, text: str) -> tuple[UpdateReport, ...]:
        """What an update would do at lr / 3, lr and 3 lr; leaves everything as it was."""
        return fork(self.learner, text)

    def update_at(self, text: str, lr: float) -> UpdateReport:
        """An update at another learning rate, which stays."""
        return self._noted(update_at(self.learner, text, lr))

    def undo(self) -> LearnerStatus:
        """Take the last update back, bit for bit; InputError where there is none."""
        self._note(UNDO, self.learner.history.undo())
        return self.learner.status

    def redo(self) -> LearnerStatus:
        """Make the update that was taken back again, to the same bits."""
        self._note(REDO, self.learner.history.redo())
        return self.learner.status

    def _noted(self, report: UpdateReport) -> UpdateReport:
        self._note(UPDATE, self.learner.action(UPDATE, report.text), report.loss)
        return report

    def _note(self, what: str, action: Action, loss: float | None = None) -> None:
        """A run that is open has this update on its weights: it is to say so."""
        if self._recording is not None:
            self._recording.note(what, action, loss)

    def prepare_undo(self) -> None:
        """Copy ahead of the next update what undo needs; for when nobody waits."""
        self.learner.history.copy_ahead()

    def set_undo_budget(self, budget: int) -> LearnerStatus:
        """How many bytes undo may take; 0 keeps nothing."""
        self.learner.history.set_budget(check_budget(budget))
        return self.learner.status

    def moved(self) -> MovedReport:
        """Which weights the last update moved, layer by layer."""
        return which_moved(self.learner)

    @property
    def probes(self) -> Probes:
        """The probes of this model; InputError while none is loaded."""
        if self._probes is None:
            raise InputError("No model is loaded: press m and pick one.")
        return self._probes

    def follow_probes(self, texts: tuple[str, ...]) -> None:
        """Measure now, once, those of `texts` that are new: what comes is compared with this."""
        self.probes.follow(texts)

    def probe(self, texts: tuple[str, ...]) -> tuple[ProbeReport, ...]:
        """The loss and the next token of each of `texts`, then and now."""
        return self.probes.report(texts)

    def actions(self) -> tuple[Done, ...]:
        """What was done since the weights were loaded, in order."""
        return self.learner.history.actions

    def export_name(self) -> str:
        """A file name for `export`; InputError where there is nothing that it could write."""
        self._check_export()
        return export_name(self.learner.report.name)

    def export(self, line: str, *, overwrite: bool = False) -> ExportReport:
        """Write what was done since the weights were loaded, as a script or a notebook.

        `line` names the file as `read_target` takes it. Where one of the files is there already
        and `overwrite` is False nothing is written, and the report tells which.
        """
        origin, pad_id = self._check_export(), self.learner.vocabulary.pad_id
        return export(self.actions(), origin, pad_id, line, self._progress, overwrite=overwrite)

    def _check_export(self) -> Origin:
        if not self.actions():
            raise InputError(NOTHING_DONE)
        check_origin(self._choice.source, self.learner.report.precision)
        assert self._origin is not None  # there since the model is
        return self._origin

    @property
    def cell(self) -> TrainingCell:
        """The training cell phase by phase; InputError while no model is loaded."""
        if self._cell is None:
            raise InputError("No model is loaded: press m and pick one.")
        return self._cell

    def phase(self, name: str | None, text: str) -> PhaseReport:
        """Run one phase of the training cell, where None the next; forward reads `text`."""
        return self.cell.run(name, text)

    def phase_report(self) -> PhaseReport:
        """What the phases have made that is there now."""
        return self.cell.report()

    def set_lr(self, lr: float) -> LearnerStatus:
        self.learner.setup.set_lr(lr)
        return self.learner.status

    def set_optimizer(self, name: str) -> LearnerStatus:
        self.learner.setup.set_optimizer(name)
        return self.learner.status

    def set_training(self, training: bool) -> LearnerStatus:
        """Train mode (dropout on) or eval mode for the training cell."""
        self.learner.setup.training = training
        return self.learner.status

    def set_dropout(self, p: float) -> LearnerStatus:
        """The dropout probability of the training cell in train mode."""
        self.learner.set_dropout(p)
        return self.learner.status

    def passes(self, text: str) -> PassesReport:
        """Two forward passes in train mode and two in eval mode; nothing is changed by them."""
        return passes(self.learner, text)

    # Loop

    def train(self, settings: TrainSettings, *, record: bool = False) -> Iterator[LoopReport]:
        """Load the problems now; the loop's steps come from the generator returned.

        With `record` the loop is a run on disk.
        """
        examples, held_out, loop = self._load_items(settings)
        self._memory = check_memory(self.learner, examples, settings, self._spare_bytes())
        state = begin_training(self.learner, settings, loop)
        return self._begin(settings, examples, held_out, state, record)

    def resume(
        self, checkpoint: str, settings: TrainSettings, *, record: bool = False
    ) -> Iterator[LoopReport]:
        """Go on with the loop of a checkpoint, which is the model that is loaded.

        InputError where the checkpoint is damaged, the items are others, or no step is left.
        """
        folder = Path(checkpoint)
        self._check_loaded(folder)
        facts = check_checkpoint(folder, lambda name: name == TENSORS_FILE)
        examples, held_out, loop = self._load_items(settings)
        check_resumable(folder, facts, settings, examples)
        self._memory = check_memory(self.learner, examples, settings, self._spare_bytes())
        state = restore_training(folder, facts, self.learner, settings, loop)
        return self._begin(settings, examples, held_out, state, record, folder)

    def _load_items(self, settings: TrainSettings) -> tuple[list[Example], HeldOut, Loop]:
        """What the loop trains on, what it is measured with, and what is to be known of it."""
        learner = self.learner
        problems = load_problems(
            settings.problems, limit=settings.items, seed=settings.seed, progress=self._progress
        )
        vocabulary, context = learner.vocabulary, learner.report.context
        examples = make_examples(vocabulary, problems, settings, context)
        held_out = hold_out(vocabulary, settings, problems, context, self._progress)
        loop = describe_loop(problems, examples, settings, context)
        # Of the weights that the loop begins with, as what it looks at itself: they will move.
        apart = computes_otherwise(learner, examples, settings)
        return examples, held_out, replace(loop, apart=apart)

    def _spare_bytes(self) -> int:
        """What the loop before holds, and whatever else is given back where the next begins."""
        state = self._training.optimizer.state if self._training else {}
        weights, history = self.learner.weights, self.learner.history
        return weights.kept_bytes + history.bytes + state_bytes(state)

    def _check_loaded(self, checkpoint: Path) -> None:
        """The loop goes on from the checkpoint's weights and from no others."""
        if Path(self._choice.source) != checkpoint:
            raise InputError(f"Load the checkpoint {checkpoint} first: it is not the model.")
        if self.learner.updates:
            self.reload()

    def _begin(
        self,
        settings: TrainSettings,
        examples: list[Example],
        held_out: HeldOut,
        state: TrainingState,
        record: bool,
        resumed_from: Path | None = None,
    ) -> Iterator[LoopReport]:
        learner = self.learner
        recording = None
        if record:
            recording = Recording(learner, self._choice, settings, examples, state, resumed_from)
        # What was done before is the loop's base: an undo of it would change the loop's weights.
        learner.history.release_memory()
        self.cell.drop()  # a gradient left there would be added to those of the first step
        self._training, self._recording = state, recording
        reports = train(learner, examples, settings, state, held_out)
        return reports if recording is None else recording.follow(reports)

    def save(self) -> CheckpointReport | SavedReport | None:
        """Write the weights as they are now; None where every update is in a file already.

        A run that goes, or that left these weights, gets a checkpoint; others become a model of
        their own. InputError where they are not finite, or cannot be written.
        """
        learner = self.learner
        if not learner.history.unsaved:
            return None
        if self._recording is not None and self._recording.has_weights:
            return self._recording.checkpoint()
        return save_model(learner, self._base_name, self._choice.source)

    def memory_estimate(self) -> MemoryEstimate | None:
        """What the loop that was begun last will need; None before the first."""
        return self._memory

    def run(self) -> RunReport | None:
        """The run that the loop writes; None before its first step and after its end."""
        return None if self._recording is None else self._recording.report

    def stopped_run(self) -> StoppedRun | None:
        """The run begun last, where it made steps, has more to make and has a checkpoint."""
        return None if self._recording is None else self._recording.stopped

    def training_lr(self) -> float:
        """The learning rate that the schedule of the loop begun last multiplies now."""
        if self._training is None:
            raise InputError("No loop has been started: its settings have the learning rate.")
        return self._training.peak_lr

    def set_training_lr(self, lr: float) -> None:
        """Change the learning rate of the loop, from its next step on; a schedule scales it."""
        if self._training is None:
            raise InputError("No loop has been started: its settings have the learning rate.")
        self._training.set_lr(lr)

    # Evaluation

    def evaluate(self, settings: EvaluationSettings) -> Iterator[EvaluationReport]:
        """Load the problems now; the answers come from the generator returned."""
        learner = self.learner
        tested, shots = load_held_out(settings, self._progress)
        return evaluate(learner, tested, shots, settings)

    # Bench

    def bench(self, settings: BenchSettings) -> Iterator[BenchReport]:
        """The training loops side by side, each in a process of its own that loads the model anew.

        It is the one that is loaded, and the loops run on its device. Looks for the problems and
        for room on disk now. Closing the generator ends what measures.
        """
        choice = replace(self._choice, device=self.learner.report.device)
        load_problems(settings.problems, limit=1, progress=self._progress)
        check_benches_home()
        return keeping(run_bench(choice, settings, installed_loops()))
