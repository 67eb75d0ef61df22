"""config.toml, its profiles and the environment: who says what, and what is told of it."""

import json
import os
import tomllib
from pathlib import Path

import pytest

from tui_trainer.cli import main
from tui_trainer.configuration.layers import Configuration
from tui_trainer.configuration.options import options
from tui_trainer.configuration.reading import config_file, read_configuration
from tui_trainer.configuration.toml_text import TomlText
from tui_trainer.errors import InputError
from tui_trainer.headless.config import as_toml
from tui_trainer.settings.cell import CellSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUNED, TUTORIAL
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings


def write(text: str | bytes) -> Path:
    path = config_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def shown(*arguments: str, capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[object, str]]:
    """What `config show` says: each value, and who says so."""
    assert main([*arguments, "config", "show", "--json"]) == 0
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    return {line["name"]: (line["value"], line["source"]) for line in lines}


def test_without_a_file_all_is_as_usual(capsys: pytest.CaptureFixture[str]) -> None:
    assert read_configuration() == Configuration({})
    assert Configuration().training() == TUTORIAL
    assert {source for _, source in shown(capsys=capsys).values()} == {"usual"}


def test_every_setting_that_can_be_configured_is_read_as_it_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the file and in the environment; and no two have one variable."""
    variables = {}
    for option in options().values():
        value = option.shown(option.field.usual)
        assert option.of(value) == option.field.usual, option.name
        if isinstance(value, bool):
            value = "yes" if value else "no"
        variables[option.variable] = str(value)
    assert len(variables) == len(options())
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    # An empty variable says nothing.
    said = {name for name, option in options().items() if variables[option.variable]}
    assert set(read_configuration().given) == said


def test_flags_win_over_environment_over_profile_over_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        'model = "of-file"\ndevice = "cpu"\nprecision = "fp32"\nthreads = 1\n'
        '[profiles.big]\nmodel = "of-profile"\nprecision = "bf16"\nthreads = "auto"\n'
        "[profiles.big.cell]\nlr = 1\neval-mode = true\n"
    )
    monkeypatch.setenv("TUI_TRAINER_MODEL", "of-environment")
    monkeypatch.setenv("TUI_TRAINER_PRECISION", "mixed")
    said = shown("--model", "of-flag", "--profile", "big", capsys=capsys)
    assert said["model"] == ("of-flag", "flag")
    assert said["precision"] == ("mixed", "environment")
    assert said["threads"] == ("auto", "profile")
    assert said["cell.lr"] == (1.0, "profile")
    assert said["cell.eval-mode"] == (True, "profile")
    assert said["device"] == ("cpu", "file")
    assert said["deterministic"] == (False, "usual")
    monkeypatch.setenv("TUI_TRAINER_PROFILE", "big")
    monkeypatch.delenv("TUI_TRAINER_MODEL")
    configuration = read_configuration()
    assert configuration.settings(ModelChoice) == ModelChoice("of-profile", "cpu", "mixed")
    assert configuration.settings(CellSettings) == CellSettings(lr=1.0, training=False)
    assert read_configuration("big") == configuration


def test_a_preset_says_all_that_a_preset_is_about() -> None:
    """What a weaker layer says of that is over; which data and what is kept of a run is not."""
    write(
        'problems = "all.jsonl"\n[loop]\nlr = 0.5\nbatch = 4\nitems = 7\nlog-to = "tensorboard"\n'
        '[profiles.quick.loop]\npreset = "tuned"\nwarmup = 9\n'
    )
    mine = read_configuration().training()
    ours = {"problems": "all.jsonl", "items": 7, "log_to": "tensorboard"}
    assert mine == TrainSettings(lr=0.5, batch=4, **ours)  # type: ignore[arg-type]
    quick = read_configuration("quick").training()
    assert (quick.lr, quick.batch, quick.warmup, quick.pack) == (TUNED.lr, 1, 9, TUNED.pack)
    assert (quick.problems, quick.items, quick.log_to) == ("all.jsonl", 7, "tensorboard")
    named = read_configuration("quick").training("tutorial")
    assert named == TrainSettings(**ours)  # type: ignore[arg-type]


def test_problems_are_those_of_all_that_takes_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    write('problems = "a.jsonl"\n[evaluation]\nproblems = "b.jsonl"\n')
    configuration = read_configuration()
    assert configuration.training().problems == "a.jsonl"
    assert configuration.settings(EvaluationSettings).problems == "b.jsonl"
    monkeypatch.setenv("TUI_TRAINER_PROBLEMS", "c.jsonl")
    assert read_configuration().settings(EvaluationSettings).problems == "c.jsonl"


def test_a_command_takes_what_is_configured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write('problems = "./of-file.jsonl"\n')
    show = ["problems", "--item", "0"]
    assert main(show) == 2
    assert "of-file.jsonl" in capsys.readouterr().err
    monkeypatch.setenv("TUI_TRAINER_LOOP_PROBLEMS", "./of-environment.jsonl")
    assert main(show) == 2
    assert "of-environment.jsonl" in capsys.readouterr().err
    assert main([*show, "--problems", "./of-flag.jsonl"]) == 2
    assert "of-flag.jsonl" in capsys.readouterr().err


WRONG = [
    ("theme = dark\n", 1, 9, "Invalid value"),
    ("\n\n[loop\n", 3, 6, "Expected"),
    ('model = "a"\nmodel = "b"\n', 2, 12, "Cannot overwrite"),
    ("[loop]\n\n# of a try\nlr = 'fast'\n", 4, 1, "lr takes a number above 0 and at most 10"),
    ("[loop]\nlr = 11\n", 2, 1, "The learning rate must be above 0 and at most 10, not 11"),
    ("[loop]\nitmes = 3\n", 2, 1, "[loop] has no 'itmes'; the nearest is items"),
    ("[lop]\nlr = 1\n", 1, 2, "there is no table [lop]; the nearest is loop"),
    ('devise = "cpu"\n', 1, 1, "there is no setting 'devise'; the nearest is device"),
    ('device = "tpu"\n', 1, 1, "Device 'tpu' is not known: use auto, cpu"),
    ("loop.batch = true\n", 1, 6, "batch takes a whole number"),
    ("loop = { batch = 1.5 }\n", 1, 10, "batch takes a whole number 1 or more, not 1.5"),
    ("loop = 3\n", 1, 1, "loop is a table: [loop]"),
    (
        '"threads" = [\n1,\n]\n',
        1,
        1,
        "threads takes a whole number 1 or more, or 'auto', not a list",
    ),
    ("[sampling]\nsample = 1\n", 2, 1, "sample takes true or false, not 1"),
    ("[keys]\nupdate = 5\n", 2, 1, "update takes a key"),
    ("trust-remote-code = true\n", 1, 1, "give --trust-remote-code on the command line"),
    ("[profiles.big.cell]\noptimizer = 'Adam'\n", 2, 1, "Optimizer 'Adam' is not known"),
    ("profiles = 1\n", 1, 1, "profiles are tables"),
    ("[profiles]\nbig = 1\n", 2, 1, "a profile is a table, [profiles.big], not 1"),
    (b"# \xff\n", 1, None, "it is not UTF-8 text"),
]


@pytest.mark.parametrize(("text", "line", "column", "says"), WRONG)
def test_what_is_wrong_is_told_by_line_and_nothing_is_taken(
    text: str | bytes,
    line: int,
    column: int | None,
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write(text)
    for arguments in (["runs"], ["config", "show"]):
        assert main(arguments) == 2
        captured = capsys.readouterr()
        assert (captured.out, captured.err.count("\n")) == ("", 1)
        at = "" if column is None else f", column {column}"
        assert f"{path}, line {line}{at}: " in captured.err
        assert says in captured.err


def test_config_check_tells_all_that_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """Also of a profile that nobody asked for; any command tells the first, and how many more."""
    path = write("threads = 0\n[loop]\nbatch = 'many'\n[profiles.big]\nmodel = ''\n")
    assert main(["config", "check", "--json"]) == 2
    captured = capsys.readouterr()
    lines = [json.loads(line) for line in captured.out.splitlines()]
    places = [(line["source"], line["name"], line["line"]) for line in lines]
    assert sorted(places) == [
        ("file", "loop.batch", 3),
        ("file", "threads", 1),
        ("profile", "profiles.big.model", 5),
    ]
    assert captured.err.count("\n") == 1
    assert "3 settings cannot be taken" in captured.err
    assert main(["runs"]) == 2
    assert "(2 more: tui-trainer config check)" in capsys.readouterr().err
    write("threads = 1\n")
    assert main(["config", "check"]) == 0
    assert capsys.readouterr().out == f"{path}: 1 setting, nothing wrong\n"


def test_what_is_wrong_in_the_environment_is_told_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUI_TRAINER_LOOP_LR", "fast")
    assert main(["runs"]) == 2
    assert "TUI_TRAINER_LOOP_LR: The learning rate takes a number" in capsys.readouterr().err
    monkeypatch.delenv("TUI_TRAINER_LOOP_LR")
    monkeypatch.setenv("TUI_TRAINER_DEVISE", "cpu")
    assert main(["runs"]) == 2
    assert "the nearest is TUI_TRAINER_DEVICE" in capsys.readouterr().err


@pytest.mark.parametrize("way", ["flag", "environment"])
def test_a_profile_that_is_not_there_is_told_with_those_that_are(
    way: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if way == "environment":
        monkeypatch.setenv("TUI_TRAINER_PROFILE", "bgi")
    arguments = ["runs"] if way == "environment" else ["runs", "--profile", "bgi"]
    assert main(arguments) == 2
    assert "There is no profile 'bgi': there is no " in capsys.readouterr().err
    write("[profiles.big]\n[profiles.small]\n")
    assert main(arguments) == 2
    assert "it has big, small." in capsys.readouterr().err


def test_what_is_no_file_is_told_and_waited_for_by_nobody(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = config_file()
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    assert main(["runs"]) == 2
    assert "cannot be read" in capsys.readouterr().err
    path.unlink()
    path.mkdir()
    assert main(["runs"]) == 2
    assert "cannot be read" in capsys.readouterr().err
    path.rmdir()
    write(b"#" * 100_000)
    assert main(["runs"]) == 2
    assert "more than 65,536 bytes" in capsys.readouterr().err


def test_hostile_text_in_the_file_reaches_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    write('"e\\u001b[31mvil" = 1\n[keys]\n"\\u009b2J" = 4\n')
    for arguments in (["config", "check"], ["config", "check", "--json"], ["runs"]):
        assert main(arguments) == 2
        captured = capsys.readouterr()
        assert not {"\x1b", "\x9b"} & set(captured.out + captured.err)


def test_a_value_is_shown_as_it_can_be_written_into_the_file() -> None:
    for model in ('a "quoted" one', "back\\slash", "Köln"):
        assert tomllib.loads(f"model = {as_toml(model)}") == {"model": model}


def test_the_line_of_a_key_is_where_it_begins() -> None:
    text = 'a = """\n[b]\nc = 1\n"""\n# more\nd.e = [\n  1,\n]\n[b]\nc = { f = 1, "g h" = 2 }\n'
    file = TomlText(Path("x"), text)
    assert file.find(("a",)) == (1, 1)
    assert file.find(("d", "e")) == (6, 3)
    assert file.find(("b",)) == (9, 2)
    assert file.find(("b", "c", "f")) == (10, 7)
    assert file.find(("b", "c", "g h")) == (10, 14)
    with pytest.raises(InputError, match="line 2"):
        _ = TomlText(Path("x"), "a = 1\nb = \n").tables


def test_config_path_says_where_it_is_looked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "path", "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line == {"path": str(config_file()), "exists": False}
    write("")
    assert main(["config", "path"]) == 0
    assert capsys.readouterr().out == f"{config_file()}\n"


def test_settings_of_a_dataclass_are_those_of_its_table() -> None:
    write("[sampling]\nsample = true\ntop-k = 'all'\ntemperature = 2\n")
    assert read_configuration().settings(Sampling) == Sampling(greedy=False, temperature=2.0)


FACES = [
    ('theme = "dracola"\n', "there is no theme 'dracola'; the nearest is dracula"),
    ('[keys]\nupdat = "u"\n', "no key is called 'updat'; the nearest is update"),
    ('[keys]\nupdate = "spcae"\n', "'spcae' is no key; the nearest is space"),
    ('[keys]\nupdate = "u"\n', "u is the key of"),
    ('[keys]\nupdate = "m"\n', "m is the key of model too"),
]


@pytest.mark.parametrize(("text", "says"), FACES)
def test_themes_and_keys_that_there_are_not_are_told_by_line(
    text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(text)
    assert main(["config", "check"]) == 2
    captured = capsys.readouterr()
    assert f"line {text.count(chr(10))}, column 1: " in captured.out
    assert says in captured.out


def test_keys_and_theme_that_there_are_can_be_taken(capsys: pytest.CaptureFixture[str]) -> None:
    write('theme = "nord"\n[keys]\nupdate = "z"\nundo = "ctrl+u,f2"\nquit = "Q"\n')
    assert main(["config", "check"]) == 0
    said = shown(capsys=capsys) if not capsys.readouterr().err else {}
    assert said["theme"] == ("nord", "file")
    assert said["keys.undo"] == ("ctrl+u,f2", "file")
