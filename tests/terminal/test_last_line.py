"""What a fault of a handler does: it is told, and the app and its loop live on."""

import asyncio

import pytest
from textual.widgets import Static

from tests.fake_engine import FakeEngine
from tests.known import the
from tests.pilot import Running, running, shown, type_at_once, until
from tests.runs_on_disk import write_run
from tui_trainer.app import TuiTrainer
from tui_trainer.screens.dialogs.failure import FaultDialog
from tui_trainer.screens.evaluation.view import EvaluationScreen
from tui_trainer.screens.loss.screen import LossScreen
from tui_trainer.screens.predict.screen import PredictScreen
from tui_trainer.screens.runs.screen import RunsScreen
from tui_trainer.screens.tokens.screen import TokensScreen
from tui_trainer.terminal import last_line
from tui_trainer.widgets.status_line import StatusLine
from tui_trainer.widgets.text_box import TextBox


def with_engine(*keys: str) -> Running:
    return running("escape", *keys, engine=lambda progress: FakeEngine())


class PlantedError(Exception):
    pass


def fail(*_: object) -> None:
    secret = "of the user"  # noqa: F841
    raise PlantedError("planted [/b]")


@pytest.mark.parametrize("where", ["an action", "a message", "a timer", "a worker", "a callback"])
async def test_a_fault_is_told_and_the_app_lives_on(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_engine("3") as (app, pilot):
        await until(pilot, lambda: "-log p" in shown(app))  # a click needs something under it
        plant(where, app, monkeypatch)
        await until(pilot, lambda: isinstance(app.screen, FaultDialog))
        assert "PlantedError: planted [/b]" in shown(app)
        assert [type(fault) for fault in app.faults] == [PlantedError]
        app.faults.clear()
        await pilot.press("escape", "2")
        await until(pilot, lambda: isinstance(app.screen, PredictScreen))
        assert app.return_code is None


def plant(where: str, app: TuiTrainer, monkeypatch: pytest.MonkeyPatch) -> None:
    if where == "an action":
        monkeypatch.setattr(LossScreen, "action_change", fail)
        type_at_once(app, "+")
    elif where == "a message":
        monkeypatch.setattr(LossScreen, "on_click", fail, raising=False)
        type_at_once(app, "\x1b[<0;3;11M\x1b[<0;3;11m")
    elif where == "a timer":
        app.screen.set_timer(0.01, fail)
    elif where == "a callback":
        app.screen.call_next(fail)
    else:

        async def work() -> None:
            fail()

        app.screen.run_worker(work())


@pytest.mark.parametrize(
    ("kind", "step"), [(TokensScreen, "_show"), (PredictScreen, "_show_whole")]
)
async def test_a_screen_that_failed_to_show_an_answer_asks_again(
    kind: type[TokensScreen | PredictScreen], step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One question is under way at a time: one that broke must not be the last."""
    async with with_engine("1" if kind is TokensScreen else "2") as (app, pilot):
        screen = the(kind, app.screen)
        await until(pilot, lambda: app.session.tokenizer is not None and app.session.status)
        with monkeypatch.context() as broken:
            broken.setattr(kind, step, fail)
            screen.query_one(TextBox).text = "other"
            await until(pilot, lambda: isinstance(app.screen, FaultDialog))
        app.faults.clear()
        await pilot.press("escape")
        screen.query_one(TextBox).text = "third"
        await until(pilot, lambda: "third" in told(screen))


async def test_a_list_of_runs_that_could_not_be_shown_is_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with with_engine() as (app, pilot):
        with monkeypatch.context() as broken:
            broken.setattr(RunsScreen, "_show_list", fail)
            await pilot.press("6")
            await until(pilot, lambda: isinstance(app.screen, FaultDialog))
        app.faults.clear()
        await pilot.press("escape")
        name = write_run("2026-01-02-builtin-1").name
        screen = the(RunsScreen, app.screen)
        await until(pilot, lambda: [run.folder.name for run in screen.listed] == [name])
        assert app.faults == []


def told(screen: TokensScreen | PredictScreen) -> str:
    """The text that what is on show is of."""
    if isinstance(screen, TokensScreen):
        return screen.shown.texts.first.text if screen.shown else ""
    return screen.inspection.prediction.text if screen.inspection else ""


async def test_late_on_what_has_gone_is_no_fault() -> None:
    async with with_engine("3") as (app, pilot):
        widget = Static()
        await app.screen.mount(widget)
        widget.call_later(fail)
        await widget.remove()
        await pilot.pause()
        app.exit(0)
        app.screen.call_later(fail)


@pytest.mark.parametrize("leave", ["closed", "another screen"])
async def test_what_is_left_before_it_has_come_is_no_fault(leave: str) -> None:
    """The palette looks for the screen below it once it is composed; it may be gone by then."""
    async with running("escape", engine=lambda _: FakeEngine()) as (app, pilot):
        await until(pilot, lambda: app.session.status is not None)
        for turns in range(30):
            app.action_command_palette()
            palette = app.screen
            for _ in range(turns):
                await asyncio.sleep(0)
            if leave == "closed":
                palette.dismiss()
            else:
                await app.switch_mode("loss")
                await until(pilot, lambda it: it.is_mounted, palette)
                await app.switch_mode("tokens")
                app.screen.dismiss()
            await until(pilot, lambda it: not it.is_attached, palette)
        assert app.faults == []


async def test_what_waits_to_be_drawn_is_no_fault_where_it_is_of_what_has_gone() -> None:
    """It waits at the screen on top, whoever left it there: a resize, and escape behind it."""
    async with running("escape", "5", "E", engine=lambda _: FakeEngine()) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, EvaluationScreen))
        evaluation, below = the(EvaluationScreen, app.screen), app.screen_stack[-2]
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is below and not evaluation.children)
        called: list[str] = []
        below._invoke_later(evaluation._show_all, evaluation)
        below._invoke_later(lambda: called.append("evaluation"), evaluation)
        below._invoke_later(lambda: called.append("below"), below)
        await until(pilot, lambda: called == ["evaluation", "below"])
        assert not app.faults


async def test_faults_without_end_end_the_app_with_status_1(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Drawing fails: no dialog can tell it."""
    with pytest.raises(PlantedError):
        async with with_engine("3") as (app, pilot):
            monkeypatch.setattr(StatusLine, "render_line", fail)
            app.screen.set_interval(0.01, app.screen.query_one(StatusLine).refresh)
            await until(pilot, lambda: app.ended_by)
    assert app.return_code == 1
    assert app.ended_by is app.faults[last_line.HOPELESS - 1]


@pytest.mark.parametrize("keys", ["q4", "q6", "q\x1b[27u4", "qm", "4e2", "6\r4", "?1", "q?"])
async def test_keys_in_one_read_find_no_screen_half_there(keys: str) -> None:
    """NoMatches, of a screen that the app no longer composed."""
    async with with_engine() as (app, pilot):
        type_at_once(app, keys)
        await until(pilot, lambda: not app.is_running or (not app._input and app._awaited is None))
