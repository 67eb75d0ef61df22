"""The bench's arithmetic on numbers that can be checked by hand."""

import dataclasses

import pytest

from tui_trainer.engine.bench.side import Reply, read_reply, written
from tui_trainer.reports.bench import Failed, HeldOut, Measured, Phases, WarmUp
from tui_trainer.reports.bench_figures import (
    MOST_EPOCHS,
    Spread,
    best_precision,
    epochs_needed,
    flops_per_token,
    fraction_of_peak,
    gather,
    ratio,
    slowest_tokens,
)


def measured(loop: str, rate: float, loss: float = 2.0, tokens: int = 100) -> Measured:
    return Measured(
        loop=loop,
        precision="fp32",
        tokens_per_second=rate,
        steps=5,
        step_tokens=rate / 10,
        phases=Phases(1.0, 2.0, rate, 4.0, 5.0),
        peak_memory_bytes=int(rate) * 1000,
        equal_time=HeldOut(loss, tokens, 1.0),
        equal_tokens=None,
        warm_up=WarmUp(rate / 4, 2, 20),
    )


def test_the_figures_of_a_loop_are_medians_with_their_spread() -> None:
    figures = gather("tuned", 3, [measured("tuned", rate) for rate in (50, 10, 20)])
    assert figures.tokens_per_second == Spread(20, 10, 50)
    assert figures.phases == Phases(1.0, 2.0, 20, 4.0, 5.0)
    assert figures.phases.step == 32
    assert figures.peak_memory_bytes == 50_000
    assert figures.warm_up == WarmUp(5.0, 2, 20)
    assert (figures.asked, len(figures.runs), figures.failed) == (3, 3, None)


def test_the_held_out_loss_is_that_of_one_run_with_its_own_tokens() -> None:
    runs = [measured("x", 1, loss, tokens) for loss, tokens in ((3.0, 30), (1.0, 10), (2.0, 20))]
    assert gather("x", 3, runs).equal_time == HeldOut(2.0, 20, 1.0)
    assert gather("x", 2, runs[:2]).equal_time == HeldOut(1.0, 10, 1.0)


def test_a_ratio_is_taken_round_by_round() -> None:
    # The second round was slow for both: 4 and 5 times, though the medians are 30 and 7.5.
    fast = gather("fast", 2, [measured("fast", 40), measured("fast", 20)])
    slow = gather("slow", 2, [measured("slow", 10), measured("slow", 4)])
    assert ratio(fast, slow) == Spread(4.5, 4, 5)


@pytest.mark.parametrize("failed_round", [0, 1])
def test_there_is_no_ratio_where_one_side_failed_in_any_round(failed_round: int) -> None:
    runs: list[Measured | Failed] = [measured("b", 1) for _ in range(failed_round)]
    failed = gather("b", 2, [*runs, Failed("b", "It ran out of memory.")])
    whole = gather("a", 2, [measured("a", 1), measured("a", 1)])
    assert ratio(whole, failed) is None
    assert ratio(failed, whole) is None
    assert (len(failed.runs), failed.failed) == (failed_round, "It ran out of memory.")


def test_flops_count_the_weights_and_the_attention_of_each_items_own_length() -> None:
    # An item of 10 tokens attends to 5 others on average, one of 20 to 10: by token 25/3.
    assert flops_per_token(1000, 2, 64, [10, 20]) == pytest.approx(6000 + 12 * 2 * 64 * 25 / 3)


def test_the_share_of_the_peak_is_by_the_dtype_that_computes() -> None:
    peaks = {"fp32": 1e9, "bf16": 4e9}
    assert fraction_of_peak(1000, 1e5, "fp32", peaks) == pytest.approx(0.1)
    assert fraction_of_peak(1000, 1e5, "mixed", peaks) == pytest.approx(0.025)
    assert fraction_of_peak(1000, 1e5, "bf16", peaks) == pytest.approx(0.025)


def test_the_peers_compute_in_bf16_where_that_is_faster() -> None:
    assert best_precision({"fp32": 1e9, "bf16": 4e9}) == "mixed"
    assert best_precision({"fp32": 3e11, "bf16": 1.5e11}) == "fp32"


def test_the_items_last_longer_than_the_fastest_loop_could_need() -> None:
    peaks = {"fp32": 1e9, "bf16": 4e9}
    # 4e9 / 1e5 = 40,000 tokens a second at most, four times 10 seconds, 100,000 tokens an epoch.
    assert epochs_needed(10, 1e5, peaks, 100_000) == 16
    assert epochs_needed(10, 1, peaks, 1) == MOST_EPOCHS


def test_the_slowest_loop_says_where_all_are_compared() -> None:
    runs: list[Measured | Failed] = [
        measured("a", 1, tokens=500),
        Failed("b", "No."),
        measured("c", 1, tokens=300),
    ]
    assert slowest_tokens(runs) == 300
    assert slowest_tokens([Failed("b", "No.")]) is None


def test_a_run_comes_out_of_its_process_as_it_was() -> None:
    run = measured("a", 3)
    assert read_reply(written(Reply(measured=run))).measured == run
    reached = dataclasses.replace(run, equal_tokens=HeldOut(float("inf"), 7, 0.5))
    assert read_reply(written(Reply(measured=reached))).measured == reached
