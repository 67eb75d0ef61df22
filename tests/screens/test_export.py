"""x on Step and GSM8K: asks for the file, asks before it overwrites, says where it is."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.exported import printed_losses
from tests.fake_engine import FakeEngine
from tests.known import present, the
from tests.pilot import loaded, running, sheet, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.errors import InputError
from tui_trainer.screens.dialogs.entry import Entry
from tui_trainer.screens.dialogs.failure import FailureDialog
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.step.screen import StepScreen


def notes(app: TuiTrainer) -> str:
    return "\n".join(note.message for note in app._notifications)


def names(app: TuiTrainer) -> bool:
    return isinstance(app.screen, Entry)


async def name_file(app: TuiTrainer, pilot: Pilot[int], name: str | None = None) -> None:
    """Wait for the dialog and take its file, or another."""
    await until(pilot, lambda: names(app))
    if name is not None:
        app.screen.query_one(Input).value = name
    await pilot.press("enter")


@pytest.mark.long
async def test_x_writes_a_script_with_the_losses_that_were_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real engine: an update on Step, two steps of the loop, exported on either screen."""
    monkeypatch.chdir(tmp_path)
    async with running("escape", "4") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, StepScreen)
        await pilot.press("x")
        await until(pilot, lambda: "Nothing was done since the weights" in notes(app))
        assert not names(app)
        await pilot.press("space")
        await until(pilot, lambda: screen.report is not None)
        losses = [present(screen.report).loss]
        await pilot.press("x")
        await until(pilot, lambda: names(app))
        assert app.screen.query_one(Input).value == "builtin-steps.py"
        await name_file(app, pilot)
        await until(pilot, lambda: str(tmp_path / "builtin-steps.py") in notes(app))
        await pilot.press("5", "full_stop")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("k")
        gsm8k = the(Gsm8kScreen, app.screen)
        for step in (1, 2):
            await until(pilot, lambda n: gsm8k.report and gsm8k.report.step == n, step)
            losses.append(present(gsm8k.report).loss)
            await pilot.press(*(["full_stop"] if step == 1 else ["x"]))
        await name_file(app, pilot, "sub.ipynb")
        await until(pilot, lambda: str(tmp_path / "sub-problems.jsonl") in notes(app))
    printed = printed_losses([tmp_path / "builtin-steps.py", tmp_path / "sub.ipynb"])
    assert list(printed.values()) == [losses[:1], losses]


async def test_what_is_there_is_overwritten_only_after_a_question() -> None:
    engine = FakeEngine()
    engine.existing = ("/tmp/a.py", "/tmp/a-problems.jsonl")
    async with running("escape", "4", "space", engine=lambda progress: engine) as (app, pilot):
        await until(pilot, lambda: loaded(app).updates == 1)
        await pilot.press("x")
        await name_file(app, pilot, "/tmp/a.py")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        assert "▲ Overwrite?" in shown(app)
        assert "There is /tmp/a.py and /tmp/a-problems.jsonl already." in shown(app)
        await pilot.press("n")
        await until(pilot, lambda: names(app))
        assert app.screen.query_one(Input).value == "/tmp/a.py"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("escape")
        await until(pilot, lambda: names(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        assert [overwrite for _, overwrite in engine.exports] == [False] * 3
        await pilot.press("o")
        await until(pilot, lambda: "/tmp/a.py\n/tmp/a-problems.jsonl\nA note." in notes(app))
        assert engine.exports[-1] == ("/tmp/a.py", True)
        assert isinstance(app.screen, StepScreen)


async def test_a_name_that_cannot_be_is_told_in_the_dialog_and_escape_writes_nothing() -> None:
    engine = FakeEngine()
    async with running("escape", "4", "space", engine=lambda progress: engine) as (app, pilot):
        await until(pilot, lambda: loaded(app).updates == 1)
        await pilot.press("x")
        await name_file(app, pilot, "a.txt")
        await until(pilot, lambda: "Name a file that ends in .py (a script)" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: not names(app))
        assert engine.exports == []


async def test_a_file_that_cannot_be_written_is_told_and_another_name_is_asked_for() -> None:
    engine = FakeEngine()
    engine.refuse_export = InputError("/tmp/a.py cannot be written (full): name another place.")
    async with running("escape", "4", "space", engine=lambda progress: engine) as (app, pilot):
        await until(pilot, lambda: loaded(app).updates == 1)
        await pilot.press("x")
        await name_file(app, pilot, "/tmp/a.py")
        await until(pilot, lambda: "/tmp/a.py cannot be written (full)" in notes(app))
        await until(pilot, lambda: names(app) and app.screen.query_one(Input).value == "/tmp/a.py")
        engine.refuse_export = RuntimeError("a fault of this program")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, FailureDialog))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, StepScreen))


async def test_x_while_the_loop_runs_exports_between_two_steps() -> None:
    engine = FakeEngine([3.0] * 50, gated=True)
    async with running("escape", "5", "space", engine=lambda progress: engine) as (app, pilot):
        engine.gate.release(2)
        screen = the(Gsm8kScreen, app.screen)
        await until(pilot, lambda: screen.report is not None and screen.report.step == 2)
        await pilot.press("x")
        engine.gate.release(1)
        await until(pilot, lambda: names(app))
        await pilot.press("enter")
        engine.gate.release(1)
        await until(pilot, lambda: len(engine.exports) == 1)
        await until(pilot, lambda: app.session.is_running("gsm8k"))
        engine.gate.release(50)


@pytest.mark.parametrize("key", ["4", "5"])
async def test_the_sheet_of_keys_has_it(key: str) -> None:
    async with running("escape", key, engine=lambda progress: FakeEngine()) as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: "x       Write what was done as a Python script" in sheet(app))
