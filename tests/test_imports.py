"""What importing a module loads: a newcomer's first frame must not wait for torch."""

import json
import subprocess
import sys

import pytest

LOADED = "import json, sys, {module}; print(json.dumps([n.split('.')[0] for n in sys.modules]))"


def loaded_by(module: str) -> set[str]:
    """The top-level packages in a fresh interpreter that imported `module`."""
    ended = subprocess.run(
        [sys.executable, "-c", LOADED.format(module=module)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(ended.stdout))


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("tui_trainer.app", {"torch", "transformers", "datasets"}),
        ("tui_trainer.worker", {"torch", "transformers", "datasets", "textual"}),
        ("tui_trainer.cli", {"torch", "transformers", "datasets", "textual"}),
    ],
)
def test_import_loads_nothing_heavy(module: str, absent: set[str]) -> None:
    loaded = loaded_by(module)
    assert "tui_trainer" in loaded
    assert not loaded & absent
