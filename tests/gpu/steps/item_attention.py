"""Attention inside each item of a packed row: one kernel, compiled once, and the right numbers.

Six row shapes, as a loop meets them one after another. First the attention alone in bf16 against
fp64, then a model in mixed, compiled, against the same model in fp64 with each item alone.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._dynamo.utils import counters
from torch.profiler import ProfilerActivity, profile
from transformers import PreTrainedModel

from tests.gpu.engines import load, relative_error
from tests.gpu.record import Record
from tests.gpu.step import Place
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.item_lengths import item_lengths
from tui_trainer.engine.data.packing import make_batch
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.loss_pass import LossPass, make_loss_pass
from tui_trainer.engine.ways.item_attention import attend_within_items
from tui_trainer.engine.ways.varlen_kernel import kernel_on
from tui_trainer.reports.problem import format_problem
from tui_trainer.settings.presets import TUNED_CUDA

SHAPES = ((190, 210, 330), (512,), (64, 64, 64, 64, 90), (7, 400, 100), (2, 3, 5, 500), (250, 262))
"""The lengths of the items of six rows."""
HEADS, KEY_HEADS, WIDTH = 16, 8, 128
"""Of Qwen3-1.7B."""
ROUNDED = 0.01
"""How far bf16 may be off in attention alone (relative L2): three of its roundings."""
MODEL_ROUNDED = 0.021
"""And a model, the most that was seen where nothing leaks; a leak is 0.33 to 1.23."""
LEAK = 0.05
"""What it has to be off by at least, so that the bounds above would show it."""
GRADIENT_ROUNDED = 0.05


def look(place: Place, record: Record) -> None:
    look_at_attention(place, record)
    engine = load("builtin" if place.on_device else "random:tiny", place.device, "mixed")
    look_at_model(engine, place, record)


# Attention alone


def look_at_attention(place: Place, record: Record) -> None:
    """The largest error of the six shapes, forward and backward, and that a leak would be more."""
    errors: list[float] = []
    gradient_errors: list[float] = []
    leaks: list[float] = []
    for lengths in SHAPES:
        inputs = [
            head_tensor(heads, sum(lengths), place) for heads in (HEADS, KEY_HEADS, KEY_HEADS)
        ]
        found, gradients = attended(inputs, lengths, place)
        wanted, right_gradients = attended_in_fp64(inputs, lengths)
        errors.append(relative_error(found, wanted))
        gradient_errors += map(relative_error, gradients, right_gradients)
        if len(lengths) > 1:
            leaking, _ = attended_in_fp64(inputs, (sum(lengths),))
            leaks.append(relative_error(leaking, wanted))
    record.at_most("attention in bf16 from fp64", max(errors), ROUNDED)
    record.at_most("its gradients from fp64", max(gradient_errors), GRADIENT_ROUNDED)
    record.at_least("a leak would be off by", min(leaks), LEAK)


def head_tensor(heads: int, positions: int, place: Place) -> Tensor:
    """Numbers by chance: [row, head, position, width]."""
    shape = (1, heads, positions, WIDTH)
    return torch.randn(shape, device=place.device).to(torch.bfloat16).requires_grad_()


def attended(
    inputs: Sequence[Tensor], lengths: Sequence[int], place: Place
) -> tuple[Tensor, list[Tensor]]:
    """As the engine does it: [row, position, head, width], and the gradients of the inputs."""
    items = item_lengths(lengths).each(lambda ends: ends.to(place.device))
    query, key, value = inputs
    kernel = kernel_on(query.device)
    found, _ = attend_within_items(nn.Module(), query, key, value, None, items=items, kernel=kernel)
    return found, list(torch.autograd.grad(found.float().square().sum(), inputs))


def attended_in_fp64(
    inputs: Sequence[Tensor], lengths: Sequence[int]
) -> tuple[Tensor, list[Tensor]]:
    """The same, written out: each item's softmax over the positions that it may see."""
    exact = [tensor.detach().double().requires_grad_() for tensor in inputs]
    parts = zip(*(tensor.split(list(lengths), dim=2) for tensor in exact), strict=True)
    found = torch.cat([causal_attention(*part) for part in parts], dim=2).transpose(1, 2)
    return found, list(torch.autograd.grad(found.square().sum(), exact))


