"""SmolLM2, Qwen3's tokenizer and GSM8K: the seed's own numbers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.engine.notebook import assert_same_bits
from tests.exported import printed_losses
from tests.known import end
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.problem import format_problem
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.scoring import (
    cut_at_stop,
    flexible_answer,
    is_exact_match,
    strict_answer,
)
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.checkpoints import find_checkpoint
from tui_trainer.runs.home import run_folders
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def trained(smollm2: str) -> Engine:
    engine = Engine(Progress(lambda _: None))
    # Bits are compared: as many threads however busy the machine is.
    choice = ModelChoice(smollm2, "cpu", "fp32", threads=torch.get_num_threads())
    engine.load_model(choice)
    return engine


def test_qwen3_splits_the_notebooks_string_into_four(engine: Engine, qwen3_tokenizer: str) -> None:
    tokenized = engine.tokenize(NOTEBOOK_TEXT, qwen3_tokenizer)
    assert tokenized.shape == (1, 4)
    assert tokenized.input_ids == (750, 23811, 3932, 853)
    assert [token.text for token in tokenized.tokens] == ["def", " hello", "():\n", "\treturn"]
    assert [token.bytes for token in tokenized.tokens] == [b"def", b" hello", b"():\n", b"\treturn"]


def test_qwen3_keeps_every_byte_of_gsm8k(engine: Engine, qwen3_tokenizer: str, gsm8k: Path) -> None:
    for problem in load_problems(str(gsm8k / "test.jsonl"), limit=50):
        text = format_problem(problem)
        tokens = engine.tokenize(text, qwen3_tokenizer).tokens
        assert b"".join(token.bytes for token in tokens) == text.encode()


def test_gsm8k_has_all_its_items(gsm8k: Path) -> None:
    assert len(load_problems(str(gsm8k / "train.jsonl"))) == 7473
    assert len(load_problems(str(gsm8k / "test.jsonl"))) == 1319


def test_scoring_of_ten_real_items_follows_the_harness(gsm8k: Path) -> None:
    """Each item's own answer, written as models write it: what strict and flexible say of it."""
    problems = load_problems(str(gsm8k / "test.jsonl"))
    commas = [problem for problem in problems if "," in problem.answer.rpartition("#### ")[2]]
    for problem in [*problems[:7], *commas[:3]]:
        number = problem.answer.rpartition("#### ")[2]
        plain = number.replace(",", "")
        for text, strict_right, flexible_right in (
            (problem.answer, True, True),
            (f" So.\n#### {plain}", True, True),
            (f"#### {number}.", True, True),
            (f"#### {number}\n\nThen 3.5 more", True, False),
            (f"The answer is ${plain}.", False, True),
            (f"#### ${number}", False, True),
            (f"#### -{number}", False, False),
            (f"#### {plain}1", False, False),
            ("No number at all", False, False),
        ):
            assert is_exact_match(strict_answer(text), problem.answer) is strict_right, text
            assert is_exact_match(flexible_answer(text), problem.answer) is flexible_right, text
        run_on = f" So.\n#### {number}\n\nQuestion: How many is 3 + 4?\nAnswer: 7"
        assert is_exact_match(flexible_answer(cut_at_stop(run_on)[0]), problem.answer)
        assert not is_exact_match(flexible_answer(run_on), problem.answer)


def test_smollm2s_losses_on_the_notebooks_string(trained: Engine) -> None:
    status = trained.status()
    assert status is not None
    assert (status.model.architecture, status.model.parameters) == ("LlamaForCausalLM", 134_515_008)
    losses = [trained.update(NOTEBOOK_TEXT).loss for _ in range(4)]
    assert losses == pytest.approx([5.91, 5.17, 4.51, 3.95], abs=0.03)
    trained.reload()
    assert trained.update(NOTEBOOK_TEXT).loss == losses[0]


def test_a_checkpoint_of_a_gguf_model_loads_in_plain_transformers(trained: Engine) -> None:
    reports = trained.train(TrainSettings(items=2), record=True)
    next(reports)
    trained.save()
    end(reports)
    folder = find_checkpoint(run_folders()[0].name)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert_same_bits(model.parameters(), trained.learner.model.parameters())
    assert AutoTokenizer.from_pretrained(folder)(NOTEBOOK_TEXT).input_ids


def test_an_export_of_smollm2_prints_the_same_losses(
    trained: Engine, gsm8k: Path, tmp_path: Path
) -> None:
    trained.reload()
    losses = [trained.update(NOTEBOOK_TEXT).loss]
    settings = TrainSettings(problems=str(gsm8k / "train.jsonl"), items=1)
    losses += [report.loss for report in trained.train(settings) if isinstance(report, StepReport)]
    target = tmp_path / "a.ipynb"
    assert trained.export(str(target)).files == (str(target),)
    assert printed_losses([target]) == {target: losses}


def test_twenty_items_of_gsm8k_on_smollm2_headless(smollm2: str, gsm8k: Path) -> None:
    command = [sys.executable, "-m", "tui_trainer.cli", "gsm8k", "--model", smollm2]
    command += ["--problems", str(gsm8k / "train.jsonl"), "--items", "20", "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=280)
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    steps = [line for line in lines if "event" not in line]
    assert [step["step"] for step in steps] == list(range(1, 21))
    assert all(0.3 < step["loss"] < 4 for step in steps)
    assert all(50 < step["tokens"] < 543 for step in steps)
