"""From logits to the next token: temperature, then top-k, then top-p, then the choice.

The steps are those of Hugging Face's `generate`, in its order, and top-p is nucleus sampling
(Holtzman et al. 2020). All of it is done in fp64 on the CPU, so that a seed gives the same token
on every device that gives the same logits.
"""

import math

import torch
from torch import Tensor

from tui_trainer.engine.finite import check_numbers
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.reports.generation import SamplingStep
from tui_trainer.reports.predictions import Candidate
from tui_trainer.settings.sampling import Sampling


def keep_top_k(logits: Tensor, k: int) -> Tensor:
    """`logits` [vocabulary] with all below the k-th largest at -inf; ties with it stay."""
    smallest = logits.topk(min(k, len(logits))).values[-1]
    return logits.masked_fill(logits < smallest, -math.inf)


def keep_top_p(logits: Tensor, p: float) -> Tensor:
    """`logits` [vocabulary] with at -inf all that the more likely ones reach `p` without."""
    order = best_first(logits)
    sorted_p = logits[order].softmax(dim=-1)
    before = sorted_p.cumsum(dim=-1) - sorted_p  # the sum of all that are more likely
    before[0] = 0.0  # the most likely one always stays
    return logits.index_fill(0, order[before >= p], -math.inf)


def best_first(logits: Tensor) -> Tensor:
    """The IDs from the largest of `logits` [vocabulary] down; the smaller ID first of a tie."""
    return logits.argsort(descending=True, stable=True)


def apply_steps(logits: Tensor, sampling: Sampling) -> dict[str, Tensor]:
    """The logits [vocabulary], fp64 on the CPU, as they are after each step; -inf where cut."""
    raw = logits.detach().cpu().double()  # in this order: not every device has fp64
    scaled = raw / sampling.temperature
    kept = scaled if sampling.top_k is None else keep_top_k(scaled, sampling.top_k)
    nucleus = kept if sampling.top_p == 1 else keep_top_p(kept, sampling.top_p)
    return {"softmax": raw, "temperature": scaled, "top-k": kept, "top-p": nucleus}


def describe_steps(
    logits: Tensor, sampling: Sampling, vocabulary: Vocabulary, top: int
) -> tuple[SamplingStep, ...]:
    """What each step leaves of `logits` [vocabulary]: how many, and the `top` most likely."""
    steps = apply_steps(logits, sampling)
    ids = best_first(steps["softmax"])[:top]
    return tuple(
        SamplingStep(
            name=name,
            survivors=int((step > -math.inf).sum()),
            candidates=_candidates(step, ids, vocabulary),
        )
        for name, step in steps.items()
    )


def _candidates(logits: Tensor, ids: Tensor, vocabulary: Vocabulary) -> tuple[Candidate, ...]:
    rows = zip(
        ids.tolist(), logits[ids].tolist(), logits.softmax(dim=-1)[ids].tolist(), strict=True
    )
    return tuple(Candidate(i, vocabulary.text_of(i), p, x) for i, x, p in rows if x > -math.inf)


def choose(logits: Tensor, sampling: Sampling, count: int) -> tuple[int, float, float | None]:
    """The ID of the next token after `logits` [vocabulary], its p, and the draw that chose it.

    `count` says how many were generated before: the draw depends on it and on the seed alone, so
    that a token undone and sampled again is the same one. The draw picks the first token, best
    first, at which the sum of the probabilities passes it. InputError where the logits hold NaN.
    """
    check_numbers(logits)
    steps = apply_steps(logits, sampling)
    if sampling.greedy:
        p = steps["softmax"].softmax(dim=-1)
        best = int(best_first(steps["softmax"])[0])
        return best, p[best].item(), None
    p = steps["top-p"].softmax(dim=-1)
    order = best_first(steps["top-p"])
    draw = draw_number(sampling.seed, count)
    reached = p[order].cumsum(dim=-1)
    place = int((reached <= draw).sum())
    last = int((p > 0).sum()) - 1  # a sum rounded to below 1 must not choose what was cut
    chosen = int(order[min(place, last)])
    return chosen, p[chosen].item(), draw


def draw_number(seed: int, count: int) -> float:
    """The number [0, 1) that chooses the token after `count` generated ones."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count + 1, generator=generator, dtype=torch.float64)[count].item()
