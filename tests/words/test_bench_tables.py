"""The bench's tables, from figures that can be checked by hand."""

from dataclasses import replace

import pytest

from tests.headless.conftest import obeyed_characters
from tests.reports.test_bench_figures import measured
from tui_trainer.reports.bench import Failed, Machine, Prepared
from tui_trainer.reports.bench_figures import LoopFigures, gather
from tui_trainer.reports.bench_result import BenchHead, conclude
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.words.bench_tables import format_flops, report_lines

PREPARED = Prepared(
    name="tiny\x1b[2J",
    architecture="Qwen3ForCausalLM",
    parameters=149_728,
    device="cpu",
    source="random:tiny",
    flops_per_token=1e6,
    epoch_tokens=1000,
    peaks={"fp32": 2.914e11, "bf16": 1.5e11},
    held_out_loss=8.3408,
    machine=Machine("Fast\x1b[2J CPU", 4, 2, None, "Linux x86_64", "3.11.7", "2.13.0"),
)
HEAD = BenchHead(
    started="2026-01-02T03:04:05+00:00",
    machine=PREPARED.machine,
    model=PREPARED.name,
    architecture=PREPARED.architecture,
    parameters=PREPARED.parameters,
    device=PREPARED.device,
    precision="auto",
    settings=BenchSettings(rounds=2),
    peaks=PREPARED.peaks,
    held_out_loss_before=PREPARED.held_out_loss,
)
NOTEBOOK = gather("notebook", 2, [measured("notebook", 1000), measured("notebook", 2000)])
TUTORIAL = gather("tutorial", 2, [measured("tutorial", 4000), measured("tutorial", 2000)])
FAILED = gather("trainer", 2, [measured("trainer", 4000), Failed("trainer", "It did not end.")])


def lines_of(*figures: LoopFigures) -> list[str]:
    return list(report_lines(conclude(HEAD, PREPARED, figures)))


def test_speed_phases_held_out_loss_and_ratios() -> None:
    lines = lines_of(NOTEBOOK, TUTORIAL)
    assert lines[0] == "tiny␛[2J: Qwen3ForCausalLM, 149,728 parameters, cpu, precision auto"
    assert lines[1] == (
        "builtin: the first 2,000 items, the next 20 held out; 2 rounds of 10 s a loop"
    )
    assert lines[2] == "2026-01-02 03:04, Fast␛[2J CPU, 4 cores, 2 threads, torch 2.13.0"
    assert lines[3] == "peak of a matrix product: fp32 291 GFLOP/s, bf16 150 GFLOP/s"
    assert [line.split() for line in lines[5:8]] == [
        [
            *[
                "loop",
                "runs",
                "compute",
                "tokens/s",
                "lowest",
                "highest",
                "of",
                "peak",
                "peak",
                "memory",
            ]
        ],
        ["notebook", "2/2", "fp32", "1,500", "1,000", "2,000", "0.5%", "2.0", "MB"],
        ["tutorial", "2/2", "fp32", "3,000", "2,000", "4,000", "1.0%", "4.0", "MB"],
    ]
    assert lines[10].split() == [
        *("notebook", "1.0", "2.0", "1,500.0", "4.0", "5.0", "1,512.0", "150"),
    ]
    assert lines[13] == "before training: 8.3408 nats a token"
    assert lines[15].split() == ["notebook", "2.0000", "1.0", "100", "-", "-", "-"]
    assert lines[18].split() == ["warm-up,", "not", "timed", "seconds", "steps", "tokens"]
    assert lines[19].split() == ["notebook", "250.0", "2", "20"]
    assert lines[-1] == "tutorial / notebook       2.50 times the tokens/s (1.00 to 4.00)"
    assert max(map(len, lines)) <= 80


def test_a_bench_says_that_it_was_deterministic() -> None:
    result = conclude(replace(HEAD, deterministic=True), PREPARED, [NOTEBOOK])
    assert next(iter(report_lines(result))).endswith(", cpu, precision auto, deterministic")


@pytest.mark.parametrize("order", [1, -1])
def test_no_ratio_to_a_loop_that_failed_in_one_round(order: int) -> None:
    lines = lines_of(*(NOTEBOOK, TUTORIAL, FAILED)[::order])
    failed = next(line.split() for line in lines if line.startswith("trainer  "))
    assert failed == ["trainer", "1/2", "failed", *"-----"]
    ratios = {line[:25].strip(): line[26:] for line in lines if " / " in line}
    assert ratios["trainer / notebook"] == "no ratio: one of them failed"
    assert ratios["tutorial / trainer"] == "no ratio: one of them failed"
    assert ratios["tutorial / notebook"].startswith("2.50 times")
    assert lines[-1] == "trainer failed: It did not end."


def test_where_all_failed_there_are_no_empty_tables() -> None:
    lines = lines_of(gather("notebook", 2, [Failed("notebook", "No.")]))
    assert len(lines) == 8
    assert lines[-1] == "notebook failed: No."


def test_hostile_text_is_made_visible() -> None:
    lines = lines_of(NOTEBOOK, FAILED)
    assert obeyed_characters("\n".join(lines)) == set()


def test_peaks_have_a_unit_that_fits() -> None:
    assert format_flops(2.914e11) == "291 GFLOP/s"
    assert format_flops(7.9e14) == "790 TFLOP/s"


def test_loops_that_had_fewer_threads_than_the_machine_are_told() -> None:
    def rounds(loop: str, *threads: int) -> LoopFigures:
        return gather(loop, 2, [replace(measured(loop, 1000), threads=n) for n in threads])

    told = "fewer threads, since others use this machine: tutorial 2 1"
    assert told in lines_of(rounds("notebook", 2, 2), rounds("tutorial", 2, 1))
    assert not any("fewer threads" in line for line in lines_of(rounds("notebook", 2, 2)))
