"""Temperature, top-k and top-p against plain torch and against transformers' own warpers."""

import math
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.generation.sampling import apply_steps, choose, describe_steps, draw_number
from tui_trainer.errors import InputError
from tui_trainer.settings.sampling import Sampling

LOGITS = torch.tensor([2.0, 0.0, 1.0, -1.0, 1.0])
SETTINGS = [
    Sampling(temperature=0.7),
    Sampling(temperature=2.0, top_k=5),
    Sampling(top_p=0.9),
    Sampling(temperature=0.3, top_k=50, top_p=0.5),
    Sampling(temperature=5.0, top_k=1000, top_p=0.99),
    Sampling(top_k=1, top_p=0.01),
]


def real_logits(engine: Engine) -> torch.Tensor:
    """The logits [vocabulary] after the notebook's string."""
    learner = engine.learner
    with torch.no_grad():
        return learner.model(learner.input_ids(NOTEBOOK_TEXT)).logits[0, -1]


@pytest.mark.parametrize("sampling", SETTINGS)
def test_each_step_equals_transformers_own(qwen3: Engine, sampling: Sampling) -> None:
    logits = 3 * real_logits(qwen3)  # random weights give a distribution that is nearly flat
    warpers = LogitsProcessorList([TemperatureLogitsWarper(sampling.temperature)])
    steps = apply_steps(logits, sampling)
    ids = torch.LongTensor([[0]])
    scores = torch.DoubleTensor([logits.tolist()])
    assert torch.equal(steps["softmax"], logits.double())
    assert torch.equal(steps["temperature"], warpers(ids, scores)[0])
    if sampling.top_k is not None:
        warpers.append(TopKLogitsWarper(sampling.top_k))
    assert torch.equal(steps["top-k"], warpers(ids, scores)[0])
    if sampling.top_p < 1:
        warpers.append(TopPLogitsWarper(sampling.top_p))
    assert torch.equal(steps["top-p"], warpers(ids, scores)[0])


@given(
    logits=st.lists(st.integers(-8, 8), min_size=1, max_size=30),
    top_k=st.integers(1, 40),
    top_p=st.floats(0.01, 0.99),
)
@settings(max_examples=200, deadline=None)
def test_the_survivors_are_those_of_transformers_ties_aside(
    logits: list[int], top_k: int, top_p: float
) -> None:
    row = torch.tensor(logits, dtype=torch.float64)
    row += torch.linspace(0, 0.01, len(row))  # of a tie at the edge of top-p each drops another
    steps = apply_steps(row, Sampling(top_k=top_k, top_p=top_p))
    ids = torch.LongTensor([[0]])
    warped = LogitsProcessorList([TopKLogitsWarper(top_k), TopPLogitsWarper(top_p)])(ids, row[None])
    assert (steps["top-p"] > -math.inf).tolist() == (warped[0] > -math.inf).tolist()
    assert steps["top-p"].softmax(-1).sum().item() == pytest.approx(1)


def test_the_steps_are_told_one_by_one(qwen3: Engine) -> None:
    logits = real_logits(qwen3)
    sampling = Sampling(temperature=0.5, top_k=20, top_p=0.6)
    steps = describe_steps(logits, sampling, qwen3.learner.vocabulary, 8)
    assert [step.name for step in steps] == ["softmax", "temperature", "top-k", "top-p"]

    row = logits.double()
    scaled = row / 0.5
    kept = torch.full_like(scaled, -math.inf)
    kept[scaled.topk(20).indices] = scaled.topk(20).values
    p, ids = kept.softmax(-1).sort(descending=True)
    nucleus = kept.clone()
    size = next(n for n in range(1, 21) if p[:n].sum() >= 0.6)
    nucleus[ids[size:]] = -math.inf
    assert [step.survivors for step in steps] == [400, 400, 20, size]
    for step, by_hand in zip(steps, (row, scaled, kept, nucleus), strict=True):
        best = by_hand.softmax(-1).topk(min(8, step.survivors))
        assert [candidate.id for candidate in step.candidates] == best.indices.tolist()
        assert [c.p for c in step.candidates] == pytest.approx(best.values.tolist())
        assert [c.logit for c in step.candidates] == by_hand[best.indices].tolist()
        text_of = qwen3.learner.vocabulary.text_of
        assert [c.text for c in step.candidates] == [text_of(c.id) for c in step.candidates]


