"""The steps that a key moves temperature, top-k and top-p by."""

from collections.abc import Callable
from dataclasses import replace

from tui_trainer.settings.sampling import LARGEST_SEED, Sampling

TEMPERATURES = (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0)
TOP_KS = (1, 2, 3, 5, 10, 20, 50, 100, 200)
TOP_PS = (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)


def change_temperature(sampling: Sampling, up: bool) -> Sampling:
    return replace(sampling, temperature=_next(TEMPERATURES, sampling.temperature, up))


def change_top_k(sampling: Sampling, up: bool) -> Sampling:
    """One step; above the largest is 'all of them'."""
    if sampling.top_k is None:
        return sampling if up else replace(sampling, top_k=TOP_KS[-1])
    if up and sampling.top_k >= TOP_KS[-1]:
        return replace(sampling, top_k=None)
    return replace(sampling, top_k=int(_next(TOP_KS, sampling.top_k, up)))


def change_top_p(sampling: Sampling, up: bool) -> Sampling:
    return replace(sampling, top_p=_next(TOP_PS, sampling.top_p, up))


def change_seed(sampling: Sampling, up: bool) -> Sampling:
    seed = sampling.seed + (1 if up else -1)
    return replace(sampling, seed=max(0, min(seed, LARGEST_SEED)))


def _next(ladder: tuple[float, ...], value: float, up: bool) -> float:
    """The nearest step above or below `value`; the last one where there is none."""
    if up:
        return next((step for step in ladder if step > value), ladder[-1])
    return next((step for step in reversed(ladder) if step < value), ladder[0])


CHANGES: dict[str, Callable[[Sampling, bool], Sampling]] = {
    "temperature": change_temperature,
    "top-k": change_top_k,
    "top-p": change_top_p,
    "seed": change_seed,
}
