"""The engine: all that the app and the headless commands can ask for, in one object."""

import time
from collections.abc import Iterator
from pathlib import Path

import torch

from tui_trainer.engine.bench.begin_bench import begin_bench
from tui_trainer.engine.cell.cross_entropy import cross_entropy
from tui_trainer.engine.data.items import read_item
from tui_trainer.engine.export.files import export_name
from tui_trainer.engine.export.write import export
from tui_trainer.engine.generation.begin_evaluation import begin_evaluation
from tui_trainer.engine.generation.generate import (
    check_context,
    continuation,
    generate,
    inspect,
    next_token,
)
from tui_trainer.engine.generation.predict import predict
from tui_trainer.engine.kept_memory import is_apart
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.auto_precision import choose_precision
from tui_trainer.engine.loop.text_rows import report_texts
from tui_trainer.engine.model_at_hand import take_in_hand
from tui_trainer.engine.models.determinism import fix_cublas, set_deterministic
from tui_trainer.engine.models.device_faults import recovers_from
from tui_trainer.engine.models.devices import choose_device, has_memory_for, list_devices
from tui_trainer.engine.models.garbage import pass_over_what_was_imported
from tui_trainer.engine.models.loading import count_weights, load_config, load_model, reading_again
from tui_trainer.engine.models.model_report import context_of, embedding_rows, report_model
from tui_trainer.engine.models.quiet import silence_libraries
from tui_trainer.engine.models.sources import find_source, local_models
from tui_trainer.engine.models.vocabularies import Vocabularies
from tui_trainer.engine.snapshot import as_read
from tui_trainer.engine.tf32 import set_tf32
from tui_trainer.engine.threads.share import Threads
from tui_trainer.engine.updating import Updating
from tui_trainer.engine.ways.model_checks import check_causal
from tui_trainer.engine.weights import Weights
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import Done
from tui_trainer.reports.bench_result import BenchReport
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.exported_script import ExportReport
from tui_trainer.reports.generation import GeneratedToken, Inspection
from tui_trainer.reports.items import ItemTokens
from tui_trainer.reports.labelled_logits import CrossEntropyReport, LabelledLogits
from tui_trainer.reports.loop import LoopCost, LoopReport, MemoryEstimate
from tui_trainer.reports.models import DeviceReport, LearnerStatus, LoadProgress, ModelOption
from tui_trainer.reports.predictions import Prediction
from tui_trainer.reports.problem import Problem
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.rows import StepRows
from tui_trainer.reports.runs import CheckpointReport, RunReport, SavedReport, StoppedRun
from tui_trainer.reports.tokens import Batch, Tokenized, TokenizerReport, VocabularyEntry
from tui_trainer.runs.held import hold
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import TF32, ModelChoice
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings


