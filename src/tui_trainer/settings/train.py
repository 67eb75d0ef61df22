"""What a training loop is asked for. No torch here."""

import shlex
from dataclasses import dataclass, replace
from typing import ClassVar

from tui_trainer.errors import InputError
from tui_trainer.json_lines import LARGEST_WHOLE
from tui_trainer.settings.fields import (
    ALERTS,
    BATCH,
    DATA,
    MEASURING,
    OPTIMIZER,
    OUT_OF_SIGHT,
    SAVING,
    SCHEDULE,
    SPEED,
    STOPPING,
    check_settings,
    field_of,
    setting,
)
from tui_trainer.settings.typed_numbers import read_number

OPTIMIZERS = "AdamW", "SGD"
NO_OPTIMIZER = "Optimizer {told} is not known: use {range}."
CONSTANT, LINEAR, COSINE = SCHEDULES = "constant", "linear", "cosine"
NOWHERE, TENSORBOARD = "nowhere", "tensorboard"
LOGS = NOWHERE, TENSORBOARD
RIGHT, LEFT = PADDING_SIDES = "right", "left"
IN_ORDER, BEST_FIT = PACK_ORDERS = "in-order", "best-fit"
TUTORIAL_LR = 1e-5
SHORTEST_ROW = 16
HIGHEST_LR = 10.0
LOWEST_LR = 2.0**-126
"""The smallest number that fp32 has in full precision."""
MANY = OUT_OF_SIGHT
"""Far more rows, steps or tokens than anyone means, and fewer than what breaks."""
PROBLEMS = "builtin, a .jsonl or .parquet file, or a Hub repo:config"
NO_PROBLEMS = "Name the problems: builtin, a .jsonl or .parquet file, or a data set."


def check_lr(lr: float) -> float:
    """Return `lr`; raise InputError where it is no learning rate."""
    if 0 < lr < LOWEST_LR:
        raise InputError(
            f"A learning rate of {lr:g} moves no weight: fp32, in which an update is computed, "
            f"has no number so small. Use {LOWEST_LR:.2g} or more."
        )
    field_of(TrainSettings, "lr").check(lr)
    return lr


def read_lr(line: str) -> float:
    """A learning rate typed by hand; InputError where it is none."""
    return check_lr(read_number(line, "The learning rate"))


def check_command(command: str) -> None:
    """InputError where it cannot be split into words."""
    try:
        shlex.split(command)
    except ValueError as error:
        raise InputError(f"The command of an alert cannot be split ({error}): mend it.") from None


def check_optimizer(name: str) -> str:
    """Return `name`; raise InputError where it names no optimizer of this program."""
    field_of(TrainSettings, "optimizer").check(name)
    return name


