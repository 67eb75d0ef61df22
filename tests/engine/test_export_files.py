"""The files of an export: their names, what is not overwritten, what cannot be written."""

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.full_disk import full_disk
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.export.files import check_target, export_name, read_target
from tui_trainer.engine.export.template import Code, render, text_literal
from tui_trainer.errors import InputError
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings


@given(text=st.text(alphabet=st.characters(), max_size=60))
def test_every_text_is_one_literal(text: str) -> None:
    """Lone surrogates, quotes, backslashes and every kind of line end are among them."""
    for literal in (text_literal(text), render("$text", text=text)):
        assert literal.isascii()
        assert ast.literal_eval(literal) == text


def test_a_template_keeps_the_lines_whose_conditions_hold() -> None:
    template = "a = $a  #: one\nb = 2  #: not one\nc = $c  #: one and not two\nd = 4"
    assert render(template, {"one"}, a="'", c=Code("x + 1")) == 'a = "\'"\nc = x + 1\nd = 4'
    assert render(template, {"one", "two"}, a=1, c=3) == "a = 1\nd = 4"
    assert render(template, a=1, c=3) == "b = 2\nd = 4"


def test_the_items_are_beside_the_script_and_the_names_are_told(
    qwen3: Engine, tmp_path: Path
) -> None:
    list(qwen3.train(TrainSettings(items=2)))
    report = qwen3.export(f"  {tmp_path / 'a.py'} ")
    assert report.files == (str(tmp_path / "a.py"), str(tmp_path / "a-problems.jsonl"))
    assert (report.path, report.existing, report.notes) == (report.files[0], (), ())
    rows = [json.loads(line) for line in Path(report.files[1]).read_text().splitlines()]
    assert [list(row) for row in rows] == [["question", "answer"]] * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-problems.jsonl", "a.py"]


def test_what_is_there_is_overwritten_only_when_that_is_said(qwen3: Engine, tmp_path: Path) -> None:
    list(qwen3.train(TrainSettings(items=2)))
    beside = tmp_path / "a-problems.jsonl"
    beside.symlink_to("nowhere")
    report = qwen3.export(str(tmp_path / "a.py"))
    assert (report.existing, report.files) == ((str(beside),), ())
    assert [path.name for path in tmp_path.iterdir()] == ["a-problems.jsonl"]
    report = qwen3.export(str(tmp_path / "a.py"), overwrite=True)
    assert report.files == (str(tmp_path / "a.py"), str(beside))
    assert not beside.is_symlink()
    assert qwen3.export(str(tmp_path / "a.py")).existing == report.files


def test_nothing_done_and_random_weights_are_refused(engine: Engine, tmp_path: Path) -> None:
    target = str(tmp_path / "a.py")
    with pytest.raises(InputError, match="No model is loaded"):
        engine.export(target)
    engine.load_model(ModelChoice("random:tiny", "cpu", "fp32"))
    for export in (engine.export_name, lambda: engine.export(target)):
        with pytest.raises(InputError, match="Nothing was done since the weights were loaded"):
            export()
    engine.update(NOTEBOOK_TEXT)
    for export in (engine.export_name, lambda: engine.export(target)):
        with pytest.raises(InputError, match="The weights of random:tiny are random and in no"):
            export()
    assert list(tmp_path.iterdir()) == []


def test_a_name_is_made_of_the_models(qwen3: Engine) -> None:
    qwen3.update(NOTEBOOK_TEXT)
    assert qwen3.export_name() == "Qwen3-steps.py"
    assert export_name("a/b\x1b[31m \n") == "a-b-31m-steps.py"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "Name a file that ends in .py (a script) or .ipynb (a notebook)."),
        (".py", "Name a file that ends in"),
        ("a.txt", "Name a file that ends in"),
        ("a\0.py", "Name a file that ends in"),
        ("~nobody-is-called-so/a.py", "give the whole path"),
        ("/proc/no/such/a.py", "/proc/no/such/a.py cannot be written (No such file or directory)"),
        ("/dev/null/a.py", "/dev/null/a.py cannot be written (Not a directory): name another"),
        ("/tmp/" + "x" * 300 + ".py", "cannot be written (File name too long): name another"),
        ("/tmp/a \ud800.py", "cannot be written ("),
    ],
)
def test_a_file_that_cannot_be_written_is_one_sentence(qwen3: Engine, line: str, said: str) -> None:
    qwen3.update(NOTEBOOK_TEXT)
    with pytest.raises(InputError) as late:
        qwen3.export(line)
    with pytest.raises(InputError) as early:
        check_target(read_target(line), items=True)
    for told in (late, early):
        assert said in str(told.value)
        assert "\n" not in str(told.value)


def test_a_full_disk_leaves_no_half_and_what_was_there(qwen3: Engine, tmp_path: Path) -> None:
    list(qwen3.train(TrainSettings(items=2)))
    target = tmp_path / "a.py"
    target.write_text("mine")
    with full_disk(100), pytest.raises(InputError, match=r"a\.py cannot be written \(File too"):
        qwen3.export(str(target), overwrite=True)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.py", "mine")]
    folder = tmp_path / "folder.py"
    folder.mkdir()
    with pytest.raises(InputError, match=r"folder\.py cannot be written \(Is a directory\)"):
        qwen3.export(str(folder), overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.py", "folder.py"]


def test_a_target_is_refused_early_where_it_is_there(tmp_path: Path) -> None:
    target = tmp_path / "a.py"
    check_target(target, items=True)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a-problems.jsonl").touch()
    with pytest.raises(InputError, match=r"There is .*a-problems\.jsonl already: name another"):
        check_target(target, items=True)
    check_target(target, items=False)
