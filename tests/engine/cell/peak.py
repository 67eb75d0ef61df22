"""The most that a process holds in two updates: `python -m tests.engine.cell.peak notebook|app`.

The model is SmolLM2-135M's shape in bf16. In the app's process memory has room for the notebook's
cell, and for nothing beside it.
"""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from unittest.mock import patch

import torch
import torch.nn.functional as F

from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine import process_memory
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.models.shapes import random_model, shape_config
from tui_trainer.reports.progress import Progress
from tui_trainer.settings.model import ModelChoice

SHAPE, PRECISION, TOKENS, UPDATES = "smollm2-135m", "bf16", 10, 2
ASKED_IN = "memory.room", "memory.ample", "models.devices"


def notebook() -> None:
    """The cell and the prediction after it, by hand."""
    model = random_model(shape_config(SHAPE, 0), torch.bfloat16)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    ids = torch.arange(TOKENS)[None]
    for _ in range(UPDATES):
        model.train()
        logits = model(input_ids=ids, use_cache=False).logits
        loss = F.cross_entropy(logits[0, :-1].float(), ids[0, 1:])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        model.eval()
        with torch.no_grad():
            model(input_ids=ids, use_cache=False)


def app() -> None:
    """Updates on Step, where the host has what the cell needs and no more."""
    total = 0

    def free(_: torch.device) -> int:
        return max(0, total - process_memory.held())

    engine = Engine(Progress(lambda _: None))
    with ExitStack() as patched:
        for module in ASKED_IN:
            patched.enter_context(patch(f"tui_trainer.engine.{module}.free_memory", free))
        engine.load_model(ModelChoice(f"random:{SHAPE}", "cpu", PRECISION))
        learner = engine.learner
        need = learner.update_need(learner.input_ids(NOTEBOOK_TEXT).shape[1])
        total = process_memory.held() + round(1.02 * need.most(moments_held=False))
        assert all(engine.update(NOTEBOOK_TEXT).note for _ in range(UPDATES))


if __name__ == "__main__":
    which: dict[str, Callable[[], None]] = {"notebook": notebook, "app": app}
    which[sys.argv[1]]()
    print(process_memory.peak())
