"""Benches written to disk as the program writes them, with nothing measured."""

from dataclasses import replace
from pathlib import Path

from tui_trainer.reports.bench import Machine, Phases
from tui_trainer.reports.bench_figures import Spread
from tui_trainer.reports.bench_result import BenchHead, BenchResult, LoopResult, Moment
from tui_trainer.runs.benches import keep_bench
from tui_trainer.settings.bench import BenchSettings

MACHINE = Machine("Fast CPU", 4, 2, None, "Linux x86_64", "3.11.7", "2.13.0")
HEAD = BenchHead(
    started="2026-01-02T03:04:05+00:00",
    machine=MACHINE,
    model="builtin",
    architecture="Qwen3ForCausalLM",
    parameters=4_275_808,
    device="cpu",
    precision="auto",
    settings=BenchSettings(seconds=5.0),
    peaks={"fp32": 2.9e11, "bf16": 1.5e11},
    held_out_loss_before=1.5,
)


MOMENT = Moment(1.25, 9_000, 5.0)


def loop_result(
    loop: str, rate: float, ratios: dict[str, Spread] | None = None, equal_time: Moment = MOMENT
) -> LoopResult:
    """A loop that ran three times."""
    return LoopResult(
        loop=loop,
        model="builtin",
        parameters=4_275_808,
        device="cpu",
        rounds=3,
        runs=3,
        failed=None,
        precision="fp32",
        tokens_per_second=rate,
        tokens_per_second_low=rate - 50,
        tokens_per_second_high=rate + 50,
        step_tokens=190.0,
        step_ms=21.5,
        phases_ms=Phases(1.5, 7.0, 9.0, 3.0, 1.0),
        peak_memory_bytes=640_000_000,
        fraction_of_peak=0.125,
        peak_flops=2.9e11,
        held_out_loss_before=1.5,
        held_out_equal_time=equal_time,
        held_out_equal_tokens=Moment(1.375, 4_000, 2.5),
        ratios=ratios or {},
    )


def failed_loop(loop: str, why: str) -> LoopResult:
    return LoopResult(loop, "builtin", 4_275_808, "cpu", 3, 1, why)


RATIOS = {"tuned": Spread(0.25, 0.2, 0.3)}, {"notebook": Spread(4.0, 3.5, 4.5)}
RESULT = BenchResult(
    HEAD,
    (
        loop_result("notebook", 1_000.0, ratios=RATIOS[0]),
        loop_result("tuned", 4_000.0, ratios=RATIOS[1]),
        failed_loop("trainer", "It ran out of memory."),
    ),
)


def write_bench(day: int = 2, result: BenchResult = RESULT, *, model: str | None = None) -> Path:
    """A bench of that day of January 2026, of the model that the result names unless another is."""
    started = f"2026-01-{day:02}T03:04:05+00:00"
    head = replace(result.head, started=started, model=model or result.head.model)
    return keep_bench(replace(result, head=head))
