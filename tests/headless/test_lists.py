"""`tui-trainer models`, `tui-trainer devices` and `tui-trainer problems`."""

from pathlib import Path

import pytest

from tests.cards import GIB, Card, put_in
from tests.headless.conftest import Program, obeyed_characters
from tests.hub.server import FakeHub
from tui_trainer.engine.data.problems import describe_problems
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.models import ModelOption


def test_models_lists_the_builtin_model_first(program: Program) -> None:
    ended = program("models", "--json")
    assert (ended.status, ended.err) == (0, "")
    first = ended.lines[0]
    assert list(first) == ["model", "description", "bytes"]
    assert first["model"] == "builtin"
    assert 1e6 < first["bytes"] < 16e6


def test_models_shows_sizes_and_makes_names_visible(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = [
        ModelOption("someone/small", "in the Hub cache", 98_362_432),
        ModelOption("e\x1b[31mvil/日本", "\u202e", None),
    ]
    monkeypatch.setattr(Engine, "models", lambda _: options)
    out = program("models").out
    assert obeyed_characters(out) == set()
    heading, small, evil = out.splitlines()
    assert heading.split() == ["--model", "size", "what"]
    assert small.split() == ["someone/small", "98.4", "MB", "in", "the", "Hub", "cache"]
    assert evil.split() == ["e␛[31mvil/日本", "?", "⟨202E⟩"]


def test_models_lists_what_was_fetched_from_the_hub(
    program: Program, hub: FakeHub, engine: Engine, tiny: str
) -> None:
    hub.add_model("someone/speaks", Path(tiny))
    engine.load_tokenizer("someone/speaks")
    assert "GET /api/models/someone/speaks/revision/main" in hub.requests
    assert "someone/speaks" in [line["model"] for line in program("models", "--json").lines]


def test_problems_lists_what_can_be_trained_on(program: Program) -> None:
    sources = describe_problems()
    lines = program("problems", "--json").lines
    assert [line["problems"] for line in lines] == [source.name for source in sources]
    assert [line["train_items"] for line in lines] == [source.train_items for source in sources]
    out = program("problems").out
    assert all(source.name in out and source.description in out for source in sources)
    assert "7,473   1,319" in out


def test_devices_lists_what_auto_takes_first_and_what_does_not_answer_last(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in(monkeypatch, Card(GIB, error=RuntimeError("bad\x1b[31m\nmore")), GIB // 4)
    ended = program("devices", "--json")
    assert (ended.status, ended.err) == (0, "")
    assert [line["device"] for line in ended.lines] == ["cuda:1", "cpu", "cuda:0"]
    assert ended.lines[0] == {
        "device": "cuda:1",
        "label": "Card 1",
        "free_bytes": GIB // 4,
        "total_bytes": GIB,
        "problem": None,
    }
    assert ended.lines[2]["problem"] == "bad\x1b[31m"
    out = program("devices").out
    assert obeyed_characters(out) == set()
    assert out.splitlines()[-1].endswith("Card 0, does not answer: bad␛[31m")
