"""Where the monkey plays: folders of its own, no network, a tiny model."""

import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import NoReturn

from tests.models import save_model


@contextmanager
def on_a_ground_of_its_own() -> Iterator[str]:
    """The path of a model; what is written by a relative path is thrown away with the rest.

    So it is where SIGTERM ends the process, whatever that is at.
    """
    with tempfile.TemporaryDirectory(prefix="tui-trainer-monkey-") as name, chdir(name):
        os.environ |= {
            "XDG_DATA_HOME": f"{name}/data",
            "XDG_STATE_HOME": f"{name}/state",
            "HF_HUB_OFFLINE": "1",
            "HF_HOME": f"{name}/hub",
        }
        signal.signal(signal.SIGTERM, lambda number, _: leave(name, number))
        logging.basicConfig(handlers=[logging.NullHandler()], force=True)
        yield str(save_model("Qwen3", Path(name) / "model"))


def leave(ground: str, number: int) -> NoReturn:
    shutil.rmtree(ground, ignore_errors=True)
    os._exit(128 + number)
