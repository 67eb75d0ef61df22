"""Each command that README.md and docs/ show is run, and writes what they show."""

import datetime
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.headless.conftest import Program
from tests.pages import not_run
from tests.pages.console import ROOT, Command, commands_of, name_of, pages, spans_of
from tests.pages.output import DATE, missing
from tests.pages.shell import PROGRAM, run_line, words_of
from tui_trainer.cli import COMMANDS, main, make_parser

PAGES = pages()
FOR_USERS = [page for page in PAGES if page.name != "CONTRIBUTING.md"]
SAID = f"{PROGRAM}: "
"""How each line on standard error begins."""
IN_A_SCRIPT = re.compile(rf"^(?:exec )?{PROGRAM} (.+)$", re.MULTILINE)
MADE = re.compile(r"(?:^|[`$] ?)make ([a-z-]+)", re.MULTILINE)
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")
OF_OTHERS = {
    "--no-deps": "pip",
    "--cpus-per-task": "sbatch",
    "--signal": "sbatch",
    "--user": "systemd-run",
    "--scope": "systemd-run",
    "--small": "make gpu",
}
WITH_FLAGS = [
    *([name] for name in COMMANDS),
    *(["runs", action] for action in ("show", "export", "delete")),
    *(["evaluations", action] for action in ("show", "delete")),
]


def run_of(page: Path, *, at_length: bool) -> list[Command]:
    """The commands of a page that are run, in order."""
    return [
        command
        for command in commands_of(page)
        if not_run.why_not(command) is None
        and not_run.begins(command, not_run.AT_LENGTH) is at_length
    ]


def of_pages(*, at_length: bool) -> list[Path]:
    return [page for page in PAGES if run_of(page, at_length=at_length)]


@pytest.mark.parametrize("page", of_pages(at_length=False), ids=name_of)
def test_a_page_shows_what_its_commands_write(
    page: Path, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path, monkeypatch)
    for command in run_of(page, at_length=False):
        check(command, program)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", of_pages(at_length=True), ids=name_of)
def test_a_page_shows_what_its_long_commands_write(
    page: Path, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path, monkeypatch)
    for command in run_of(page, at_length=True):
        check(command, program)


def prepare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of the page's own; a loop says nothing of threads where their number is fixed."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def check(command: Command, program: Program) -> None:
    ended = run_line(as_of_today(command.text), program)
    said = [line for line in command.shown if line.startswith(SAID)]
    shown = [line for line in command.shown if not line.startswith(SAID)]
    numbers = not not_run.begins(command, not_run.ANY_NUMBERS)
    assert ended.status == 0 or said, f"{command}\n{ended.err}"
    absent = missing(shown, ended.out.splitlines(), numbers=numbers)
    assert absent is None, f"{command}\nnot there: {absent}\n{ended.out}\n{ended.err}"
    heard = [line for line in ended.err.splitlines() if line.startswith(SAID)]
    absent = missing(said, heard)
    assert absent is None, f"{command}\nnot said: {absent}\n{ended.err}"


def as_of_today(text: str) -> str:
    """A run is named by the day on which it began."""
    return DATE.sub(str(datetime.date.today()), text)


def shown_commands() -> Iterator[Command]:
    return (command for page in PAGES for command in commands_of(page))


def test_what_is_not_run_is_named_and_nothing_else_is() -> None:
    named = {**not_run.NOT_HERE, **dict.fromkeys((*not_run.AT_LENGTH, *not_run.ANY_NUMBERS), "")}
    texts = [f"{command.text} " for command in shown_commands()]
    unused = [name for name in named if not any(text.startswith(f"{name} ") for text in texts)]
    assert not unused


def test_what_is_not_run_can_be_meant() -> None:
    for command in shown_commands():
        if command.text.startswith(PROGRAM) and not_run.why_not(command) is not None:
            make_parser().parse_args(words_of(command.text)[1:])
    for page in PAGES:
        for line in IN_A_SCRIPT.findall(page.read_text(encoding="utf-8")):
            make_parser().parse_args(words_of(line))


def test_each_target_of_make_that_a_page_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for page in PAGES:
        named = set(MADE.findall(page.read_text(encoding="utf-8")))
        assert named <= targets, name_of(page)


def test_each_flag_that_a_page_names_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    known = {flag for words in ([], *WITH_FLAGS) for flag in flags_of(words, capsys)}
    for page in FOR_USERS:
        named = {flag for span in spans_of(page) for flag in FLAG.findall(span)}
        assert named - known <= set(OF_OTHERS), name_of(page)


def flags_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    return FLAG.findall(capsys.readouterr().out)
