"""What the steps measure with, tried on numbers that are known: each can also say no."""

import warnings
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch.autograd.profiler_util import FunctionEvent

from tests.gpu.process import ROOT
from tests.gpu.step import Place
from tests.gpu.steps.cuda_tests import counts_of, marked_files
from tests.gpu.steps.item_attention import causal_attention
from tests.gpu.steps.profile import Busy, busy_time
from tests.gpu.steps.syncs import TOLD, counted_waits
from tests.gpu.steps.versions import is_below, used_bytes

HERE = Place("cpu", small=True, folder=Path())


def kernel(start: float, end: float) -> FunctionEvent:
    return FunctionEvent(0, "kernel", 0, start, end)


def test_a_wait_is_counted_at_the_line_of_the_program_and_other_warnings_are_not() -> None:
    with counted_waits(HERE) as waits:
        for _ in range(2):
            warnings.warn(f"{TOLD} CUDA operation", stacklevel=1)
        warnings.warn("another", stacklevel=1)
    (place,) = waits
    assert place.rpartition(":")[0].endswith("test_instruments.py")
    assert waits.total() == 2


def test_what_kernels_of_two_streams_do_at_once_counts_once() -> None:
    kernels = [kernel(1000, 1500), kernel(0, 500), kernel(250, 500), kernel(1250, 2000)]
    assert busy_time(kernels) == Busy(kernels=4, busy_ms=1.5, span_ms=2.0, gap_share=0.25)


def test_attention_by_hand_is_that_of_torch() -> None:
    query, key, value = (torch.randn(1, heads, 9, 8, dtype=torch.float64) for heads in (4, 2, 2))
    wanted = F.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
    torch.testing.assert_close(causal_attention(query, key, value), wanted)


@pytest.mark.parametrize(
    ("found", "below"),
    [("2.11.0+cu130", False), ("2.9.1", True), ("3.0", False), ("2.12.0a0", False), (None, True)],
)
def test_versions_are_compared_by_their_numbers(found: str | None, below: bool) -> None:
    assert is_below(found, "2.11") is below


def test_what_others_hold_of_a_card_is_told_by_its_uuid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the driver's tool tells it; a card that is cut into parts has no figure of its own."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text('#!/bin/sh\necho "GPU-a1, 512"\necho "GPU-b2, [N/A]"\necho\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert used_bytes() == {"GPU-a1": 512 * 2**20}
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert used_bytes() == {}


def test_the_counts_of_all_suites_are_added(tmp_path: Path) -> None:
    suite = '<testsuite tests="3" failures="1" errors="0" skipped="{}"/>'
    (tmp_path / "r.xml").write_text(f"<testsuites>{suite.format(2)}{suite.format(0)}</testsuites>")
    assert counts_of(tmp_path / "r.xml") == {"tests": 6, "failures": 2, "errors": 0, "skipped": 2}


def test_the_files_with_tests_for_a_card_are_found() -> None:
    found = marked_files(ROOT / "tests")
    assert str(ROOT / "tests" / "engine" / "test_cuda.py") in found
    assert str(Path(__file__)) not in found
