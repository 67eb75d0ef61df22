"""docs/gpu.md says what the shapes say."""

from pathlib import Path

import pytest
import torch

from tui_trainer.engine.loop.memory_page import page, row
from tui_trainer.engine.loop.usual_needs import update_bytes
from tui_trainer.engine.memory.dry_model import DryModel
from tui_trainer.engine.models.shapes import shape_config
from tui_trainer.words.numbers import gigabytes

DOCS = Path(__file__).parents[3] / "docs" / "gpu.md"


@pytest.mark.long
def test_the_page_is_up_to_date() -> None:
    """`make docs` writes it."""
    assert DOCS.read_text() == page(shape_config("qwen3-1.7b", None))


@pytest.mark.long
def test_an_update_on_step_needs_what_the_page_says() -> None:
    dry = DryModel.of(shape_config("qwen3-1.7b", None), "mixed")
    needed = update_bytes(dry, torch.device("cuda"))
    assert row("an update on Step", gigabytes(needed), "16") in DOCS.read_text()
