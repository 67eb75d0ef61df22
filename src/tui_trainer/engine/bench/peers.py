"""Hugging Face's Trainer and TRL's SFTTrainer at their best settings, over the same items.

Both: fp32 weights, bf16 autocast where the device is faster in it, fused AdamW, no padding, no
clipping of gradients, no checkpointing of activations, nothing logged or saved. Trainer joins
several items in a row with its own collator; SFTTrainer packs by best-fit decreasing, and its
output layer and loss never hold all the logits. Attention is kept inside each item in both,
through position_ids.
"""

import importlib.util
import tempfile
from collections.abc import Sequence

from datasets import Dataset
from transformers import (
    DataCollatorWithFlattening,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.bench.recorder import Recorder
from tui_trainer.errors import InputError
from tui_trainer.settings.bench import ROW_TOKENS, SFT_TRAINER
from tui_trainer.settings.train import TUTORIAL_LR


class StopWhenMeasured(TrainerCallback):
    """Tells the recorder of each step, and ends the training when it has seen enough."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def on_train_begin(self, *_: object, **__: object) -> None:
        self._recorder.begin()

    def on_step_end(
        self,
        args: TrainingArguments,  # noqa: ARG002 - Trainer passes all of them
        state: TrainerState,  # noqa: ARG002
        control: TrainerControl,
        **_: object,
    ) -> None:
        # Nothing is padded, so every position that the model read is a token of an item.
        tokens = self._recorder.clock.take_positions()
        control.should_training_stop = not self._recorder.step_made(tokens)


def train_as_peer(
    loop: str,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    items: Sequence[Sequence[int]],
    epochs: int,
    bf16: bool,
    recorder: Recorder,
) -> None:
    """Train on the items, lists of token IDs, until the recorder has seen enough."""
    # At its default the items of a row would see each other.
    model.config.use_cache = False
    data = Dataset.from_dict({"input_ids": [list(ids) for ids in items]})
    with tempfile.TemporaryDirectory() as folder:
        common = {
            "output_dir": folder,
            "num_train_epochs": epochs,
            "learning_rate": TUTORIAL_LR,
            "lr_scheduler_type": "constant",
            "optim": "adamw_torch_fused",
            "max_grad_norm": 0.0,
            "bf16": bf16,
            "gradient_checkpointing": False,
            "use_cpu": model.device.type == "cpu",
            "logging_strategy": "no",
            "save_strategy": "no",
            "report_to": "none",
            "disable_tqdm": True,
            "dataloader_pin_memory": accelerator(model.device).pins,
        }
        if loop == SFT_TRAINER:
            trainer = make_sft_trainer(model, tokenizer, data, common)
        else:
            trainer = make_trainer(model, data, common)
        trainer.add_callback(StopWhenMeasured(recorder))
        trainer.train()


def make_trainer(model: PreTrainedModel, data: Dataset, common: dict[str, object]) -> Trainer:
    """As many items in a row as fill it on average."""
    mean = sum(map(len, data["input_ids"])) / len(data)
    items = max(1, round(ROW_TOKENS / mean))
    return Trainer(
        model=model,
        args=TrainingArguments(**common, per_device_train_batch_size=items),  # type: ignore[arg-type]
        train_dataset=data,
        data_collator=DataCollatorWithFlattening(),
    )


def make_sft_trainer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    data: Dataset,
    common: dict[str, object],
) -> Trainer:
    """Rows packed by TRL; InputError where it is not installed."""
    if importlib.util.find_spec("trl") is None:
        raise InputError("TRL is not installed: run `pip install 'tui-trainer[peers]'`.")
    from trl.trainer.sft_config import SFTConfig  # noqa: PLC0415 - an extra
    from trl.trainer.sft_trainer import SFTTrainer  # noqa: PLC0415

    arguments = SFTConfig(
        **common,  # type: ignore[arg-type]
        per_device_train_batch_size=1,
        packing=True,
        max_length=ROW_TOKENS,
    )
    return SFTTrainer(model=model, args=arguments, train_dataset=data, processing_class=tokenizer)
