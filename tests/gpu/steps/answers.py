"""How many items a second an evaluation answers, against one at a time."""

import time

import torch

from tests.gpu.engines import large_model, load
from tests.gpu.record import Record
from tests.gpu.step import Place
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.problem import format_prompt
from tui_trainer.settings.evaluation import EvaluationSettings

TOGETHER, ALONE = 64, 4
TOKENS = 64
SMALL = 8
GOAL_TIMES = 10.0


def look(place: Place, record: Record) -> None:
    """A model that never learned to stop: both sides generate as many tokens an answer."""
    engine = load(large_model(place), place.device, "bf16")
    tokens = SMALL if place.small else TOKENS
    alone(engine, 1, tokens)  # the first of all is slower, on either side
    one_by_one = alone(engine, ALONE, tokens)
    together(engine, 2, tokens)
    last = together(engine, SMALL if place.small else TOGETHER, tokens)
    evaluated = last.tokens / last.seconds
    record.equal(
        "what the evaluation says of the model", " ".join(last.notes) or "nothing", "nothing"
    )
    record.figure("tokens a second, one at a time", one_by_one)
    record.figure("tokens a second, as an evaluation", evaluated)
    what = "times the tokens/s of one at a time"
    record.at_least(what, evaluated / one_by_one, GOAL_TIMES, of_a_device=True)


def together(engine: Engine, items: int, tokens: int) -> EvaluationReport:
    """The end of an evaluation of so many items."""
    *_, last = engine.evaluate(EvaluationSettings(items=items, max_tokens=tokens))
    return last


@torch.no_grad()
def alone(engine: Engine, items: int, tokens: int) -> float:
    """Tokens a second of transformers' own `generate`, one item after the other."""
    model, tokenizer = engine.learner.model.eval(), engine.learner.vocabulary.tokenizer
    made, began = 0, time.perf_counter()
    for problem in load_problems("builtin", split="test", limit=items, seed=0):
        inputs = tokenizer(format_prompt(problem), return_tensors="pt").to(model.device)
        answer = model.generate(**inputs, max_new_tokens=tokens, do_sample=False)
        made += answer.shape[1] - inputs.input_ids.shape[1]
    return made / (time.perf_counter() - began)