def test_top_k_keeps_what_ties_with_the_last_and_top_p_the_smaller_id() -> None:
    assert apply_steps(LOGITS, Sampling(top_k=2))["top-k"].tolist() == [
        2,
        -math.inf,
        1,
        -math.inf,
        1,
    ]
    p = LOGITS.double().softmax(-1)
    nucleus = apply_steps(LOGITS, Sampling(top_p=p[0].item() + 0.01))["top-p"]
    assert nucleus.tolist() == [2, -math.inf, 1, -math.inf, -math.inf]


def test_greedy_takes_the_most_likely_and_tells_its_softmax() -> None:
    sampling = Sampling(greedy=True, temperature=3, top_k=2)
    assert choose(LOGITS, sampling, 0) == (0, LOGITS.double().softmax(-1)[0].item(), None)
    assert choose(torch.tensor([0.0, 1.0, 1.0]), sampling, 0)[0] == 1


def test_a_draw_chooses_by_the_sums_of_the_probabilities() -> None:
    sampling = Sampling(greedy=False, temperature=2.0, top_k=3, seed=5)
    p, order = (LOGITS.double() / 2).softmax(-1).sort(descending=True, stable=True)
    p = p[:3] / p[:3].sum()
    for count in range(50):
        draw = draw_number(5, count)
        place = 0
        while p[: place + 1].sum() <= draw:
            place += 1
        token, token_p, told = choose(LOGITS, sampling, count)
        assert (token, told) == (order[place].item(), draw)
        assert token_p == pytest.approx(p[place].item())


def test_tokens_are_sampled_as_often_as_their_probabilities_say() -> None:
    sampling = Sampling(greedy=False, temperature=1.5)
    draws = 4000
    counts = Counter(choose(LOGITS, sampling, count)[0] for count in range(draws))
    p = (LOGITS.double() / 1.5).softmax(-1).tolist()
    for token, expected in enumerate(p):
        sigma = math.sqrt(expected * (1 - expected) / draws)
        assert counts[token] / draws == pytest.approx(expected, abs=4 * sigma)


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_draws_are_those_of_one_generator_one_after_another(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    one_by_one = [
        torch.rand((), generator=generator, dtype=torch.float64).item() for _ in range(70)
    ]
    assert [draw_number(seed, count) for count in range(70)] == one_by_one


def test_sampling_leaves_torchs_own_generator_alone() -> None:
    before = torch.get_rng_state()
    choose(LOGITS, Sampling(greedy=False), 3)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_draw_at_the_very_end_chooses_no_token_that_was_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui_trainer.engine.generation.sampling.draw_number", lambda *_: 1 - 2**-53)
    flat = torch.zeros(1000)
    flat[500:] = -1
    assert choose(flat, Sampling(greedy=False, top_k=500), 0)[0] == 499


def test_logits_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="diverged: press R"):
        choose(torch.tensor([0.0, math.nan]), Sampling(), 0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (partial(Sampling, temperature=0.0), "temperature must be from 0.01 to 100, not 0"),
        (partial(Sampling, temperature=math.nan), "temperature"),
        (partial(Sampling, top_k=0), "at least 1 token, not 0"),
        (partial(Sampling, top_p=0.0), "above 0 and at most 1, not 0"),
        (partial(Sampling, top_p=1.5), "not 1.5"),
        (partial(Sampling, seed=-1), "from 0 to 2"),
        (partial(Sampling, seed=2**63), "from 0 to 2"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    wrong: Callable[[], Sampling], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        wrong()
