"""What a shell completes: each script is run by its shell. And the man page, read by man."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tui_trainer.cli import COMMANDS, SHELLS, make_parser
from tui_trainer.completion import completion_script
from tui_trainer.man_page import man_page

PAGE = Path(__file__).parents[1] / "docs" / "tui-trainer.1"
BASH = """source "$0"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
_shtab_tui_trainer
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = """source $argv[1]; complete -C "$argv[2..]" | string split -f1 \\t"""
COMPLETED = [
    (["gs"], {"gsm8k"}),
    (["gsm8k", "--sched"], {"--schedule"}),
    (["gsm8k", "--schedule", "co"], {"constant", "cosine"}),
    (["--precision", "bf"], {"bf16", "bf16-sr"}),
    (["runs", "sh"], {"show"}),
    (["runs", "export", "--b"], {"--by"}),
    (["config", "ch"], {"check"}),
]


def run(*command: str) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return ended.stdout


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("completion")
    paths = {shell: folder / f"completion.{shell}" for shell in SHELLS}
    for shell, path in paths.items():
        path.write_text(completion_script(make_parser(whole=True), shell))
    return paths


@pytest.mark.parametrize(("words", "there"), COMPLETED)
def test_bash_completes_commands_flags_and_what_they_take(
    words: list[str], there: set[str], scripts: dict[str, Path]
) -> None:
    said = run("bash", "-c", BASH, str(scripts["bash"]), "tui-trainer", *words)
    assert set(said.split()) == there


def test_every_shell_that_is_here_takes_its_script(scripts: dict[str, Path]) -> None:
    """fish completes with it; zsh, which completes at a prompt alone, reads it."""
    assert all(path.stat().st_size > 10_000 for path in scripts.values())
    if fish := shutil.which("fish"):
        for words, there in COMPLETED:
            said = run(fish, "--no-config", "-c", FISH, str(scripts["fish"]), "tui-trainer", *words)
            assert there <= set(said.split())
    if zsh := shutil.which("zsh"):
        run(zsh, "-n", str(scripts["zsh"]))


def test_the_man_page_says_what_help_says() -> None:
    assert PAGE.read_text().split() == man_page().split(), "make docs"
    for name, (_, summary) in COMMANDS.items():
        assert summary.replace("-", "\\-") in man_page(), name


@pytest.mark.parametrize("reader", ["man", "mandoc"])
def test_the_man_page_is_read_without_a_complaint(reader: str) -> None:
    if (command := shutil.which(reader)) is None:
        return
    how = ["-l"] if reader == "man" else ["-T", "utf8"]
    ended = subprocess.run(
        [command, *how, str(PAGE)], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stderr == ""
    assert "SYNOPSIS" in ended.stdout
    assert "tui-trainer - study how a language model is trained" in " ".join(ended.stdout.split())
