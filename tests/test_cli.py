"""The command line's edge: usage, exit statuses, what goes to which stream."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import IO

import pytest

import tui_trainer.run_app
from tests.runs_on_disk import write_run
from tui_trainer.cli import main
from tui_trainer.configuration.kept import Kept, kept_file, write_kept
from tui_trainer.configuration.reading import config_file
from tui_trainer.headless import problems
from tui_trainer.session.start import Start
from tui_trainer.settings.model import ModelChoice
from tui_trainer.versions import OF_A_CHECKOUT, version_of

RUN = "import sys; from tui_trainer.cli import main; sys.exit(main())"


def run_process(
    *arguments: str, program: str = RUN, stdout: int | IO[str] = subprocess.PIPE, **variables: str
) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own; its standard streams are no terminals."""
    # Unbuffered, nothing would be left over for the end of a process whose pipe was closed.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment | variables,
        timeout=60,
    )


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> list[ModelChoice]:
    """A terminal on stdin and stderr, and an app that only notes what it was asked to open."""
    opened: list[ModelChoice] = []

    def run_app(choice: ModelChoice, _make_worker: object, start: Start, *, attaches: bool) -> int:
        opened.append(start.model(choice))
        return 3

    monkeypatch.setattr(tui_trainer.run_app, "run_app", run_app)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return opened


def fail_with(error: BaseException) -> Callable[..., None]:
    def run(*_: object) -> None:
        raise error

    return run


