"""`tui-trainer gsm8k` with a run in an engine of its own: it is begun, and acted on by name."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tui_trainer.ending import tell_end
from tui_trainer.errors import InputError, UnfinishedError
from tui_trainer.headless.arguments import given_settings
from tui_trainer.headless.bars import LoadBar
from tui_trainer.headless.following import answer, follow
from tui_trainer.headless.output import Json, Output
from tui_trainer.headless.recorded import (
    Order,
    checkpoint_line,
    describe_checkpoint,
    read_steps,
)
from tui_trainer.headless.session import tell_notes
from tui_trainer.headless.step import describe_model
from tui_trainer.headless.told_steps import describe_loop
from tui_trainer.link.attach import Attach
from tui_trainer.link.finding import describe, find
from tui_trainer.protocol.events import Event
from tui_trainer.protocol.keeping import EndWork, Save
from tui_trainer.protocol.loop_names import GSM8K
from tui_trainer.protocol.loops import ReadBeginning, Resume, SetTrainingLr, Train
from tui_trainer.protocol.models import LoadModel, ReadStatus
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.remote_worker import RemoteWorker
from tui_trainer.reports.models import LearnerStatus, LoadProgress
from tui_trainer.reports.runs import End, Kept
from tui_trainer.runs.resume_command import program
from tui_trainer.say import say
from tui_trainer.settings.fields import field_of
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible
from tui_trainer.words.memory import describe_need
from tui_trainer.words.numbers import learning_rate

ATTACH, PAUSE, CONTINUE, STOP, CHECKPOINT = "attach", "pause", "continue", "stop", "checkpoint"
ACTIONS = {
    ATTACH: "follow the run of a session: its lines so far and as they come; ctrl+c ends the "
    "following alone. With --lr give it that learning rate instead",
    PAUSE: "pause it after the step that it makes",
    CONTINUE: "go on with one that is paused, with --steps N for N steps",
    STOP: "write a checkpoint of what no file has and end it",
    CHECKPOINT: "write a checkpoint; the run goes on",
}
BEGUN = (
    "session {name} goes on by itself; follow it with: {program} gsm8k --attach {name}; end it "
    "with: {program} gsm8k --stop {name}"
)


def add_session_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "session",
        "A run in an engine of its own, which outlives this terminal. NAME is as 'sessions' lists "
        "it, and may be left out where there is one.",
    )
    one = group.add_mutually_exclusive_group()
    one.add_argument(
        "--detach",
        action="store_true",
        help="begin the run in a session of its own, print its name and return",
    )
    for name, summary in ACTIONS.items():
        one.add_argument(f"--{name}", dest=f"{name}_of", nargs="?", const="", metavar="NAME",
                         help=summary)  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """What is to be done with the run of a session."""

    action: str
    name: str
    """Of the session; empty for the one there is."""
    lr: float | None = None
    steps: int | None = None
    """Those that a run makes before it pauses again."""


def read_wish(arguments: argparse.Namespace) -> Wish | None:
    """None where a run is to be begun. InputError where the other arguments are those of one."""
    given = vars(arguments)
    action = next((name for name in ACTIONS if given[f"{name}_of"] is not None), None)
    if action is None:
        return None
    settings = given_settings(TrainSettings, arguments)
    lr = settings.pop("lr", None) if action == ATTACH else None
    others = [field_of(TrainSettings, name).option for name in settings]
    model = given_settings(ModelChoice, arguments)
    others += [field_of(ModelChoice, name).option for name in model]
    others += ["--preset"] if "preset" in given else []
    others += _of_a_beginning(arguments)
    if arguments.steps is not None and action != CONTINUE:
        others.append("--steps")
    if others:
        raise InputError(f"--{action} is about a run that goes on: leave out {', '.join(others)}.")
    return Wish(action, given[f"{action}_of"], lr, read_steps(arguments))


def _of_a_beginning(arguments: argparse.Namespace) -> list[str]:
    """The flags of how a run begins, those that were given."""
    names = "resume", "requeue", "evaluate", "export"
    given = [f"--{name}" for name in names if getattr(arguments, name) is not None]
    return given + ["--no-run"] * arguments.no_run


def check_detached(arguments: argparse.Namespace) -> None:
    """InputError for what needs this process until the run's end."""
    for name in ("evaluate", "export"):
        if getattr(arguments, name) is not None:
            raise InputError(
                f"--detach returns before the run ends: leave out --{name}, and do it in the app "
                "at the session, or by a command of its own."
            )


# Begin


def begin(order: Order, output: Output, idle_minutes: float) -> None:
    """Load and begin it in an engine of its own, and leave that. What fails ends the engine."""
    bar = LoadBar()

    def hear(event: Numbered[Event]) -> None:
        if isinstance(event.what, LoadProgress):
            bar.report(event.what)

    attach = Attach(idle_minutes=idle_minutes)
    worker = RemoteWorker(attach, hear, lambda _: None)
    worker.start()
    try:
        status = answer(worker.ask(LoadModel(order.choice)))
        bar.close()
        _begin_loop(worker, order, status)
    except BaseException:
        bar.close()
        worker.end(EndWork(saves=False))
        attach.terminate()
        raise
    worker.leave()
    say(BEGUN.format(name=worker.name, program=program()))
    if output.as_json:
        output.json({"event": "session", "session": worker.name})
    else:
        output.text(worker.name)


