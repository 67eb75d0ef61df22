"""The training loop: a generator that makes one update for each `next`."""

import time
from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F

from tui_trainer.engine.devices import memory_in_use
from tui_trainer.engine.learner import Learner, make_optimizer
from tui_trainer.engine.problems import Problem, format_problem
from tui_trainer.engine.reports import StepReport
from tui_trainer.engine.settings import TrainSettings


def train(
    learner: Learner, problems: Sequence[Problem], settings: TrainSettings
) -> Iterator[StepReport]:
    """The notebook's loop over question/answer items, one report a step.

    Nothing happens between two `next` calls, so whoever holds the generator can pause, look at
    the model or change it there. The optimizer is the loop's own. The loss is the mean over
    every token that has one before it, before the step's update. A step that fails
    leaves the weights as they were after the last whole one.
    """
    model, vocabulary = learner.model, learner.vocabulary
    torch.manual_seed(settings.seed)
    optimizer = make_optimizer(settings.optimizer, model, settings.lr)

    for step, problem in enumerate(problems, start=1):
        started = time.perf_counter()
        ids = vocabulary.ids(format_problem(problem))
        context = learner.report.context or len(ids)
        input_ids = torch.tensor([ids[:context]], device=learner.device)

        # Memory runs out in the first step or hardly ever; copying in each takes 5% of the time.
        with learner.restored_on_failure(optimizer, copying=step == 1):
            model.train()
            with learner.autocast():
                logits = model(input_ids=input_ids, use_cache=False).logits
            # logits: [1, position, vocabulary]; the label of a position is the token after it
            losses = F.cross_entropy(logits[0, :-1].float(), input_ids[0, 1:], reduction="none")
            loss = losses.mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            token_losses = losses.tolist()  # waits for the device

        learner.updates += 1
        yield StepReport(
            step=step,
            steps=len(problems),
            loss=loss.item(),
            tokens=input_ids.shape[1],
            lr=settings.lr,
            seconds=time.perf_counter() - started,
            problem=step - 1,
            text=format_problem(problem),
            token_texts=tuple(vocabulary.text_of(i) for i in input_ids[0].tolist()),
            token_losses=(None, *token_losses),
            truncated=len(ids) > context,
            memory_bytes=memory_in_use(learner.device),
        )
