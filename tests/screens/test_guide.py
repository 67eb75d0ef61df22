"""The guide: each task ticks when what it asks for has really happened, and is shown in `?`."""

import dataclasses
import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.fake_engine import FakeEngine
from tests.known import present, step_reports, the
from tests.pilot import Running, loaded, running, sheet, shown, until
from tui_trainer.protocol.events import LoopState
from tui_trainer.protocol.updates import SetLr
from tui_trainer.reports.labelled_logits import LabelledLogits
from tui_trainer.reports.phases import BACKWARD, FORWARD, LOSS, STEP, ZERO_GRAD
from tui_trainer.reports.predictions import Prediction
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.loss.screen import LossScreen
from tui_trainer.screens.step.phase_view import PhaseView
from tui_trainer.screens.step.phase_words import PHASE_KEYS
from tui_trainer.session.guide import (
    BELOW_1,
    BOTH_ENDS,
    COMPARED,
    GREETED,
    MEMORISED,
    OWN_NAME,
    RAN_500,
    SAME_LOSS,
    SURE_POSITION,
    TASKS,
    Guide,
    Task,
    is_memorised,
    is_name,
)
from tui_trainer.session.guide_ticks import keep_tick, kept_ticks, ticks_file
from tui_trainer.session.text_examples import EXAMPLES, NOTEBOOK_TEXT
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.greeting import Greeting
from tui_trainer.widgets.screen_tabs import SCREENS
from tui_trainer.widgets.text_box import TextBox


def with_engine(engine: FakeEngine, *keys: str, size: tuple[int, int] = (80, 24)) -> Running:
    return running("escape", *keys, engine=lambda progress: engine, size=size)


def a_guide() -> tuple[Guide, list[Task]]:
    announced: list[Task] = []
    return Guide(announced.append), announced


def recalled() -> set[Task]:
    """What a session begins with."""
    guide, _ = a_guide()
    guide.recall(kept_ticks())
    return guide.done


def with_ranks(*ranks: int, p: float = 0.25) -> Prediction:
    """A prediction whose expected tokens have these ranks."""
    prediction = FakeEngine().predict("x" * (len(ranks) + 1))
    known = [
        dataclasses.replace(
            position,
            expected_rank=rank,
            expected=dataclasses.replace(present(position.expected), p=p),
        )
        for position, rank in zip(prediction.positions, ranks, strict=False)
    ]
    return dataclasses.replace(prediction, positions=(*known, prediction.positions[-1]))


# When a task is done


@pytest.mark.parametrize(
    "text",
    ["Ada", "Ada Lovelace", "jean-luc", "O'Neil", "Anne-Marie O’Hara", "J. R. Hartley", "李 明"],
)
def test_a_name_is_a_few_words_of_letters(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "text", ["", " ", "A", "R2 D2", "x = 1", "a b c d e f", "def", "def hello", "Hello", "return"]
)
def test_what_is_no_name(text: str) -> None:
    assert not is_name(text)


def test_no_example_is_a_name() -> None:
    for example in EXAMPLES:
        assert not any(is_name(example.text[:end]) for end in range(len(example.text) + 1))


def test_a_task_is_announced_once() -> None:
    guide, announced = a_guide()
    for text in ("Ada", "Grace", "Ada"):
        guide.saw_tokens(FakeEngine().tokenize(text, ""))
    assert announced == [OWN_NAME]
    assert guide.done == {OWN_NAME}


@pytest.mark.parametrize("text", ["hello_arjunguha", "arjun.guha@x.org", "R2D2", " user-42"])
def test_a_name_on_a_computer_ticks_where_it_is_several_tokens(text: str) -> None:
    tokenized = FakeEngine().tokenize(text, "")  # a token a character
    guide, announced = a_guide()
    guide.saw_tokens(dataclasses.replace(tokenized, tokens=tokenized.tokens[:1]))
    assert announced == []
    guide.saw_tokens(tokenized)
    assert announced == [OWN_NAME]


