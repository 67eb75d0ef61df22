"""A model folder's held-out figures, in fp32 on the CPU.

Bits a byte on the standard-library modules that were held out, the answers' loss on problems that
no training sees, before and after the notebook's loop, and the exact matches among their answers.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import (
    AutoTokenizer,
    PreTrainedTokenizerBase,
    Qwen3ForCausalLM,
)

from tui_trainer.engine.data.problems import Problem, format_problem
from tui_trainer.engine.data.word_problems import word_problems
from tui_trainer.recipe.corpus import Module, held_out_modules

LEARNING_RATE = 1e-5
TRAINED_ITEMS = 500
HELD_OUT_FROM, HELD_OUT_ITEMS = 100_000, 50
_ROW = 256
_LONGEST_ANSWER = 140


def load(folder: Path) -> tuple[Qwen3ForCausalLM, PreTrainedTokenizerBase]:
    model = Qwen3ForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model.eval(), AutoTokenizer.from_pretrained(folder)


def measure(folder: Path) -> Iterator[str]:
    """The figures, a line each as they are found; takes two minutes on one core."""
    model, tokenizer = load(folder)
    yield f"{sum(p.numel() for p in model.parameters())} parameters, {len(tokenizer)} tokens"
    modules = held_out_modules()
    bits = bits_per_byte(model, tokenizer, modules)
    yield f"{bits:.3f} bits a byte on {len(modules)} held-out library modules"
    problems = word_problems(HELD_OUT_ITEMS, start=HELD_OUT_FROM)
    before = answer_loss(model, tokenizer, problems)
    matches = exact_matches(model, tokenizer, problems)
    yield f"answers' loss before {before:.4f}, exact matches {matches} of {HELD_OUT_ITEMS}"
    tutorial(model, tokenizer, word_problems(TRAINED_ITEMS))
    after = answer_loss(model, tokenizer, problems)
    matches = exact_matches(model, tokenizer, problems)
    yield f"answers' loss after {after:.4f}, exact matches {matches} of {HELD_OUT_ITEMS}"
    yield f"{TRAINED_ITEMS} updates lower the answers' loss by {100 * (1 - after / before):.1f}%"


@torch.inference_mode()
def bits_per_byte(
    model: Qwen3ForCausalLM, tokenizer: PreTrainedTokenizerBase, modules: list[Module]
) -> float:
    """The modules' sources in rows of 256 tokens, each row read with nothing before it.

    A row's first token has no prediction; its bytes are counted all the same, and it is charged
    what a uniform guess over the vocabulary costs.
    """
    nats, size = 0.0, 0
    for module in modules:
        ids = torch.tensor(tokenizer(module.source, verbose=False).input_ids)
        size += len(module.source.encode())
        for row in ids.split(_ROW):
            nats += math.log(len(tokenizer))
            if len(row) > 1:
                nats += float(_losses(model, row).sum())
    return nats / math.log(2) / size


@torch.inference_mode()
def answer_loss(
    model: Qwen3ForCausalLM, tokenizer: PreTrainedTokenizerBase, problems: list[Problem]
) -> float:
    """Mean loss over the tokens of the answers, given question and `Answer:`."""
    total, count = 0.0, 0
    for problem in problems:
        prompt = len(tokenizer(_prompt(problem)).input_ids)
        ids = torch.tensor(tokenizer(format_problem(problem)).input_ids)
        losses = _losses(model, ids)[prompt - 1 :]
        total, count = total + float(losses.sum()), count + len(losses)
    return total / count


def tutorial(
    model: Qwen3ForCausalLM, tokenizer: PreTrainedTokenizerBase, problems: list[Problem]
) -> list[float]:
    """The notebook's loop: one item an update, every token counted. The losses, one an item."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    losses = []
    for problem in problems:
        ids = torch.tensor([tokenizer(format_problem(problem)).input_ids])
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def exact_matches(
    model: Qwen3ForCausalLM, tokenizer: PreTrainedTokenizerBase, problems: list[Problem]
) -> int:
    """How many greedy answers have the right number after their first `#### `."""
    found = 0
    for problem in problems:
        number = re.search(r"#### (-?\d+)", _greedy_answer(model, tokenizer, _prompt(problem)))
        found += number is not None and number[1] == problem.answer.rpartition("#### ")[2]
    return found


@torch.inference_mode()
def _greedy_answer(model: Qwen3ForCausalLM, tokenizer: PreTrainedTokenizerBase, prompt: str) -> str:
    """The most likely token after token, until a number after `####` is complete."""
    fresh = tokenizer(prompt, return_tensors="pt").input_ids
    cache, written, text = None, list[int](), ""
    while len(written) < _LONGEST_ANSWER and not re.search(r"#### -?\d+\D", text):
        output = model(input_ids=fresh, past_key_values=cache, use_cache=True)
        cache, fresh = output.past_key_values, output.logits[:, -1:].argmax(-1)
        written.append(int(fresh))
        text = "".join(tokenizer.decode(written))
    return text


def _prompt(problem: Problem) -> str:
    return format_problem(Problem(problem.question, "")).rstrip()


def _losses(model: Qwen3ForCausalLM, ids: Tensor) -> Tensor:
    """The loss of every token but the first; ids: [position]."""
    logits = model(input_ids=ids[None]).logits[0, :-1]
    return F.cross_entropy(logits.float(), ids[1:], reduction="none")
