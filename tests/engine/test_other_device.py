"""A device that torch does not know, with memory of its own and no fp64, does what a CPU does."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.long
@pytest.mark.timeout(400)
def test_what_can_be_done_with_a_model_is_the_same_on_another_device(
    model_folder: Callable[[str], Path],
) -> None:
    """In a process of its own: torch takes such a device for as long as it lives."""
    command = [sys.executable, "-m", "tests.engine.other_device", str(model_folder("Qwen3"))]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    other, cpu = map(json.loads, ended.stdout.splitlines())
    assert (other.pop("placed"), cpu.pop("placed")) == (["other:0", "fp32"], ["cpu", "fp32"])
    assert other["redone"]
    assert set(other) == set(cpu) >= {"updates", "fork", "tutorial", "tuned", "answers"}
    for name, found in other.items():
        assert found == (cpu[name] if name == "answers" else pytest.approx(cpu[name], rel=1e-5))
