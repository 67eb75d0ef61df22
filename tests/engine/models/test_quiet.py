"""Libraries draw nothing on a screen that is not theirs."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import tqdm

from tui_trainer.engine.models.quiet import silence_libraries

SCRIPT = """
import logging, sys, warnings
records = []

class Keep(logging.Handler):
    def emit(self, record):
        records.append(record.getMessage())

logging.basicConfig(handlers=[Keep()], level=logging.INFO)
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.progress import Progress
from tui_trainer.settings.model import ModelChoice

engine = Engine(Progress(lambda _: None))
engine.load_model(ModelChoice(sys.argv[1], "cpu", "fp32"))
engine.update("def hello")
engine.learner.model.save_pretrained(sys.argv[2])

from tqdm.auto import tqdm
import tqdm as bars
for _ in [*tqdm([1, 2]), *bars.tqdm([1]), *bars.trange(3)]:
    pass
warnings.warn("a warning of a library")
logging.getLogger("transformers.anything").warning("a record of transformers")
logging.getLogger("huggingface_hub.anything").warning("a record of the Hub's client")
for said in ("a warning of a library", "a record of transformers", "a record of the Hub's client"):
    assert any(said in record for record in records), (said, records)
"""


def test_a_model_loads_and_trains_without_a_byte_on_the_terminal(
    model_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(model_folder("Qwen3")), str(tmp_path / "saved")],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == ("", "")
    assert ended.returncode == 0


def test_it_may_be_asked_for_as_often_as_engines_are_made() -> None:
    """Each time a bar was one call more to make, up to Python's limit of them."""
    for _ in range(sys.getrecursionlimit() + 100):
        silence_libraries()
    assert tqdm.tqdm(range(3)).disable