def break_command(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let `tui-trainer problems` fail inside."""
    monkeypatch.setattr(problems, "describe_problems", fail_with(error))


def test_without_a_command_the_app_opens(terminal: list[ModelChoice]) -> None:
    assert main([]) == 3
    options = "--model", "m", "--device", "cpu", "--precision", "bf16", "--trust-remote-code"
    assert main(options) == 3
    assert terminal == [ModelChoice(), ModelChoice("m", "cpu", "bf16", True)]


def test_the_app_begins_with_the_model_of_last_time_where_none_is_named(
    terminal: list[ModelChoice],
) -> None:
    """A command does the same whatever was looked at before it: it reads nothing of that."""
    write_kept(kept_file(), Kept(model="of-last-time"))
    assert main([]) == main(["--device", "cpu"]) == main(["--model", "builtin"]) == 3
    config_file().parent.mkdir(parents=True)
    config_file().write_text('model = "configured"\n')
    assert main([]) == 3
    assert [one.source for one in terminal] == [
        *("of-last-time", "of-last-time", "builtin", "configured"),
    ]
    assert terminal[1].device == "cpu"


@pytest.mark.parametrize("name", ["stdin", "stderr"])
def test_the_app_needs_a_terminal(
    terminal: list[ModelChoice],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    monkeypatch.setattr(getattr(sys, name), "isatty", lambda: False, raising=False)
    assert main([]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n"), terminal) == ("", 1, [])
    for word in ("not a terminal", "tokens", "loss", "step", "gsm8k", "models", "problems"):
        assert word in captured.err


@pytest.mark.parametrize("kind", ["dumb", "unknown"])
def test_the_app_needs_a_terminal_that_can_be_drawn_on(
    terminal: list[ModelChoice],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    """It drew itself with escape sequences that such a terminal shows."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)  # of `capsys`
    monkeypatch.setenv("TERM", kind)
    assert main([]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n"), terminal) == ("", 1, [])
    for words in (f"TERM is {kind}", "gsm8k", "export TERM=xterm-256color"):
        assert words in captured.err


def test_a_process_without_a_terminal_ends_at_once() -> None:
    ended = run_process()
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["predict"],
        ["predict", "text", "--top", "x"],
        ["eval", "--items", "x"],
        ["eval", "text"],
        ["bench", "text"],
        ["runs", "show"],
        ["runs", "export", "x", "--by", "mile"],
        ["runs", "forget", "x"],
        ["tokens"],
        ["loss"],
        ["loss", "1", "2"],
        ["step"],
        ["step", "text", "-n", "x"],
        ["step", "text", "--opt", "SGD"],
        ["gsm8k", "--ite", "3"],
        ["models", "--model", "builtin"],
        ["problems", "e\x1b[31mvil"],
        ["--device", "tpu"],
        ["--json"],
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    arguments: list[str], terminal: list[ModelChoice], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n"), terminal) == ("", 1, [])
    assert captured.err.startswith("tui-trainer: ")
    assert "\x1b" not in captured.err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"tui-trainer {version('tui-trainer')}\n"


def test_the_version_of_a_checkout_that_is_not_installed_is_no_fault() -> None:
    assert version_of("no-such-package") == OF_A_CHECKOUT
    assert version_of("tui-trainer") == version("tui-trainer")


@pytest.mark.parametrize("command", [[], ["step"], ["gsm8k"]])
def test_help_names_the_risk_of_remote_code(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "do whatever you can do on this machine" in words


def test_help_offers_what_there_is_and_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = capsys.readouterr().out.partition("headless commands:")[2].split("\n\n")[0]
    offered = [line.split()[0] for line in commands.splitlines() if line.startswith("    ")]
    assert offered == [
        "tokens",
        "predict",
        "loss",
        "step",
        "gsm8k",
        "eval",
        "evaluations",
        "bench",
        "models",
        "devices",
        "runs",
        "problems",
        "sessions",
        "attach",
        "config",
    ]


def test_model_options_may_stand_before_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--model", "./nowhere", "step", "text"]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ZeroDivisionError("by \x1b[31mzero\nand more"),
            "ZeroDivisionError: by ␛[31mzero and more",
        ),
        (MemoryError(), "not enough memory"),
        (OSError(5, "Input/output error"), "Input/output error"),
        (ValueError("x" * 100_000), "ValueError: xxx"),
    ],
)
def test_a_failure_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    said: str,
) -> None:
    break_command(monkeypatch, error)
    assert main(["problems", "--json"]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert said in captured.err
    assert len(captured.err) < 1100


@pytest.mark.parametrize("way", ["before", "after", "environment"])
def test_the_traceback_comes_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    break_command(monkeypatch, ZeroDivisionError("zero"))
    if way == "environment":
        monkeypatch.setenv("TUI_TRAINER_DEBUG", "1")
    arguments = {"before": ["--debug", "problems"], "after": ["problems", "--debug"]}
    assert main(arguments.get(way, ["problems"])) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" in captured.err
    assert captured.err.splitlines()[-1] == "tui-trainer: ZeroDivisionError: zero"


def test_ctrl_c_is_status_130_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    break_command(monkeypatch, KeyboardInterrupt())
    assert main(["problems"]) == 130
    assert capsys.readouterr() == ("", "tui-trainer: Interrupted.\n")


@pytest.mark.parametrize(
    ("arguments", "status"), [(["problems", "--json"], 141), (["--help"], 0), (["--version"], 0)]
)
def test_a_pipe_that_nobody_reads_ends_quietly(arguments: list[str], status: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        ended = run_process(*arguments, stdout=closed)
    assert (ended.returncode, ended.stderr) == (status, "")


def test_a_disk_that_takes_no_more_is_one_line_and_status_1(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); "
    with (tmp_path / "full").open("w") as full:
        ended = run_process("problems", program=limit + RUN, stdout=full)
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "OSError" in ended.stderr


def test_a_terminal_that_is_not_utf8_gets_escapes() -> None:
    write_run("\N{THUMBS UP SIGN}")
    ended = run_process("runs", PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\n\\U0001f44d " in ended.stdout


def test_a_command_loads_no_more_than_it_needs() -> None:
    check = (
        "import sys; from tui_trainer.cli import main; main(['problems', '--json']); "
        "sys.exit(bool({'torch', 'transformers', 'textual'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", check], check=False, capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, b"")