class Engine(Updating):
    """Holds one Learner and the tokenizers in use; every method is called on one thread, takes and
    gives plain values, and raises InputError for what the user can mend."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(Threads(progress.tell_threads))
        silence_libraries()
        pass_over_what_was_imported()
        self._progress = progress
        self._vocabularies = Vocabularies(progress)
        self._device: torch.device | None = None  # that a model was last put on, or tried
        self._sampling = Sampling()  # of the generation that was begun last

    # What there is

    def devices(self) -> list[DeviceReport]:
        return list_devices()

    def models(self) -> list[ModelOption]:
        return local_models()

    def status(self) -> LearnerStatus | None:
        return self._at_hand.learner.status if self._at_hand else None

    def recovers_from(self, error: BaseException) -> bool:
        """Whether more can be asked after `error`; else the device does nothing more."""
        return recovers_from(error, self._device)

    # Load

    def load_tokenizer(self, source: str) -> TokenizerReport:
        """Load the tokenizer of a model, without its weights, and keep it under that name."""
        return self._vocabularies.load(source)

    def load_model(self, choice: ModelChoice) -> LearnerStatus:
        """Load a model in the place of the present one, which stays where the load fails.

        Where memory has no room for both the present one goes first, and there is none where the
        load fails then. A cancel is heard at any moment of a download, then before and after the
        weights are read. InputError where a run is being written.
        """
        self._check_unwritten()
        started = time.perf_counter()
        if choice.deterministic:
            fix_cublas()
        source = find_source(choice.source, self._progress)
        held = hold(source.folder)  # until another is loaded
        self._progress.report(LoadProgress(f"Loading {source.name}"))
        config = load_config(source, choice)
        vocabulary = self._vocabularies.read(source, choice)
        chosen = choose_device(choice.device)
        self._device = device = chosen.device
        taken = choose_precision(choice.precision, device, config, code=choice.remote_code)
        precision, dtype = taken.name, taken.dtype
        self._progress.check()
        size = count_weights(source, config) * dtype.itemsize
        if self._at_hand is not None and not has_memory_for(size, device):
            self._progress.report(LoadProgress("Making room"))
            self._at_hand = None
        loaded = load_model(source, choice, config, dtype)
        self._progress.check()
        model = loaded.model
        read = as_read(Weights(model)) if is_apart(device) else None
        model.to(device)  # type: ignore[arg-type]  # transformers wraps it and loses its self
        check_causal(model, source.name)
        vocabulary = vocabulary.fitted(embedding_rows(model), context_of(model))
        seconds = time.perf_counter() - started
        notes = (*chosen.notes, *taken.notes, *loaded.notes, *vocabulary.notes)
        report = report_model(model, source.name, str(device), precision, seconds, notes)
        self._at_hand = None  # before the next one has its copy of the weights
        set_tf32(precision == TF32)
        set_deterministic(choice.deterministic)
        again = reading_again(source, choice, config, dtype)
        learner = Learner(model, vocabulary, report, source.updates, again, read)
        self._at_hand = take_in_hand(learner, choice, source, self._progress, self._threads, held)
        self._vocabularies.keep(source, choice, vocabulary)
        return learner.status

    def reload(self) -> LearnerStatus:
        """The loaded weights again, a fresh optimizer; InputError where a run is being written."""
        self._check_unwritten()
        self.learner.reload()
        self.at_hand.probes.forget()
        return self.learner.status

    def _check_unwritten(self) -> None:
        if self._at_hand is not None:
            self._at_hand.training.check_unwritten()

    # Tokens

    def tokenize(self, text: str, source: str) -> Tokenized:
        """The tokens of `text` by the tokenizer loaded under the name `source`."""
        return self._vocabularies.named(source).tokenize(text)

    def batch(self, texts: tuple[str, ...], padding_side: str, source: str) -> Batch:
        """Several texts as one batch, padded on the side `left` or `right`."""
        return self._vocabularies.named(source).batch(texts, padding_side)

    def vocabulary(self, source: str, first: int, count: int) -> tuple[VocabularyEntry, ...]:
        """The entries of a vocabulary by their IDs, `count` of them from `first` on."""
        return self._vocabularies.entries(source).read(first, count)

    def item(
        self, index: int, problem: Problem, settings: TrainSettings, source: str
    ) -> ItemTokens:
        """What a loop would make of one item, by the tokenizer loaded under the name `source`."""
        context = self._at_hand.learner.report.context if self._at_hand else None
        return read_item(self._vocabularies.named(source), index, problem, settings, context)

    def text_rows(self, texts: tuple[str, ...], padding_side: str, source: str) -> StepRows:
        """The rows of `batch` as the model gets them; the loaded one's attention, if `source`'s."""
        here = self._at_hand
        learner = here.learner if here and here.choice.source == source else None
        return report_texts(self._vocabularies.named(source), texts, padding_side, learner)

    # Predict

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
        self, text: str, generated: tuple[int, ...], sampling: Sampling, limit: int
    ) -> Iterator[GeneratedToken]:
        """At most `limit` tokens, one for each `next`; refuses now what cannot be continued."""
        check_context(self.learner, text, generated)
        self._sampling = sampling
        return generate(self.learner, text, generated, lambda: self._sampling, limit)

    def set_sampling(self, sampling: Sampling) -> None:
        """Other settings for the generation that goes, from its next token on."""
        self._sampling = sampling

    def continuation(self, text: str, generated: tuple[int, ...]) -> str:
        """The text of the tokens `generated` after `text`."""
        return continuation(self.learner, text, generated)

    # What was done

    def actions(self) -> tuple[Done, ...]:
        """What was done since the weights were loaded, in order."""
        return self.learner.history.actions

    def export_name(self) -> str:
        """A file name for `export`; InputError where there is nothing that it could write."""
        self.at_hand.origin_of_export()
        return export_name(self.learner.report.name)

    def export(self, line: str, *, overwrite: bool = False) -> ExportReport:
        """Write what was done since the weights were loaded, as a script or a notebook.

        `line` names it as `read_target` takes it. Where a file is there already and `overwrite` is
        False nothing is written, and the report tells which.
        """
        origin, pad_id = self.at_hand.origin_of_export(), self.learner.vocabulary.pad_id
        return export(self.actions(), origin, pad_id, line, self._progress, overwrite=overwrite)

    # Loop

    def train(
        self, settings: TrainSettings, *, record: bool = False, job: str = ""
    ) -> Iterator[LoopReport]:
        """Load the problems now; the loop's steps come from the generator returned.

        With `record` the loop is a run on disk, by which a `job` finds it again.
        """
        return self.at_hand.training.begin(settings, record=record, job=job)

    def resume(
        self, checkpoint: str, settings: TrainSettings, *, record: bool = False, job: str = ""
    ) -> Iterator[LoopReport]:
        """Go on with the loop of a checkpoint, which is the model that is loaded.

        InputError where the checkpoint is damaged, the items are others, or no step is left.
        """
        folder = Path(checkpoint)
        if Path(self.at_hand.choice.source) != folder:
            raise InputError(f"Load the checkpoint {folder} first: it is not the model.")
        if self.learner.updates:  # the loop goes on from the checkpoint's weights and no others
            self.reload()
        return self.at_hand.training.resume(folder, settings, record=record, job=job)

    def save(self) -> CheckpointReport | SavedReport | None:
        """Write the weights as they are now; None where every update is in a file already."""
        return self.at_hand.training.save()

    def loop_cost(self, settings: TrainSettings) -> LoopCost:
        """What a loop with these settings would take; it is not begun."""
        return self.at_hand.training.cost(settings)

    def memory_estimate(self) -> MemoryEstimate | None:
        """What the loop that was begun last will need; None before the first."""
        return self._at_hand.training.memory if self._at_hand else None

    def run(self) -> RunReport | None:
        """The run that the loop writes; None before its first step and after its end."""
        return self._at_hand.training.run if self._at_hand else None

    def stopped_run(self) -> StoppedRun | None:
        """The run begun last, where it made steps, has more to make and has a checkpoint."""
        return self._at_hand.training.stopped_run if self._at_hand else None

    def rows(self, settings: TrainSettings | None = None, made: int = 0) -> StepRows:
        """What the last step of a loop trained on; with `settings` their step after `made`."""
        return self.at_hand.training.rows(settings, made)

    def training_lr(self) -> float:
        """The learning rate that the schedule of the loop begun last multiplies now."""
        return self.at_hand.training.lr

    def set_training_lr(self, lr: float) -> None:
        """Change the learning rate of the loop, from its next step on; a schedule scales it."""
        self.at_hand.training.set_lr(lr)

    # Evaluation

    def evaluate(self, settings: EvaluationSettings) -> Iterator[EvaluationReport]:
        """Load the problems now; the answers come from the generator returned."""
        left_by = self.at_hand.training.left_by
        return begin_evaluation(self.learner, settings, self._threads, self._progress, left_by)

    # Bench

    def bench(self, settings: BenchSettings) -> Iterator[BenchReport]:
        """The training loops side by side, each in a process of its own that loads the model anew.

        It is the one that is loaded, and the loops run on its device. Closing the generator ends
        what measures.
        """
        return begin_bench(self.at_hand.choice, str(self.learner.device), settings, self._progress)