@pytest.mark.parametrize("text", ["x = 1", "12_34", "__", "hello():", "trailing", "10.5"])
def test_other_texts_of_several_tokens_do_not_tick(text: str) -> None:
    guide, announced = a_guide()
    guide.saw_tokens(FakeEngine().tokenize(text, ""))
    assert announced == []


# The first start


async def test_the_first_start_greets_in_three_lines_with_the_first_task_under_the_cursor() -> None:
    async with running(engine=lambda _: FakeEngine(), greets=True) as (app, pilot):
        await until(pilot, lambda: "Do now: type your own name here." in shown(app))
        assert app.screen.query_one(Greeting).size.height == 3
        await pilot.press("A", "d", "a")
        await until(pilot, lambda: OWN_NAME in app.session.guide.done)
        assert app.screen.query_one(TextBox).text == "Ada"
        await until(pilot, lambda: not app.screen.query(Greeting))
        app.session.ticks.wait(10)
    async with running(engine=lambda _: FakeEngine(), greets=True) as (app, pilot):
        await until(pilot, lambda: OWN_NAME in app.session.guide.done)
        assert not app.screen.query(Greeting)
        box = app.screen.query_one(TextBox)
        await until(pilot, lambda: box.selected_text == NOTEBOOK_TEXT)
        await pilot.press("T", "h", "e", "o")
        assert box.text == "Theo", "it is typed as on the first start"


@pytest.mark.parametrize("digit", ["1", "2", "4"])
async def test_the_panel_of_a_text_says_how_to_leave_it_while_it_is_edited(digit: str) -> None:
    async with with_engine(FakeEngine(), digit, size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "enter edits ─" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: "escape leaves it ─" in shown(app))
        assert "enter edits" not in shown(app)


async def test_whoever_goes_elsewhere_has_read_the_greeting() -> None:
    async with running(engine=lambda _: FakeEngine(), greets=True) as (app, pilot):
        await until(pilot, lambda: "Do now: type your own name here." in shown(app))
        app.session.ticks.wait(10)
        assert kept_ticks() == {GREETED}
        await pilot.press("alt+4", "1")
        assert not app.screen.query(Greeting)
        assert app.session.guide.done == set()


# From one session to the next


async def test_ticks_outlast_the_session() -> None:
    async with with_engine(FakeEngine()) as (app, pilot):
        app.screen.query_one(TextBox).text = "hello_arjunguha"
        await until(pilot, lambda: OWN_NAME in app.session.guide.done)
        app.session.ticks.wait(10)
    assert stat.S_IMODE(ticks_file().stat().st_mode) == 0o600
    async with with_engine(FakeEngine(), "question_mark") as (app, pilot):
        await until(pilot, lambda: "[✓] Tokenize your own name," in sheet(app))


