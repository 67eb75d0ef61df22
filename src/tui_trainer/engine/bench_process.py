"""One run of one loop, and what is found out before the first."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import torch
from transformers import PreTrainedModel

from tui_trainer.engine.bench.clock import PhaseClock
from tui_trainer.engine.bench.items import as_examples, held_out_loss, load_items
from tui_trainer.engine.bench.machine import describe_machine
from tui_trainer.engine.bench.one_device import seeing_alone
from tui_trainer.engine.bench.peak import measure_peaks, model_flops_per_token
from tui_trainer.engine.bench.recorder import Recorder
from tui_trainer.engine.bench.room import check_room
from tui_trainer.engine.data.examples import Example, make_examples
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.notebook import train_by_hand
from tui_trainer.engine.loop.train import train
from tui_trainer.engine.loop.training_state import begin_training, describe_loop
from tui_trainer.engine.memory.update_need import SHORTEST
from tui_trainer.engine.models.devices import choose_device
from tui_trainer.engine.models.sources import find_source
from tui_trainer.engine.threads.share import Threads
from tui_trainer.reports.bench import Measured, Prepared
from tui_trainer.reports.problem import Problem
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.bench import (
    NOTEBOOK,
    PEERS,
    ROW_TOKENS,
    SFT_TRAINER,
    BenchSettings,
    Job,
)
from tui_trainer.settings.model import FULL_WIDTH, ModelChoice
from tui_trainer.settings.presets import PRESETS
from tui_trainer.settings.train import TrainSettings


def prepare(
    choice: ModelChoice, settings: BenchSettings, folder: Path, progress: Progress
) -> Prepared:
    """Load the model and the items once, and measure the device.

    The weights of a GGUF file are saved in `folder`, from where they load ten times as fast.
    Raises InputError for what would fail in every loop.
    """
    problems, held_out = load_items(settings, progress)
    learner = load_learner(choice, progress)
    model, context = learner.model, learner.report.context
    examples = as_examples(problems, learner.vocabulary, context)
    held_out_examples = as_examples(held_out, learner.vocabulary, context)
    if find_source(choice.source, progress).gguf_file is not None:
        model.save_pretrained(folder)
        learner.vocabulary.tokenizer.save_pretrained(folder)
        choice = replace(choice, source=str(folder))
    lengths = [len(example.ids) for example in examples]
    return Prepared(
        name=learner.report.name,
        architecture=learner.report.architecture,
        parameters=learner.report.parameters,
        device=learner.report.device,
        source=choice.source,
        flops_per_token=model_flops_per_token(model, lengths),
        epoch_tokens=sum(lengths),
        peaks=measure_peaks(learner.device),
        held_out_loss=held_out_loss(model, held_out_examples),
        machine=describe_machine(learner.device),
        environment=seeing_alone(learner.device),
    )


def load_learner(choice: ModelChoice, progress: Progress) -> Learner:
    engine = Engine(progress)
    engine.load_model(choice)
    return engine.learner


def run_loop(job: Job, progress: Progress) -> Measured:
    """Train as the job says, and measure; InputError for what the user can mend."""
    threads = Threads()
    problems, held_out = load_items(job.settings, progress)
    device = choose_device(job.model.device).device
    learner = load_learner(
        replace(job.model, device=str(device), precision=loop_precision(job, device)), progress
    )
    may_change = device.type == "cpu" and not job.model.deterministic
    threads.use(job.model.threads, may_change=may_change)
    threads.watch()
    model, vocabulary, context = learner.model, learner.vocabulary, learner.report.context
    held_out_examples = as_examples(held_out, vocabulary, context)
    clock = PhaseClock(device)
    recorder = Recorder(
        clock,
        lambda: held_out_loss(model, held_out_examples),
        job.settings.seconds,
        job.equal_tokens,
        device,
        threads,
    )
    precision = learner.report.precision
    with clock.watching(model):
        if job.loop not in (NOTEBOOK, *PEERS):
            train_by_engine(learner, problems, job, recorder)
            return recorder.measured(job.loop, precision)
        items = [example.ids for example in as_examples(problems, vocabulary, context)]
        check_room(learner, job.loop, most_tokens(job.loop, items))
        autocast = learner.autocast()
        del learner  # its copy of the weights is no part of these loops
        if job.loop == NOTEBOOK:
            time_by_hand(model, items * job.epochs, recorder, autocast)
        else:
            # Trainer and TRL take seconds to import.
            from tui_trainer.engine.bench.peers import train_as_peer  # noqa: PLC0415

            bf16 = precision not in FULL_WIDTH
            train_as_peer(job.loop, model, vocabulary.tokenizer, items, job.epochs, bf16, recorder)
    return recorder.measured(job.loop, precision)


def most_tokens(loop: str, items: Sequence[Sequence[int]]) -> int:
    """Of a step, whose logits are all held: SFTTrainer's never are, so that the least is asked."""
    if loop == SFT_TRAINER:
        return SHORTEST
    return ROW_TOKENS if loop in PEERS else max(map(len, items))


def time_by_hand(
    model: PreTrainedModel,
    items: Sequence[Sequence[int]],
    recorder: Recorder,
    autocast: AbstractContextManager[object],
) -> None:
    """The notebook's loop, until the recorder has seen enough."""
    recorder.begin()
    for ids, _ in zip(items, train_by_hand(model, items, autocast), strict=True):
        if not recorder.step_made(len(ids)):
            break


def loop_precision(job: Job, device: torch.device) -> str:
    """The precision that was asked for; the notebook's own is pure bf16 on a GPU."""
    if job.model.precision == "auto" and job.loop == NOTEBOOK:
        return "fp32" if device.type == "cpu" else "bf16"
    return job.model.precision


def loop_settings(job: Job, device: torch.device) -> TrainSettings:
    """The preset that the loop is named after, or its kind for the device, over these items."""
    kinds = job.loop, f"{job.loop}-{device.type}"
    name = next(name for name in reversed(kinds) if name in PRESETS)
    return replace(PRESETS[name], epochs=job.epochs, seed=job.settings.seed)


def train_by_engine(
    learner: Learner, problems: Sequence[Problem], job: Job, recorder: Recorder
) -> None:
    """The loop that the app runs, until the recorder has seen enough."""
    settings = loop_settings(job, learner.device)
    examples: list[Example] = make_examples(
        learner.vocabulary, problems, settings, learner.report.context
    )
    loop = describe_loop(problems, examples, settings, learner.report.context)
    state = begin_training(learner, settings, loop)
    steps = train(learner, examples, settings, state)
    recorder.begin()
    for report in steps:
        if isinstance(report, StepReport) and not recorder.step_made(report.tokens):
            break
