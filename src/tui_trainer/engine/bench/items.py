"""The same items for every loop, and those held out."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

from tui_trainer.engine.data.examples import Example, make_examples
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.errors import InputError
from tui_trainer.reports.problem import Problem
from tui_trainer.reports.progress import Progress
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.train import TrainSettings


def load_items(settings: BenchSettings, progress: Progress) -> tuple[list[Problem], list[Problem]]:
    """The items to train on, and after them those held out; InputError where there are too few."""
    wanted = settings.items + settings.held_out
    problems = load_problems(settings.problems, limit=wanted, seed=settings.seed, progress=progress)
    if len(problems) <= settings.held_out:
        raise InputError(
            f"{settings.problems} has {len(problems)} items, and {settings.held_out} are to be "
            "held out: give a lower --held-out."
        )
    return problems[: -settings.held_out], problems[-settings.held_out :]


def as_examples(
    problems: Sequence[Problem], vocabulary: Vocabulary, context: int | None
) -> list[Example]:
    """The items' tokens as the preset `tutorial` has them: every token counts."""
    return make_examples(vocabulary, problems, TrainSettings(), context)


@torch.no_grad()
def held_out_loss(model: PreTrainedModel, examples: Sequence[Example]) -> float:
    """The mean loss of all tokens, in nats, in eval mode and without autocast.

    One at a time, so that it needs no more memory than training does. The class's own `forward`
    is called: Trainer puts one with autocast in its place, TRL one that keeps no logits.
    """
    was_training = model.training
    model.eval()
    total = 0.0
    for example in examples:
        input_ids = torch.tensor([example.ids], device=model.device)
        logits = type(model).forward(model, input_ids=input_ids, use_cache=False).logits
        total += F.cross_entropy(logits[0, :-1].float(), input_ids[0, 1:], reduction="sum").item()
    model.train(was_training)
    return total / sum(len(example.ids) - 1 for example in examples)