def causal_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Of one item, by hand; each key's head serves several of the queries'."""
    key, value = (t.repeat_interleave(query.shape[1] // t.shape[1], dim=1) for t in (key, value))
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    later = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return scores.masked_fill(later, float("-inf")).softmax(-1) @ value


# A model


@dataclass(frozen=True)
class Read:
    """What a loss pass gave for a row."""

    losses: Tensor
    """Of every label: [label]."""
    gradients: Tensor
    """Of all weights: [weight]."""


def look_at_model(engine: Engine, place: Place, record: Record) -> None:
    """Six rows through the loop's own pass, compiled."""
    learner = engine.learner
    rows = rows_of(learner)
    # On a CPU a compiler takes minutes beside others, and tests of its own have it.
    settings = replace(TUNED_CUDA, items=1, compiled=place.on_device)
    kernel = kernel_on(learner.device)
    record.holds("the device has the kernel", kernel is not None, of_a_device=True)
    attends = learner.checks.attends_within_items(settings.pack, kernel)
    record.holds("the check of the model lets items attend by it", attends)
    counters.clear()
    loss_pass = make_loss_pass(learner, [example for row in rows for example in row], settings)
    record.equal("what the loop says of it", " ".join(loss_pass.notes) or "nothing", "nothing")
    is_compiled = loss_pass.compiled is not None
    record.holds("the blocks are compiled", is_compiled, of_a_device=True)
    graphs = compare_rows(learner, loss_pass, rows, record)
    record.figure("graphs after each row", graphs)
    record.equal("graphs compiled after the first row", graphs[-1] - graphs[0], 0, of_a_device=True)
    record.figure("graph breaks", dict(counters["graph_break"]))
    breaks = counters["graph_break"].total()
    record.equal("graph breaks", breaks, 0, of_a_device=True)
    look_at_kernels(learner, loss_pass, rows[0], record)


def compare_rows(
    learner: Learner,
    loss_pass: LossPass,
    rows: Sequence[tuple[Example, ...]],
    record: Record,
) -> list[int]:
    """With the same model in fp64, each item alone; how many graphs there were after each row."""
    exact = copy.deepcopy(learner.model).double()
    errors, gradient_errors, leaks, graphs = [], [], [], []
    for row in rows:
        found, wanted = read_row(learner, loss_pass, row), read_alone(exact, row)
        graphs.append(counters["stats"]["unique_graphs"])
        errors.append(relative_error(found.losses, wanted.losses))
        gradient_errors.append(relative_error(found.gradients, wanted.gradients))
        if len(row) > 1:
            leaking = without_seams(read_alone(exact, [joined(row)]).losses, row)
            leaks.append(relative_error(leaking, wanted.losses))
    record.at_most("losses of a row from fp64, each item alone", max(errors), MODEL_ROUNDED)
    record.at_most("gradients of a row from fp64", max(gradient_errors), GRADIENT_ROUNDED)
    record.at_least("a leak in the model would be off by", min(leaks), LEAK, of_a_device=True)
    return graphs


def rows_of(learner: Learner) -> list[tuple[Example, ...]]:
    """Items of the lengths of SHAPES, cut from texts as the model knows them."""
    texts = map(format_problem, load_problems("builtin", limit=100, seed=0))
    tokens = chain.from_iterable(map(learner.vocabulary.ids, texts))
    return [
        tuple(Example(0, "", tuple(islice(tokens, length)), 1, 1, False) for length in lengths)
        for lengths in SHAPES
    ]


def joined(row: Sequence[Example]) -> Example:
    """All items as if they were one, each of which sees those before."""
    return Example(0, "", tuple(token for item in row for token in item.ids), 1, 1, False)


def without_seams(losses: Tensor, row: Sequence[Example]) -> Tensor:
    """Without the losses that the first token of an item has in a row of one."""
    ends = torch.tensor([len(item.ids) for item in row]).cumsum(0)[:-1] - 1
    kept = torch.ones(len(losses), dtype=torch.bool)
    kept[ends] = False
    return losses.cpu()[kept]


def read_row(learner: Learner, loss_pass: LossPass, row: tuple[Example, ...]) -> Read:
    """As a step of a loop reads it."""
    batch = learner.send(make_batch([row], TUNED_CUDA, learner.vocabulary))
    learner.model.train()
    with learner.autocast(), loss_pass.in_use():
        loss, losses = loss_pass(batch, batch.counted)
    gradients = gradients_of(learner.model, loss)
    return Read(losses.flatten()[batch.labelled], gradients)


def read_alone(model: PreTrainedModel, row: Sequence[Example]) -> Read:
    """Each item in a forward pass of its own; the loss is the mean over all labels."""
    losses = torch.cat([label_losses(model, item) for item in row])
    return Read(losses, gradients_of(model, losses.mean()))


def label_losses(model: PreTrainedModel, item: Example) -> Tensor:
    input_ids = torch.tensor([item.ids], device=model.device)
    logits = model(input_ids=input_ids, use_cache=False).logits
    return F.cross_entropy(logits[0, :-1], input_ids[0, 1:], reduction="none")


def gradients_of(model: PreTrainedModel, loss: Tensor) -> Tensor:
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, weights)])


def look_at_kernels(
    learner: Learner, loss_pass: LossPass, row: tuple[Example, ...], record: Record
) -> None:
    """One kernel a block for all items, whatever torch calls it."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        read_row(learner, loss_pass, row)
    calls = {
        event.key: event.count
        for event in profiler.key_averages()
        if "varlen" in event.key or "flash_attention_forward" in event.key
    }
    record.figure("attention kernels", calls)
    layers = learner.model.config.num_hidden_layers
    most = max(calls.values(), default=0)
    record.equal("calls of the kernel in a pass", most, layers, of_a_device=True)
