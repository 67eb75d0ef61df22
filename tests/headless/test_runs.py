"""`tui-trainer runs`: list, show, export, delete."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.headless.conftest import Program, obeyed_characters
from tests.runs_on_disk import write_run
from tui_trainer.runs.description import Parent, RunState
from tui_trainer.runs.home import runs_home
from tui_trainer.runs.listing import read_run
from tui_trainer.runs.writer import RunWriter
from tui_trainer.settings.train import TrainSettings

ONE, TWO = "2026-01-02-builtin-1", "2026-01-02-builtin-2"


def test_no_run_yet_is_a_sentence_and_no_json(program: Program) -> None:
    ended = program("runs")
    assert (ended.status, ended.err, ended.out.count("\n")) == (0, "", 1)
    assert "each loop of `tui-trainer gsm8k` is one" in ended.out
    assert program("runs", "--json").out == ""


def test_the_list_is_a_line_a_run_the_newest_first(program: Program) -> None:
    write_run(ONE, [4.0, 3.0, 2.5], checkpoints=[1, 2], best_checkpoint=2)
    write_run(TWO, [5.0, None], parent=Parent(ONE, 1))
    ended = program("runs", "--json")
    newest, oldest = ended.lines
    assert (newest["run"], newest["parent"]) == (TWO, {"run": ONE, "step": 1})
    assert oldest == {
        "run": ONE,
        "folder": str(runs_home() / ONE),
        "started": "2026-01-02T03:04:05+00:00",
        "state": "finished",
        "failure": None,
        "model": "builtin",
        "problems": "builtin",
        "items": 500,
        "step": 3,
        "steps": 3,
        "tokens": 300,
        "seconds": 1.5,
        "first_loss": 4.0,
        "last_loss": 2.5,
        "best_loss": 2.5,
        "stop_reason": "",
        "updates_on_step": 0,
        "checkpoints": [1, 2],
        "best_checkpoint": 2,
        "parent": None,
    }
    heading, first, second = program("runs").out.splitlines()
    assert " ".join(heading.split()) == "run started model problems steps last best state"
    assert first.split()[0] == TWO
    assert second.split()[-4:] == ["3/3", "2.5000", "2.5000", "finished"]


def test_what_cannot_be_read_is_told_and_hides_no_other(program: Program) -> None:
    write_run(ONE)
    (runs_home() / "e\x1b[31mvil").mkdir()
    lines = program("runs", "--json").lines
    assert [line.get("run", line.get("event")) for line in lines] == [ONE, "damaged"]
    assert "it has no run.json" in lines[1]["why"]
    ended = program("runs")
    assert (ended.status, ended.err.count("\n")) == (0, 1)
    assert "e␛[31mvil is no run" in ended.err
    assert obeyed_characters(ended.out + ended.err) == set()


@pytest.mark.parametrize("before", [True, False])
def test_show_tells_all_of_a_run(program: Program, before: bool) -> None:
    settings = TrainSettings(items=3, lr=1e-3)
    write_run(ONE, checkpoints=[2, 3], best_checkpoint=2, settings=settings)
    arguments = ("--json", "show", ONE) if before else ("show", ONE, "--json")
    (line,) = program("runs", *arguments).lines
    assert line["settings"]["lr"] == 1e-3
    assert line["changed"] == ["items", "lr"]
    assert line["model"]["architecture"] == "FakeForCausalLM"
    assert line["data"] == {"problems": "builtin", "items": 3, "fingerprint": "d1", "path": ""}
    assert line["versions"] == {"python": "3.11.7", "torch": "2.13.0"}
    assert line["bytes"] == sum(p.stat().st_size for p in (runs_home() / ONE).rglob("*.json*"))
    out = program("runs", "show", str(runs_home() / ONE)).out
    assert "* lr                1e-3" in out
    assert "checkpoints of steps 2 best, 3\n" in out
    assert line["best_checkpoint"] == 2
    assert program("runs", "show", "nope").status == 2


def test_export_writes_csv_and_png(program: Program, tmp_path: Path) -> None:
    write_run(ONE, [4.0, 3.0])
    write_run(TWO, [5.0, 4.0])
    table, picture = str(tmp_path / "run.csv"), str(tmp_path / "run.png")
    ended = program("runs", "export", ONE, "--csv", table, "--json")
    assert (ended.status, ended.lines) == (0, [{"csv": table, "rows": 2}])
    with Path(table).open(newline="") as file:
        assert [row["loss"] for row in csv.DictReader(file)] == ["4.0", "3.0"]
    ended = program("runs", "export", ONE, TWO, "--png", picture, "--by", "token", "--log")
    assert (ended.status, ended.out) == (0, f"{picture}: 2 curves\n")
    assert Path(picture).read_bytes().startswith(b"\x89PNG")


def test_an_export_that_cannot_be_is_status_2(program: Program, tmp_path: Path) -> None:
    write_run(ONE)
    (tmp_path / "there.csv").write_text("mine")
    for arguments, said in (
        ((ONE,), "--csv FILE, --png FILE, or both"),
        ((ONE, ONE, "--csv", str(tmp_path / "x.csv")), "name one, or leave out --csv"),
        ((ONE, "--csv", str(tmp_path / "there.csv")), "is there already"),
        ((ONE, "--csv", str(tmp_path / "x.png")), "does not end with .csv"),
        (("nope", "--csv", str(tmp_path / "x.csv")), "There is no run nope"),
    ):
        ended = program("runs", "export", *arguments)
        assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
        assert said in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]


def test_delete_wants_yes_and_never_takes_a_run_that_goes(program: Program) -> None:
    folder = write_run(ONE, checkpoints=[1])
    going = write_run(TWO, state=RunState.GOING)
    ended = program("runs", "delete", ONE)
    assert (ended.status, "add --yes" in ended.err, folder.is_dir()) == (2, True, True)
    writer = RunWriter(going, read_run(going))
    ended = program("runs", "delete", TWO, "--yes")
    writer._file.close()
    assert (ended.status, going.is_dir()) == (2, True)
    assert "is going: stop its loop" in ended.err
    (line,) = program("runs", "delete", ONE, "--yes", "--json").lines
    assert (line["run"], line["deleted"], folder.exists()) == (ONE, True, False)


def test_delete_takes_no_link_and_tells_what_it_left(program: Program, tmp_path: Path) -> None:
    folder = write_run(ONE)
    (folder / "no\x1btes.txt").write_text("mine")
    (tmp_path / "link").symlink_to(folder)
    ended = program("runs", "delete", str(tmp_path / "link"), "--yes")
    assert (ended.status, ended.err.count("\n"), "is a link" in ended.err) == (2, 1, True)
    assert (folder / "run.json").exists()
    ended = program("runs", "delete", ONE, "--yes")
    assert (ended.status, ended.out.count("\n")) == (0, 2)
    assert ended.out.endswith("not of the run: no␛tes.txt\n")
    write_run(TWO)
    assert program("runs", "delete", TWO, "--yes", "--json").lines[0]["left"] == []


@pytest.mark.parametrize("name", ["d" * 300, "/" + "d" * 300, "d" * 300 + "/x"])
def test_a_long_name_is_one_sentence(program: Program, name: str) -> None:
    """Above 255 bytes of a name, or 4,096 of a path, the system says so in its own way."""
    for arguments in (
        ("runs", "show", name),
        ("runs", "delete", name, "--yes"),
        ("runs", "export", name, "--csv", "x.csv"),
        ("runs", "export", ONE, "--csv", f"{name}.csv"),
        ("gsm8k", "--resume", name),
    ):
        ended = program(*arguments)
        assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
        assert "no run" in ended.err or "no folder" in ended.err


def test_the_list_needs_no_torch_and_no_screen() -> None:
    check = (
        "import sys; from tui_trainer.cli import main; main(['runs', '--json']); "
        "sys.exit(bool({'torch', 'transformers', 'textual', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