async def test_a_home_that_does_not_answer_holds_up_neither_the_keys_nor_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As one on a network may be for minutes."""
    answers, threads = threading.Event(), []

    def looked_for() -> Path:
        threads.append(threading.current_thread())
        assert answers.wait(30)
        return ticks_file()

    monkeypatch.setattr("tui_trainer.session.guide_ticks.ticks_file", looked_for)
    async with with_engine(FakeEngine()) as (app, pilot):
        app.screen.query_one(TextBox).text = "hello_arjunguha"
        await until(pilot, lambda: OWN_NAME in app.session.guide.done and len(threads) == 2)
        app.session.ticks.wait(0.01)
        answers.set()
    app.session.ticks.wait(10)
    assert recalled() == {OWN_NAME}
    assert threading.main_thread() not in threads[:2]
    assert all(thread.daemon for thread in threads[:2])


@pytest.mark.parametrize(
    "broken", [b"\xff\x00{", b'{"done": 3}\n[]\n"x"\n', b"[" * 70_000, b'{"done": "no such"}\n']
)
def test_a_broken_file_of_ticks_is_no_harm(broken: bytes) -> None:
    ticks_file().parent.mkdir(parents=True)
    ticks_file().write_bytes(broken)
    assert recalled() == set()
    keep_tick(OWN_NAME.name)
    assert recalled() == {OWN_NAME}


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_file_of_ticks_that_is_none_is_no_harm(make: Callable[[Path], None]) -> None:
    ticks_file().parent.mkdir(parents=True)
    make(ticks_file())
    keep_tick(OWN_NAME.name)
    assert kept_ticks() == set()


def test_two_processes_lose_no_tick_of_each_other() -> None:
    names = [f"task {number}" for number in range(20)]
    with ThreadPoolExecutor(8) as pool:  # each opens the file anew, as a process does
        list(pool.map(keep_tick, names))
    assert kept_ticks() == set(names)


def test_a_sure_position_is_one_of_the_typed_text() -> None:
    guide, _ = a_guide()
    guide.saw_prediction(with_ranks(1, 1, p=0.9), 0)
    guide.saw_prediction(with_ranks(1, 1, p=0.95), 2)
    assert not guide.done
    guide.saw_prediction(with_ranks(1, 1, p=0.95), 1)
    assert guide.done == {SURE_POSITION}


def test_both_ends_of_the_loss_are_needed() -> None:
    guide, _ = a_guide()
    engine = FakeEngine()
    for logits, label in (((100.0, 0.0), 0), ((3.0, 2.0), 0), ((50.0, 0.0), 0)):
        guide.saw_cross_entropy(engine.cross_entropy(LabelledLogits(logits, label)))
        assert not guide.done
    guide.saw_cross_entropy(engine.cross_entropy(LabelledLogits((100.0, 0.0), 1)))
    assert guide.done == {BOTH_ENDS}


def test_a_loss_falls_below_1_where_it_was_above() -> None:
    guide, _ = a_guide()
    engine = FakeEngine()
    for updates in range(1, 6):  # the loss is 5 / (1 + updates)
        guide.saw_update(engine.update("abc"))
        assert (BELOW_1 in guide.done) == (updates == 5)
    other, _ = a_guide()
    other.saw_update(engine.update("xyz"))
    assert not other.done


def test_the_same_loss_is_of_the_same_text() -> None:
    guide, _ = a_guide()
    engine = FakeEngine()
    guide.saw_update(engine.update("abc"))
    guide.saw_update(engine.update("abc"))
    engine.reload()
    guide.saw_update(engine.update("xyz"))
    assert SAME_LOSS not in guide.done
    engine.reload()
    guide.saw_update(engine.update("xyz"))
    assert guide.done == {SAME_LOSS}


def test_memorised_is_every_next_token_first() -> None:
    assert is_memorised(with_ranks(1, 1, 1))
    assert not is_memorised(with_ranks(1, 2, 1))
    assert not is_memorised(with_ranks(1, 1))


def test_500_items_count_whatever_a_step_holds() -> None:
    engine = FakeEngine([1.0] * 100)
    steps = step_reports(engine._steps(TrainSettings()))
    reports = [dataclasses.replace(step, items=400) for step in steps]
    guide, _ = a_guide()
    for number, report in enumerate(reports, start=1):  # 8 items a step, over two epochs
        guide.saw_step(report, 2)
        assert (RAN_500 in guide.done) == (number >= 63)


# On the screens


def test_the_tasks_of_the_notebook_are_there_by_name_and_in_its_order() -> None:
    names = [task.name for tasks in TASKS.values() for task in tasks]
    notebook = "own name", "below 1", "same loss", "memorised", "ran 500", "compared"
    assert [name for name in names if name in notebook] == list(notebook)
    sentences = {task.name: task.sentence for tasks in TASKS.values() for task in tasks}
    for name, asks in {
        "own name": "Tokenize your own name",
        "below 1": "Make the loss of a text fall below 1",
        "same loss": "See the same loss twice",
        "memorised": "Memorise a string",
        "ran 500": "Run 500 items",
        "compared": "Compare before and after",
    }.items():
        assert asks in sentences[name]


async def test_items_run_and_evaluations_compared_tick_with_the_real_engine(
    model_folder: Callable[[str], Path],
) -> None:
    """500 items of the built-in problems in rows of 25, and what that did to two answers."""
    async with running("escape", "5", source=str(model_folder("Qwen3"))) as (app, pilot):
        session = app.session
        session.evaluations.next.change(EvaluationSettings(items=2, max_tokens=4))
        screen = the(Gsm8kScreen, app.screen)
        screen.settings = TrainSettings(batch=25, lr=1e-4)
        app.simulate_key("e")
        await until(pilot, lambda: len(session.evaluations.ended) == 1)
        app.simulate_key("escape")
        await until(pilot, lambda: app.screen is screen)
        app.simulate_key("full_stop")
        await until(pilot, lambda: screen.report is not None and screen.report.step == 1)
        assert not {RAN_500, COMPARED} & session.guide.done
        app.simulate_key("space")
        await until(pilot, lambda: session.loops.get("gsm8k") is LoopState.FINISHED)
        last = present(screen.report)
        assert (last.step, last.items) == (20, 500)
        await until(pilot, lambda: RAN_500 in session.guide.done)
        assert COMPARED not in session.guide.done
        app.simulate_key("e")
        await until(pilot, lambda: COMPARED in session.guide.done)
        assert len(session.evaluations.ended) == 2


def test_each_task_belongs_to_a_screen() -> None:
    assert set(TASKS) <= set(SCREENS)
    tasks = [task for tasks in TASKS.values() for task in tasks]
    assert len({task.name for task in tasks}) == len(tasks)


async def test_opening_the_screens_does_nothing() -> None:
    async with with_engine(FakeEngine(), "e", "2", "space", "3", "plus", "4", "5") as (app, pilot):
        await pilot.press("4", "space", "question_mark")
        await until(pilot, lambda: "Do now 0/8" in sheet(app))
        assert sheet(app).count("[ ]") == len(TASKS["step"])
        assert "[✓]" not in sheet(app)
        assert app.session.guide.done == set()


async def test_a_typed_name_is_ticked() -> None:
    async with running("escape") as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: "[ ] Tokenize your own name," in sheet(app))
        assert "escape closes" in shown(app)
        await pilot.press("escape")
        app.screen.query_one(TextBox).text = "Ada"
        await until(pilot, lambda: OWN_NAME in app.session.guide.done)
        await pilot.press("question_mark")
        await until(pilot, lambda: "[✓] Tokenize your own name," in sheet(app))


async def test_a_sure_position_is_ticked() -> None:
    async with running("escape", "2") as (app, pilot):
        app.screen.query_one(TextBox).text = "import numpy as np\nimport numpy as np\n"
        await until(pilot, lambda: SURE_POSITION in app.session.guide.done)


async def test_the_examples_of_loss_show_both_ends() -> None:
    async with running("escape", "3", "e") as (app, pilot):
        screen = the(LossScreen, app.screen)
        await until(pilot, lambda: screen.report and screen.report.loss == 0)
        await pilot.press("e")
        await until(pilot, lambda: BOTH_ENDS in app.session.guide.done)


async def test_a_string_is_memorised_on_step() -> None:
    async with running("escape", "4") as (app, pilot):
        guide = app.session.guide
        await pilot.press("space")
        await until(pilot, lambda: loaded(app).updates == 1)
        await pilot.press("p")
        await until(pilot, lambda: {BELOW_1, MEMORISED} <= guide.done)
        assert SAME_LOSS not in guide.done


async def test_the_same_loss_twice_is_ticked_where_no_step_was_made() -> None:
    async with running("escape", "4") as (app, pilot):
        guide = app.session.guide
        ran = FORWARD, LOSS, BACKWARD, STEP, FORWARD, LOSS, BACKWARD, FORWARD, LOSS
        for key, phase in zip("...SFLBFL", ran, strict=True):
            assert SAME_LOSS not in guide.done
            await pilot.press(key)
            view = app.screen.query_one(PhaseView)
            await until(pilot, lambda v, p: v.report and v.report.phase == p, view, phase)
        await until(pilot, lambda: guide.done == {SAME_LOSS})


def test_what_phases_or_a_redo_led_to_ticks_as_an_update_does() -> None:
    guide, _ = a_guide()
    guide.saw_led_to(0.5, dataclasses.replace(with_ranks(2, 1, 1), loss=0.25))
    guide.saw_led_to(1.5, dataclasses.replace(with_ranks(2, 1, 1), loss=1.25))
    assert not guide.done
    guide.saw_led_to(1.1863, dataclasses.replace(with_ranks(1, 1, 1), loss=0.0026))
    assert guide.done == {BELOW_1, MEMORISED}


async def test_phases_that_lead_below_1_are_ticked_at_once() -> None:
    """`loss 1.1863 → 0.0026` stood there, and only the next update ticked it."""
    async with running("escape", "4") as (app, pilot):
        await app.session.change(SetLr(5e-4))
        view = app.screen.query_one(PhaseView)
        for phase in (FORWARD, LOSS, BACKWARD, STEP, ZERO_GRAD) * 3:
            await pilot.press(PHASE_KEYS[phase])
            await until(pilot, lambda p: view.report and view.report.phase == p, phase)
        await until(pilot, lambda: BELOW_1 in app.session.guide.done)


async def test_500_items_are_ticked_in_the_open_dialog() -> None:
    engine = FakeEngine([1.0] * 500, gated=True)
    async with with_engine(engine, "5") as (app, pilot):
        app.simulate_key("space")
        await until(pilot, lambda: app.session.is_running("gsm8k"))
        engine.gate.release(499)
        await until(pilot, lambda: app.session.status and present(engine.status()).updates == 499)
        app.simulate_key("question_mark")
        await until(pilot, lambda: "[ ] Run 500 items." in sheet(app))
        engine.gate.release()
        await until(pilot, lambda: "[✓] Run 500 items." in sheet(app))


async def test_what_to_do_next_is_in_the_top_row() -> None:
    async with with_engine(FakeEngine(), size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "Do now 0/8: type your own name · builtin" in shown(app))
        app.session.guide._tick(OWN_NAME, is_done=True)
        await until(pilot, lambda: "Do now 1/8: find a p above 0.9 (2) · " in shown(app))
        await pilot.press("3")
        await until(pilot, lambda: "Do now 1/8: see loss 0 and 100 · builtin" in shown(app))
        await pilot.press("4", "space")
        await until(pilot, lambda: "▲ unsaved 1" in shown(app))
        assert "Do now 1/8" in shown(app).splitlines()[0]


async def test_without_room_there_what_is_next_is_told_for_a_moment_where_one_is_done() -> None:
    async with with_engine(FakeEngine()) as (app, pilot):
        await until(pilot, lambda: "Do now 0/8" in shown(app) and "as loaded" in shown(app))
        app.session.guide._tick(OWN_NAME, is_done=True)
        told = "✓ type your own name. Do now 1/8: find a p above 0.9 (2)."
        await until(pilot, lambda: told in shown(app).splitlines()[-2])
        assert not app._notifications
        await until(pilot, lambda: "as loaded" in shown(app).splitlines()[-2])


@pytest.mark.parametrize("screen", ["1", "4", "6"])
async def test_the_sheet_begins_with_what_to_do(screen: str) -> None:
    async with with_engine(FakeEngine(), screen, "question_mark") as (app, pilot):
        await until(pilot, lambda: sheet(app).startswith("Do now 0/8\n[ ] "))
        app.session.guide._tick(OWN_NAME, is_done=True)
        if screen == "4":
            assert "Predict: Type a text where" not in sheet(app)
        else:
            await until(pilot, lambda: "[ ] 2 Predict: Type a text where" in sheet(app))
