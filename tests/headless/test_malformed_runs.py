"""Malformed files of a run: every command tells them in one line, with status 2."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.headless.conftest import Ended
from tests.runs.malformed import malformed_files
from tui_trainer.runs.checkpoints import checkpoint_folders
from tui_trainer.runs.home import METRICS_FILE, RUN_FILE
from tui_trainer.runs.listing import list_runs
from tui_trainer.runs.training_facts import TRAINING_FILE


@pytest.mark.long
def test_the_commands_tell_it_in_one_line(
    program: Callable[..., Ended], tiny: str, tmp_path: Path
) -> None:
    program("gsm8k", "--items", "3", "--checkpoint-every", "2", "--model", tiny, "--json")
    (found,), _ = list_runs()
    run, draw = found.folder, random.Random(0)
    first = checkpoint_folders(run)[0]
    for path in (run / RUN_FILE, run / METRICS_FILE, first / TRAINING_FILE):
        whole, texts = path.read_bytes(), list(malformed_files(path))
        for text in draw.sample(texts, 60):
            path.write_bytes(text)
            for arguments in (
                ("runs", "--json"),
                ("runs", "show", run.name),
                ("runs", "export", run.name, "--csv", str(tmp_path / "x.csv")),
                ("gsm8k", "--resume", str(first), "--no-run", "--json"),
            ):
                ended = program(*arguments)
                assert ended.status in (0, 2)
                assert ended.status == 0 or (ended.out, ended.err.count("\n")) == ("", 1)
                (tmp_path / "x.csv").unlink(missing_ok=True)
        path.write_bytes(whole)