def _begin_loop(worker: RemoteWorker, order: Order, status: LearnerStatus) -> None:
    """Begun before it plays: what it needs is told though its first step takes long."""
    tell_notes(status)
    settings, record, job = order.settings, order.record, order.job
    if order.checkpoint is None:
        request: Train | Resume = Train(settings, record, job)
    else:
        request = Resume(str(order.checkpoint), settings, record, job)
    answer(worker.start_loop(GSM8K, request, playing=False))
    estimate, _ = answer(worker.ask(ReadBeginning()))
    say(describe_model(status))
    say(describe_loop(settings))
    if estimate is not None:
        say(f"the run {describe_need(estimate)}")
    worker.play(GSM8K, True, order.steps or 0)


# Act


def fulfil(wish: Wish, output: Output) -> None:
    """Do it. InputError where there is no such session, or no run goes on in it."""
    name = find(wish.name)
    if wish.action == ATTACH and wish.lr is None:
        follow(name, output)
        return
    _check_goes_on(name)
    with _asking(name) as worker:
        if wish.lr is not None:
            _set_lr(worker, output, wish.lr)
        elif wish.action == CHECKPOINT:
            _tell_checkpoint(output, name, _save(worker))
        elif wish.action == STOP:
            _stop(worker, output)
        else:
            _play(worker, output, playing=wish.action == CONTINUE, steps=wish.steps or 0)


def _check_goes_on(name: str) -> str:
    """Whether its loop runs or is paused."""
    told = describe(name)
    if isinstance(told, str):
        raise InputError(f"Session {visible(name)}: {told}")
    state = dict(told.loops).get(GSM8K)
    if state is None:
        raise InputError(
            f"No run of gsm8k goes on in session {visible(name)}: 'tui-trainer sessions' lists "
            "what runs in which."
        )
    return state


@contextmanager
def _asking(name: str) -> Iterator[RemoteWorker]:
    """It is asked, and not looked at."""
    worker = RemoteWorker(Attach(name, looks=False), lambda _: None, lambda _: None)
    worker.start()
    try:
        yield worker
    finally:
        worker.leave()


def _play(worker: RemoteWorker, output: Output, *, playing: bool, steps: int) -> None:
    worker.play(GSM8K, playing, steps)
    answer(worker.ask(ReadStatus()))  # what is asked is done in order
    _tell(output, worker.name, _check_goes_on(worker.name))


def _set_lr(worker: RemoteWorker, output: Output, lr: float) -> None:
    now = answer(worker.ask(SetTrainingLr(lr)))
    if output.as_json:
        output.json({"session": worker.name, "loop": GSM8K, "lr": now})
    else:
        output.text(
            f"session {visible(worker.name)}: lr {learning_rate(now)} from the next step on"
        )


def _stop(worker: RemoteWorker, output: Output) -> None:
    """Where what no file has cannot be saved the loop is paused, and nothing is lost."""
    worker.play(GSM8K, False)
    kept = _save(worker)
    end = answer(worker.end_loop(GSM8K, EndWork(saves=True)))
    _tell(output, worker.name, "stopped", checkpoint=_name_of(kept), model=_folder_of(kept))
    tell_end(end if end != End() else End(kept))


def _save(worker: RemoteWorker) -> Kept:
    kept = answer(worker.ask(Save()))
    if kept.checkpoint is not None and kept.checkpoint.failure is not None:
        raise UnfinishedError(f"The weights are not saved: {kept.checkpoint.failure}")
    return kept


def _name_of(kept: Kept) -> str | None:
    return None if kept.checkpoint is None else kept.checkpoint.name


def _folder_of(kept: Kept) -> str | None:
    return None if kept.model is None else kept.model.folder


def _tell(output: Output, name: str, state: str, **more: Json) -> None:
    if output.as_json:
        output.json({"session": name, "loop": GSM8K, "state": state, **more})
    else:
        output.text(f"session {visible(name)}: gsm8k {state}")


def _tell_checkpoint(output: Output, name: str, kept: Kept) -> None:
    if output.as_json:
        line = {} if kept.checkpoint is None else checkpoint_line(kept.checkpoint)
        where = {"checkpoint": _name_of(kept), "model": _folder_of(kept)}
        output.json({"event": "checkpoint", "session": name, **line, **where})
    elif kept.checkpoint is not None:
        output.text(describe_checkpoint(kept.checkpoint))
    elif kept.model is not None:
        output.text(f"the weights are the model {visible(kept.model.name)}")
    else:
        output.text("a file has every update already")
