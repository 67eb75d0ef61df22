"""What all tests share: no network, no home of the user's, and tiny models on disk."""

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.engines_begun import end_engines
from tests.hub.server import FakeHub

if TYPE_CHECKING:
    from tui_trainer.engine.engine import Engine

_HUB_HOME = tempfile.TemporaryDirectory(prefix="tui-trainer-hub-")
_HUB = FakeHub(Path(_HUB_HOME.name))

# Point the Hub's client at a server of ours before anything imports it and reads this once and for
# all. Not in pytest_configure: the conftest.py of a folder that is named on the command line, and
# what it imports, comes before that, though after this one.
_HUB.start()
os.environ |= _HUB.environment()
os.environ.pop("HF_TOKEN", None)
# A socket's path is short, and a test's own folder is not.
_PLACE = tempfile.TemporaryDirectory(prefix="tui-trainer-")
os.environ["XDG_RUNTIME_DIR"] = _PLACE.name
# To compile all tests takes each process four seconds, and to compile the program each one that a
# test starts: once, and not each time, though the environment may say that nothing is to be kept.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# A process that runs hundreds of tests holds a million objects that stay: looking at them as often
# as Python does by itself is a tenth of all tests.
gc.set_threshold(20_000, 10, 10)


def pytest_collection_finish() -> None:
    """The modules of all tests, and of torch, are there: none is ever garbage."""
    if "torch" in sys.modules:
        _keep_all_shapes()
    gc.freeze()


def _keep_all_shapes() -> None:
    """What a loop needs of memory, which is counted by running it dry, once for each of the tiny
    models: of the program's own few kept ones each is gone before it is asked for again."""
    from tui_trainer.engine.memory import dry_model  # noqa: PLC0415

    dry_model.KEPT = 1_000


def pytest_unconfigure() -> None:
    _HUB.stop()
    _HUB_HOME.cleanup()
    end_engines(Path(_PLACE.name))
    _PLACE.cleanup()


@pytest.fixture(autouse=True)
def runs_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's runs go; those of the user are never seen."""
    data = tmp_path_factory.mktemp("data")
    for what in ("DATA", "STATE", "CONFIG"):
        monkeypatch.setenv(
            f"XDG_{what}_HOME", str(data / what.lower()) if what != "DATA" else str(data)
        )
    return data / "tui-trainer" / "runs"


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the sockets of this test's engines are: no test is ever offered those of another."""
    folder = Path(tempfile.mkdtemp(dir=_PLACE.name))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    if any(folder.iterdir()):
        end_engines(folder)


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    """A Hub on loopback with nothing on it, and an empty cache; every process here asks it."""
    _HUB.reset()
    yield _HUB
    _HUB.reset()


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`model_folder("Qwen3")`: a tiny random model, made once; copy it before changing a file."""
    from tests.models import save_model  # noqa: PLC0415  # transformers takes its time

    @cache
    def make(architecture: str) -> Path:
        return save_model(architecture, tmp_path_factory.mktemp("models") / architecture)

    return make


@pytest.fixture
def engine() -> "Engine":
    from tui_trainer.engine.engine import Engine  # noqa: PLC0415
    from tui_trainer.reports.progress import Progress  # noqa: PLC0415

    return Engine(Progress(lambda _: None))


@pytest.fixture
def qwen3(engine: "Engine", model_folder: Callable[[str], Path]) -> "Engine":
    """An engine with a tiny random Qwen3 on the CPU in fp32."""
    from tui_trainer.settings.model import ModelChoice  # noqa: PLC0415

    engine.load_model(ModelChoice(str(model_folder("Qwen3")), "cpu", "fp32"))
    return engine
