"""The steps themselves, on a CPU: that the script still runs when a device is there."""

import json
import sys
from pathlib import Path

import pytest

from tests.gpu import __main__ as script
from tests.gpu import lent_environment
from tests.gpu.steps import STEPS

NOT_ON_A_CPU = {"cuda_tests"}
"""Of which a CPU can say nothing at all."""


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_every_step_passes_on_a_cpu_or_says_that_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is installed but what the script needs."""
    monkeypatch.setattr(sys, "executable", str(lent_environment.make(tmp_path / "lent")))
    out = tmp_path / "out"
    status = script.main(["--device", "cpu", "--small", "--out", str(out)])
    lines = [json.loads(line) for line in (out / script.LINES).read_text().splitlines()]
    assert {line["step"]: line["passed"] for line in lines} == {
        step.name: None if step.name in NOT_ON_A_CPU else True for step in STEPS
    }
    assert status == 0
    packages = lines[0]["figures"]["packages"]
    assert [packages[name] for name in ("datasets", "trl", "textual", "plotext")] == [None] * 4
    assert json.loads((out / "profile.json").read_text())["operations"]
