"""`--export FILE`: what the command did as a script, and what is refused before it does it."""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from tests.exported import printed_losses, printed_numbers
from tests.headless.conftest import Program, obeyed_characters
from tui_trainer.engine.engine import Engine
from tui_trainer.runs.home import run_folders

Arguments = ParamSpec("Arguments")
Report = TypeVar("Report")


def test_the_exports_print_the_losses_and_norms_of_the_lines(
    program: Program, tiny: str, tiny_dropout: str, tmp_path: Path
) -> None:
    stopped = "gsm8k", "--items", "5", "--lr", "1e-3", "--checkpoint-every", "2"
    assert program(*stopped, "--no-checkpoint-at-end", "--model", tiny_dropout).status == 0
    resumed = "gsm8k", "--resume", run_folders()[0].name, "--json"
    steps = "--model", tiny_dropout, "-n"
    loop = "gsm8k", "--model", tiny, "--items"
    commands = {
        "step.py": ("step", 'it\'s\n"x"', *steps, "3", "--optimizer", "SGD"),
        "step.ipynb": ("step", "a b c", *steps, "2", "--eval-mode", "--fork"),
        "loop.py": (*loop, "4", "--batch", "2", "--clip", "1", "--evaluate", "2"),
        "loop 2.ipynb": (*loop, "3", "--no-run", "--validation-items", "2"),
        "resumed.py": resumed,
    }
    numbers = {}
    for name, command in commands.items():
        target = tmp_path / name
        ended = program(*command, "--json", "--export", str(target))
        assert (ended.status, ended.err) == (0, "")
        told = ("loss", "grad_norm") if "loop" in name or name == "resumed.py" else ("loss",)
        numbers[target] = [[line[key] for key in told] for line in ended.steps]
        last = ended.lines[-1]
        assert (last["event"], last["files"][0]) == ("export", str(target))
        assert all(Path(file).is_file() for file in last["files"])
        assert len(last["files"]) == (1 if name.startswith("step") else 2)
        assert bool(last["notes"]) == (name == "resumed.py")
    assert printed_numbers(list(numbers)) == numbers
    assert [len(made) for made in numbers.values()] == [3, 2, 2, 3, 1]


def test_the_readable_output_ends_with_the_files(
    program: Program, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "a\x1b[31m\x9b.py"
    ended = program("gsm8k", "--items", "1", "--model", tiny, "--export", name)
    assert ended.status == 0
    assert not obeyed_characters(ended.out)
    *_, script, problems = ended.out.splitlines()
    assert script.startswith(f"exported {tmp_path}/a␛[31m")
    assert problems.endswith("-problems.jsonl")
    assert json.loads((tmp_path / f"{name[:-3]}-problems.jsonl").read_text())["question"]


@pytest.mark.parametrize("command", [("step", "a b"), ("gsm8k", "--items", "1")])
def test_what_cannot_be_written_is_refused_before_the_model_is_loaded(
    program: Program, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "there.py").write_text("mine")
    for target, model, said in (
        ("there.py", "nowhere.gguf", "there.py already: name another file."),
        ("a.txt", "nowhere.gguf", "Name a file that ends in .py (a script) or .ipynb"),
        ("no/a.py", "nowhere.gguf", "no/a.py cannot be written (No such file or directory)"),
        ("there.py/a.py", "nowhere.gguf", "a.py cannot be written (Not a directory)"),
        ("a.py", "random:tiny", "The weights of random:tiny are random and in no file"),
    ):
        ended = program(*command, "--model", model, "--export", str(tmp_path / target))
        assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
        assert said in ended.err
    precision = "--precision", "bf16-sr"
    ended = program(*command, *precision, "--export", str(tmp_path / "a.py"))
    assert ended.status == 2
    assert "Plain PyTorch does not round by chance as precision bf16-sr does" in ended.err
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("there.py", "mine")]


def test_a_file_that_came_meanwhile_is_left_alone(
    program: Program, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.py"
    monkeypatch.setattr(
        "tui_trainer.headless.export.check_target", lambda path, items: path.write_text("mine")
    )
    ended = program("step", "a b", "--model", tiny, "--json", "--export", str(target))
    assert (ended.status, len(ended.steps)) == (2, 1)
    assert f"There is {target} already: name another file." in ended.err
    assert target.read_text() == "mine"


@pytest.mark.long
def test_ctrl_c_exports_what_was_done_so_far(
    program: Program, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = {}
    for made_by, *command in (
        ("train", "gsm8k", "--items", "5"),
        ("updates", "step", "a b c", "-n", "5"),
    ):
        monkeypatch.setattr(Engine, made_by, interrupted_after(2, getattr(Engine, made_by)))
        target = tmp_path / f"{made_by}.py"
        exported = "--json", "--export", str(target)
        ended = program(*command, "--lr", "1e-3", "--model", tiny, *exported)
        *told, why = ended.err.splitlines()
        assert (ended.status, why) == (130, "tui-trainer: Interrupted.")
        assert [line for line in told if "go on with" not in line] == []
        assert ended.lines[-1]["event"] == "export"
        one, other = losses[target] = [line["loss"] for line in ended.steps]
        assert one != other
    assert printed_losses(list(losses)) == losses


def interrupted_after(
    reports: int, make: Callable[Arguments, Iterator[Report]]
) -> Callable[Arguments, Iterator[Report]]:
    """What `make` yields, with ctrl+C pressed after some of it."""

    def interrupted(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Iterator[Report]:
        yield from islice(make(*args, **kwargs), reports)
        raise KeyboardInterrupt

    return interrupted


def test_ctrl_c_before_anything_was_done_says_so(
    program: Program, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "updates", interrupted_after(0, Engine.updates))
    target = tmp_path / "a.py"
    ended = program("step", "a b c", "--model", tiny, "--json", "--export", str(target))
    assert (ended.status, ended.out, ended.err.count("\n")) == (130, "", 2)
    assert "Nothing was done since the weights" in ended.err
    assert ended.err.endswith("tui-trainer: Interrupted.\n")
    assert not target.exists()
