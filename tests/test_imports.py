"""What importing a module loads, and that the rules of imports are held by what checks them."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tui_trainer

SOURCE = Path(tui_trainer.__file__).parent
HEAVY = {"torch", "transformers", "datasets"}
INTERFACE = (
    *("app", "ending", "session", "screens", "widgets", "terminal", "words"),
    *("runs", "settings", "reports", "protocol", "worker", "headless", "cli"),
)
LOADED = (
    "import importlib, json, sys; [importlib.import_module(name) for name in sys.argv[1:]];"
    "print(json.dumps(sorted(sys.modules)))"
)
OPENED_LATER = (
    *("plotext", "shtab", "matplotlib", "http.client", "multiprocessing"),
    *(f"tui_trainer.{name}" for name in ("headless.config", "runs.listing", "runs.metrics")),
    *(f"tui_trainer.widgets.{name}" for name in ("chart", "item_panel")),
    *(f"tui_trainer.screens.{name}" for name in ("predict", "loss", "step", "gsm8k", "runs")),
    *(f"tui_trainer.screens.dialogs.{name}" for name in ("settings_form", "save_view", "entry")),
    *(f"tui_trainer.protocol.{name}" for name in ("updates", "loop_reports", "wire")),
)
"""What the first frame, which shows Tokens, has no use for."""
BREACHES = {
    "Imports run one way": ("widgets/cell_text.py", "tui_trainer.screens.step.screen"),
    "So they do within the engine": ("engine/data/batching.py", "tui_trainer.engine.loop.loss"),
    "Screens know one another only through what they share": (
        "screens/step/screen.py",
        "tui_trainer.screens.runs.words",
    ),
    "The engine and the worker know nothing of the screen": ("engine/cell/update.py", "rich.text"),
    "No circle between modules or folders": (
        "words/numbers.py",
        "tui_trainer.words.bench_tables",
    ),
    "The interface never loads torch": (
        "screens/predict/screen.py",
        "tui_trainer.engine.learner",
    ),
}


def modules_of(*names: str) -> list[str]:
    """Every module of these packages, and these modules."""
    found = []
    for name in names:
        for path in [SOURCE / f"{name}.py", *(SOURCE / name).rglob("*.py")]:
            if path.exists():
                parts = path.relative_to(SOURCE.parent).with_suffix("").parts
                found.append(".".join(parts).removesuffix(".__init__"))
    return sorted(found)


def loaded_by(*modules: str) -> set[str]:
    """All modules in a fresh interpreter that imported `modules`."""
    command = [sys.executable, "-c", LOADED, *modules]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(ended.stdout))


@pytest.mark.parametrize(
    ("module", "absent"),
    [("app", HEAVY), ("worker", {*HEAVY, "textual"}), ("cli", {*HEAVY, "textual"})],
)
def test_import_loads_nothing_heavy(module: str, absent: set[str]) -> None:
    loaded = loaded_by(f"tui_trainer.{module}")
    assert "tui_trainer" in loaded
    assert not loaded & absent


def test_the_first_frame_waits_for_nothing_that_is_opened_later() -> None:
    """Each module of ours takes it a millisecond, each dataclass in it half of one."""
    loaded = loaded_by("tui_trainer.run_app", "tui_trainer.screens.tokens.screen")
    assert not loaded & set(OPENED_LATER)
    assert len([name for name in loaded if name.startswith("tui_trainer")]) <= 168


def test_no_module_of_the_interface_loads_torch() -> None:
    modules = modules_of(*INTERFACE)
    assert len(modules) > 150
    loaded = loaded_by(*modules)
    assert {"textual", "tui_trainer"} <= loaded
    assert not loaded & HEAVY


@pytest.fixture
def checked(tmp_path: Path) -> Callable[[], tuple[int, str]]:
    """A copy of the program at `tmp_path/tui_trainer`, and what the check says of it."""
    shutil.copytree(SOURCE, tmp_path / "tui_trainer", ignore=shutil.ignore_patterns("model"))
    shutil.copy(SOURCE.parent.parent / "pyproject.toml", tmp_path)
    lint = Path(sys.executable).parent / "lint-imports"

    def check() -> tuple[int, str]:
        ended = subprocess.run(
            [str(lint), "--no-cache"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"PYTHONPATH": "."},
            timeout=110,
            check=False,
        )
        return ended.returncode, " ".join(ended.stdout.split())

    return check


def test_every_rule_of_imports_holds(checked: Callable[[], tuple[int, str]]) -> None:
    status, said = checked()
    assert status == 0
    assert all(f"{rule} KEPT" in said for rule in BREACHES)


@pytest.mark.parametrize("rule", BREACHES)
def test_a_breach_of_each_rule_is_found(
    rule: str, checked: Callable[[], tuple[int, str]], tmp_path: Path
) -> None:
    where, what = BREACHES[rule]
    planted = tmp_path / "tui_trainer" / where
    planted.write_text(f"{planted.read_text()}\nimport {what}\n")
    status, said = checked()
    assert status == 1
    assert f"{rule} BROKEN" in said
