"""Each side of a bench sees one card: Trainer would spread the model over all that it sees."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.cards import put_in
from tests.headless.test_bench import REPORT, drained
from tests.words.test_bench_tables import PREPARED
from tui_trainer.engine.bench import turns
from tui_trainer.engine.bench.one_device import seeing_alone
from tui_trainer.reports.bench_figures import LoopFigures
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.model import ModelChoice

VISIBLE, MASK = "CUDA_VISIBLE_DEVICES", "ZE_AFFINITY_MASK"


@pytest.fixture
def two_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    put_in(monkeypatch, 1, 2)
    put_in(monkeypatch, 1, 2, module=torch.xpu)
    for variable in (VISIBLE, MASK, "HIP_VISIBLE_DEVICES"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(
    ("given", "device", "alone"),
    [
        ({}, "cuda:1", {VISIBLE: "GPU-11-1"}),
        ({VISIBLE: "5,3"}, "cuda:0", {VISIBLE: "GPU-00-0"}),
        ({VISIBLE: "MIG-a, MIG-b"}, "cuda:1", {VISIBLE: "MIG-b"}),
        ({}, "xpu:1", {MASK: "1"}),
        ({MASK: "2,4"}, "xpu:1", {MASK: "4"}),
        ({}, "cpu", {}),
    ],
)
def test_of_two_cards_a_side_sees_the_one_by_its_uuid(
    two_cards: None,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str],
    device: str,
    alone: dict[str, str],
) -> None:
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    assert seeing_alone(torch.device(device)) == alone


def test_rocm_counts_its_cards(two_cards: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "hip", "7.0")
    assert seeing_alone(torch.device("cuda:1")) == {"HIP_VISIBLE_DEVICES": "1"}


@pytest.mark.parametrize("device", ["cuda:0", "cpu"])
def test_where_there_is_no_second_one_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    put_in(monkeypatch, 1)
    assert seeing_alone(torch.device(device)) == {}


SIDE = """
import json, os, sys
device = json.loads(sys.argv[1])["run"]["model"]["device"]
print(json.dumps({"failed": f"{device} of {os.environ.get('CUDA_VISIBLE_DEVICES')}"}))
"""


@pytest.mark.parametrize(
    ("environment", "said"), [({VISIBLE: "GPU-11-1"}, "cuda of GPU-11-1"), ({}, "auto of 7,8")]
)
def test_the_process_of_a_loop_has_it_in_its_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    (tmp_path / "tells_what_it_sees.py").write_text(SIDE)
    monkeypatch.setattr(turns, "SIDE", "tells_what_it_sees")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv(VISIBLE, "7,8")
    prepared = replace(PREPARED, device="cuda:1", environment=environment)
    settings = BenchSettings(rounds=2)
    side = turns.take_turns(ModelChoice(), settings, ["trainer"], prepared, REPORT, debug=False)
    figures = drained(side)
    assert isinstance(figures, list)
    assert [each.failed for each in figures if isinstance(each, LoopFigures)] == [said]