@dataclass(frozen=True)
class TrainSettings:
    """A training loop over question/answer items; what is usual is the preset `tutorial`.

    A row is one item, or with `pack` several. A step is `accumulation` forward passes over
    `batch` rows each, and one update.
    """

    TAKES_EFFECT: ClassVar[str] = "with the next run"

    problems: str = setting(
        "builtin",
        PROBLEMS,
        group=DATA,
        more="A data set has the columns `question` and `answer`.",
        refusal=NO_PROBLEMS,
    )
    items: int = setting(
        500,
        "how many items, the first of the data set",
        group=DATA,
        unit="items",
        least=1,
        most=LARGEST_WHOLE,
    )
    lr: float = setting(
        TUTORIAL_LR,
        "learning rate, the highest of the schedule",
        group=OPTIMIZER,
        above=0,
        most=HIGHEST_LR,
        called="The learning rate",
        is_lr=True,
        takes_effect="with the next run; [ ] l in a run, its next step",
    )
    optimizer: str = setting(
        OPTIMIZERS[0], "AdamW or SGD", group=OPTIMIZER, choices=OPTIMIZERS, refusal=NO_OPTIMIZER
    )
    batch: int = setting(
        1,
        "rows in one forward pass; shorter ones are padded",
        group=BATCH,
        unit="rows",
        least=1,
        most=MANY,
    )
    accumulation: int = setting(
        1,
        "forward and backward passes in one optimizer step",
        group=BATCH,
        more="The loss of a step is the mean over the labels of all its passes.",
        unit="passes",
        least=1,
        most=MANY,
    )
    padding: str = setting(
        RIGHT, "on which side: right or left", group=BATCH, choices=PADDING_SIDES
    )
    pack: int = setting(
        0,
        "tokens of a row that items share, none seeing another; 0: none",
        group=BATCH,
        more=f"A row has at least {SHORTEST_ROW}.",
        unit="tokens",
        least=0,
        most=MANY,
    )
    pack_order: str = setting(
        IN_ORDER,
        "which share a row: in-order, or best-fit, which fills it",
        group=BATCH,
        choices=PACK_ORDERS,
    )
    item_attention: bool = setting(
        False,
        "each item of a packed row attends alone; the same loss",
        group=SPEED,
        more="No mask over the whole row is made, which saves time and memory.",
    )
    end_of_text: bool = setting(False, "each item ends with that token, and learns it", group=DATA)
    answer_only: bool = setting(False, "the loss counts the tokens of the answer alone", group=DATA)
    weight_decay: float | None = setting(
        None,
        "of matrices; or torch: its default, of all weights",
        group=OPTIMIZER,
        more="Torch's own is 0.01 for AdamW and 0 for SGD.",
        least=0,
        most=1,
        none_is="torch",
        such_as="0.1, or torch for its own default",
    )
    clip: float | None = setting(
        None,
        "scale longer gradients down to this norm; or off",
        group=OPTIMIZER,
        more="The norm of all gradients together. It is told with each step, as it is before.",
        above=0,
        none_is="off",
        such_as="1, or off",
    )
    schedule: str = setting(
        CONSTANT,
        "of the learning rate: constant, linear or cosine",
        group=SCHEDULE,
        choices=SCHEDULES,
    )
    warmup: int = setting(
        0,
        "steps in which the learning rate rises to lr",
        group=SCHEDULE,
        unit="steps",
        least=0,
        most=MANY,
    )
    chunked_loss: bool = setting(
        False,
        "never holds all logits; the same loss",
        group=SPEED,
        more="The loss is taken a few positions at a time.",
    )
    fused: bool = setting(
        False, "the optimizer in one pass over memory; the same update", group=SPEED
    )
    compiled: bool = setting(
        False, "the model's blocks, after a warm-up; the same numbers", group=SPEED
    )
    skip_not_finite: bool = setting(
        False,
        "leave out a step whose loss is nan or inf; no: pause",
        group=OPTIMIZER,
        more="Also a step whose gradient is. A command ends there instead of pausing.",
    )
    epochs: int = setting(
        1, "how many times over all items", group=DATA, unit="times", least=1, most=1_000_000
    )
    shuffle: bool = setting(
        False,
        "another order each epoch, by seed and epoch",
        group=DATA,
        more="Without it the order is that of the data set.",
    )
    checkpoint_every: int = setting(
        0,
        "steps between two checkpoints; 0: none, c makes one",
        group=SAVING,
        unit="steps",
        least=0,
        most=LARGEST_WHOLE,
    )
    checkpoint_at_end: bool = setting(
        True,
        "a checkpoint after the last step",
        group=SAVING,
        more="Else nobody has what the run learned.",
    )
    keep_checkpoints: int = setting(
        0,
        "how many of the newest stay, and the best; 0: all",
        group=SAVING,
        more="The best is that with the lowest loss of the held-out items. An older one is deleted "
        "once a newer one is whole, unless a process has it as its model.",
        unit="checkpoints",
        least=0,
        most=LARGEST_WHOLE,
        flag="--keep N",
    )
    log_to: str = setting(
        NOWHERE, "event files beside the run: nowhere or tensorboard", group=SAVING, choices=LOGS
    )
    grace: int | None = setting(
        None,
        "seconds from SIGTERM, SIGUSR1 or SIGUSR2 to the end; or none",
        group=SAVING,
        more="What kills a job after a signal says after how many. A step, or a checkpoint, that "
        "is not finished by then is given up: the last checkpoint is told, and the process ends "
        "with 128 and the signal's number. With `none` it takes as long as it takes.",
        unit="seconds",
        least=1,
        most=MANY,
        none_is="none",
        such_as="60, or none",
        called="The grace",
    )
    seed: int = setting(
        0,
        "for the built-in problems, the order and dropout",
        group=DATA,
        least=0,
        most=LARGEST_WHOLE,
        called="The seed",
    )
    validation_items: int = setting(
        0,
        "held-out items, never trained on, to measure; 0: none",
        group=MEASURING,
        unit="items",
        least=0,
        most=LARGEST_WHOLE,
    )
    validate_every: int = setting(
        50,
        "steps from one measurement of them to the next",
        group=MEASURING,
        more="There is one before the first step and one at the end too.",
        unit="steps",
        least=1,
        most=LARGEST_WHOLE,
    )
    layers_every: int = setting(
        10,
        "steps between two looks at the layers; 0: none",
        group=MEASURING,
        more="Of each layer the norm of its gradient, how far it moved for its size, how many of "
        "its values did, and whether Adam's second moment lags. The same updates.",
        unit="steps",
        least=0,
        most=LARGEST_WHOLE,
    )
    sample_every: int = setting(
        0,
        "steps between sample answers; 0: none",
        group=MEASURING,
        unit="steps",
        least=0,
        most=LARGEST_WHOLE,
    )
    patience: int = setting(
        0,
        "stop after N measurements without a lower loss; 0: never",
        group=STOPPING,
        more="In a row, of the loss of the held-out items: `--validation-items N` measures it.",
        unit="measurements",
        least=0,
        most=LARGEST_WHOLE,
        called="The patience",
    )
    stop_at_loss: float | None = setting(
        None,
        "stop once the mean of 64 steps is as low; or off",
        group=STOPPING,
        more="Of the loss of training, in the last 64 steps. Held-out items have `--patience N`.",
        unit="nats",
        above=0,
        most=1000,
        none_is="off",
        such_as="1.5, or off",
    )
    minutes: float | None = setting(
        None,
        "stop once its steps took so long; or off",
        group=STOPPING,
        more="Without the time of loading, measuring, saving and pauses, as on the chart's axis.",
        unit="minutes",
        above=0,
        most=MANY,
        none_is="off",
        such_as="30, or off",
    )
    tokens: int = setting(
        0,
        "stop once it trained on so many, padding left out; 0: never",
        group=STOPPING,
        unit="tokens",
        least=0,
        most=LARGEST_WHOLE,
    )
    spike_score: float | None = setting(
        8.0,
        "deviations above the last 64 that are a spike; or off",
        group=ALERTS,
        more="Of the loss and of the gradient's norm, above the median, in robust standard "
        "deviations. A spike of the loss is also a nat above it, one of the norm 4 times as high.",
        unit="deviations",
        least=3,
        most=1_000_000,
        none_is="off",
        such_as="8, or off",
    )
    stalled_after: int = setting(
        1000,
        "steps without a lower mean loss that are told; 0: none",
        group=ALERTS,
        more="The mean is that of 64 steps.",
        unit="steps",
        least=0,
        most=LARGEST_WHOLE,
    )
    alert_bell: bool = setting(False, "ring the terminal's bell at an alert", group=ALERTS)
    on_alert: str = setting(
        "",
        "run this command at an alert; empty: none",
        group=ALERTS,
        more="It is split as a shell splits words, and no shell runs it. What the alert says is in "
        "its environment: TUI_TRAINER_ALERT_KIND, _SAYS, _STEP, _VALUE, _USUAL, _SCORE, _ITEMS, "
        "_TOKEN, _TOKEN_LOSS, _LAYER and _RUN. No run keeps it: who resumes one gives it again, or "
        "has it in config.toml.",
        flag="--on-alert COMMAND",
    )

    def __post_init__(self) -> None:
        if self.items < 1:
            raise InputError(f"The loop needs at least 1 item, not {self.items}.")
        if self.pack and self.pack < SHORTEST_ROW:
            raise InputError(
                f"A packed row needs at least {SHORTEST_ROW} tokens, not {self.pack}; "
                "0 packs nothing."
            )
        check_lr(self.lr)
        check_settings(self)
        check_command(self.on_alert)


def of_a_run(settings: TrainSettings) -> TrainSettings:
    """What a run keeps of them on disk, and is believed of that: a command is the person's own, may
    hold a password, and is not taken from a file that came from somewhere."""
    return replace(settings, on_alert="")


def with_alerts_of(settings: TrainSettings, person: TrainSettings) -> TrainSettings:
    """Those of a run with how this person is told of its alerts."""
    return replace(settings, on_alert=person.on_alert, alert_bell=person.alert_bell)
