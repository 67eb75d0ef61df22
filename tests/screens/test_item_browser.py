"""The browser of items: before, during and without a run, by number and by words."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input, Static

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.known import present, the
from tests.pilot import running, shown, until
from tests.screens.test_hostile_text import ATTACKS, FORBIDDEN
from tui_trainer.app import TuiTrainer
from tui_trainer.engine.engine import Engine
from tui_trainer.protocol.models import ReadStatus
from tui_trainer.reports.problem import Problem, format_problem
from tui_trainer.screens.gsm8k.item_browser import ItemBrowser
from tui_trainer.screens.gsm8k.item_words import found, searchable
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.line_table import LineTable

MANY = [Problem(f"How much is {n} + {n}? {'words ' * 60}", f"#### {2 * n}") for n in range(7473)]


def write(path: Path, problems: list[Problem]) -> str:
    rows = ({"question": p.question, "answer": p.answer} for p in problems)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def browser(app: TuiTrainer) -> ItemBrowser:
    assert isinstance(app.screen, ItemBrowser)
    return app.screen


def said(app: TuiTrainer) -> str:
    return str(browser(app).query_one("#item-words", Static).content)


def looked_at(app: TuiTrainer, item: int) -> bool:
    tokens = browser(app).tokens
    return tokens is not None and tokens.problem == item


def test_a_number_comes_first_and_words_are_found_whatever_their_case() -> None:
    texts = searchable([Problem("Seven APPLES", "1"), Problem("2 pears", "apples"), MANY[0]])
    assert found(texts, "apples") == (0, 1)
    assert found(texts, " 1 ") == (1, 0)
    assert found(texts, "Question: seven") == (0,)
    assert found(texts, "") == (0, 1, 2)
    assert found(texts, "99") == found(texts, "no such") == ()
    assert found(texts, "٣") == ()  # a digit, and none of ours


def test_a_search_in_all_of_gsm8k_takes_no_time() -> None:
    texts = searchable(MANY)
    started = time.thread_time()
    assert found(texts, "5125")[0] == 5125
    assert found(texts, "no such words") == ()
    assert time.thread_time() - started < 0.5  # some 10 ms; what others do is not its fault


async def test_train_data_5125_while_a_step_takes_its_time(tmp_path: Path) -> None:
    engine = FakeEngine(gated=True)
    async with running("escape", "5", engine=lambda progress: engine) as (app, pilot):
        the(Gsm8kScreen, app.screen).settings = TrainSettings(
            problems=write(tmp_path / "p.jsonl", MANY), items=500
        )
        app.simulate_key("space")
        await until(pilot, lambda: app.session.is_running("gsm8k"))  # and waits at the gate
        app.simulate_key("i")
        await until(pilot, lambda: isinstance(app.screen, ItemBrowser))
        await until(pilot, lambda: browser(app).problems)
        browser(app).query_one(Input).value = "5125"
        await until(pilot, lambda: "How much is 5125 + 5125?" in shown(app))
        assert "7,473 items" in shown(app)
        assert "a run takes 0 to 499" in shown(app)
        assert "its tokens come with the next step" in said(app)
        engine.gate.release()
        await until(pilot, lambda: looked_at(app, 5125))
        engine.gate.release(9)
        app.simulate_key("escape")
        await until(pilot, lambda: app.session.loops["gsm8k"].is_over)


async def test_without_a_run_each_item_has_its_text_its_tokens_and_its_labels() -> None:
    engine = FakeEngine()
    async with running("escape", "5", engine=lambda progress: engine) as (app, pilot):
        the(Gsm8kScreen, app.screen).settings = TrainSettings(answer_only=True)
        await pilot.press("i")
        await until(pilot, lambda: looked_at(app, 0))
        await pilot.press("down", "down", "up")
        await until(pilot, lambda: looked_at(app, 1))
        tokens = present(browser(app).tokens)
        assert f"the loss counts {len(tokens.ids) - tokens.first_counted} labels" in said(app)
        assert "the tokens of the answer" in said(app)
        table = browser(app).query_one("#item-tokens", LineTable)
        assert table.rows == len(tokens.ids)
        counts = [table._row(row)[-1] for row in range(table.rows)]
        assert counts.count("counts") == tokens.counted
        assert counts[tokens.first_counted - 1] == "counts"
        assert counts[tokens.first_counted - 2] == "does not count"
        await pilot.press(*"no such thing")
        await until(pilot, lambda: "No item has that number" in shown(app))
        await pilot.press("escape")
        assert isinstance(app.screen, Gsm8kScreen)


async def test_tokens_that_come_when_nothing_is_found_any_more_are_not_shown() -> None:
    engine = FakeEngine(gated=True)
    async with running("escape", "5", "space", engine=lambda progress: engine) as (app, pilot):
        await until(pilot, lambda: app.session.is_running("gsm8k"))  # and waits at the gate
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, ItemBrowser) and browser(app).problems)
        browser(app).query_one(Input).value = "no such thing"
        await until(pilot, lambda: "No item has that number" in shown(app))
        engine.gate.release(99)
        await until(pilot, lambda: app.session.loops["gsm8k"].is_over)
        await app.session.ask(ReadStatus())  # after what was asked before
        await pilot.pause()
        assert "No item has that number" in shown(app)
        assert not said(app)
        assert browser(app).tokens is None


async def test_it_opens_at_the_item_of_the_last_step() -> None:
    async with running("escape", "5", "full_stop") as (app, pilot):
        gsm8k = the(Gsm8kScreen, app.screen)
        await until(pilot, lambda: gsm8k.report is not None)
        await pilot.press("full_stop")
        await until(pilot, lambda: present(gsm8k.report).item.problem == 1)
        await pilot.press("i")
        await until(pilot, lambda: looked_at(app, 1))
        assert "Qwen" not in said(app)
        await pilot.press("escape")


async def test_a_source_that_is_not_there_is_a_sentence() -> None:
    async with running("escape", "5", engine=lambda progress: FakeEngine()) as (app, pilot):
        the(Gsm8kScreen, app.screen).settings = TrainSettings(problems="no/such.jsonl")
        await pilot.press("i")
        await until(pilot, lambda: "There is no file no/such.jsonl" in shown(app))
        await pilot.press("down", "x", "escape")
        assert isinstance(app.screen, Gsm8kScreen)


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40), (20, 5), (1, 1)))
async def test_hostile_items_are_drawn_in_pieces(
    tmp_path: Path, terminal_output: list[str], size: tuple[int, int]
) -> None:
    words = "".join(ATTACKS[:-1]).replace("\ud800", "")
    source = write(tmp_path / "p.jsonl", [Problem(words, words), Problem("[/foo]" * 900, "x")])
    async with running("escape", "5", size=size, engine=lambda progress: FakeEngine()) as (
        app,
        pilot,
    ):
        the(Gsm8kScreen, app.screen).settings = TrainSettings(problems=source)
        terminal_output.clear()
        await pilot.press("i")
        await until(pilot, lambda: looked_at(app, 0))
        await pilot.press("tab", "down", "down")
        browser(app).query_one(Input).value = words
        await pilot.pause()
        lines = shown(app)
        await pilot.press("escape")
    assert not FORBIDDEN.findall(lines)


def test_the_tokens_and_labels_are_those_that_the_loop_trains_on(
    qwen3: Engine, model_folder: Callable[[str], Path]
) -> None:
    problem = Problem("How much is 2 + 2?", "It is\n#### 4")
    source = str(model_folder("Qwen3"))
    item = qwen3.item(7, problem, TrainSettings(answer_only=True, end_of_text=True), source)
    tokenizer = qwen3.learner.vocabulary.tokenizer
    text = format_problem(problem)
    assert (item.problem, item.text) == (7, text)
    assert list(item.ids) == [*tokenizer(text).input_ids, tokenizer.eos_token_id]
    prompt = tokenizer(text[: text.index(" It is")]).input_ids
    assert item.first_counted == item.answer_start == len(prompt)
    cut = qwen3.item(7, problem, TrainSettings(pack=16), source)
    assert (len(cut.ids), cut.truncated, cut.counted) == (16, True, 15)
