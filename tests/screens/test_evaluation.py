"""Evaluation: each key, its scores and intervals, before and after, and what it leaves alone."""

import re
from dataclasses import replace
from datetime import datetime

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine, evaluated_item
from tests.forms import form_of
from tests.known import present, the
from tests.pilot import Running, is_making_a_step, loaded, running, sheet, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.configuration.layers import Configuration
from tui_trainer.errors import InputError
from tui_trainer.protocol.events import LoopChanged, LoopState
from tui_trainer.protocol.loop_names import EVALUATION
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.reports.evaluated_items import Outcome
from tui_trainer.reports.evaluation import Change, EvaluationReport, Score, tally
from tui_trainer.reports.runs import RunStep
from tui_trainer.reports.scoring import paired_interval, wilson_interval
from tui_trainer.runs.evaluations import (
    LISTED,
    earlier_evaluations,
    evaluations_home,
    keep_evaluation,
)
from tui_trainer.screens.dialogs.form import form_beside_usual
from tui_trainer.screens.dialogs.help import HelpDialog
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.screens.evaluation.beginning import question_of_length
from tui_trainer.screens.evaluation.examples import EXAMPLES
from tui_trainer.screens.evaluation.item import EvaluatedItemDialog, describe_item
from tui_trainer.screens.evaluation.view import EvaluationScreen
from tui_trainer.screens.evaluation.words import (
    NAME,
    describe_asked,
    describe_on_show,
    describe_progress,
    describe_tested,
    name_among,
    score_cells,
    why_incomparable,
)
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.session.evaluations import Evaluations, pair
from tui_trainer.session.going_on import GoingOn
from tui_trainer.session.guide import COMPARED
from tui_trainer.settings.evaluation import (
    EvaluationSettings,
    incomparable,
)
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.words.settings import describe_field

OPEN = "escape", "5"
BEFORE = "#### 1", "It is 2.", "#### 9", "#### 4"
AFTER = "#### 1", "#### 2", "#### 9", "#### 5"
"""Still right, fixed, still wrong, broken."""


def with_engine(engine: FakeEngine, *keys: str, size: tuple[int, int] = (80, 24)) -> Running:
    return running(*OPEN, *keys, engine=lambda progress: engine, size=size)


def view(app: TuiTrainer) -> EvaluationScreen:
    assert isinstance(app.screen, EvaluationScreen)
    return app.screen


def state(app: TuiTrainer) -> LoopState | None:
    return app.session.loops.get(EVALUATION)


def ended(app: TuiTrainer) -> int:
    return len(app.session.evaluations.ended)


def outcomes(app: TuiTrainer) -> list[int]:
    return [item.problem for item in view(app).items]


def told(app: TuiTrainer) -> str:
    """What the notifications say: on a narrow screen they are wrapped beside other words."""
    return " ".join(notification.message for notification in app._notifications)


async def evaluated_twice(app: TuiTrainer, pilot: Pilot[int]) -> None:
    """Evaluate, train four steps, and evaluate again."""
    await pilot.press("e")
    await until(pilot, lambda: ended(app) == 1)
    await pilot.press("escape", "space")
    await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.FINISHED)
    await pilot.press("e")
    await until(pilot, lambda: ended(app) == 2)


# An evaluation


async def test_e_evaluates_now_with_bar_pace_and_time_left() -> None:
    engine = FakeEngine(answers=[BEFORE], gated=True)
    async with with_engine(engine, "e") as (app, pilot):
        await until(pilot, lambda: "begun; s stops it" in shown(app))
        engine.gate.release()
        await until(pilot, lambda: " 2/4 answered" in shown(app))
        text = shown(app)
        count = r"2/4 answered, 2 scored"
        assert re.search(rf"▶ running +━{{4}}─{{4}} +{count} +4\.00/s +0:00 left", text)
        await until(pilot, lambda: "Evaluation running 2/4" in shown(app))
        engine.gate.release()
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        await until(pilot, lambda: "■ finished" in shown(app))
        assert re.search(r"━{8} +4/4 scored +4\.00/s +0:01 gone", shown(app))
        assert " left" not in shown(app)
        assert engine.evaluated_with == [EvaluationSettings()]


def test_answers_are_counted_from_the_first_and_none_is_scored_before_its_batch() -> None:
    report = EvaluationReport(
        EvaluationSettings(), "builtin", 0, 1319, (), batch_done=158.3, tokens=900, seconds=9.0
    )

    def progress(report: EvaluationReport) -> str:
        return describe_progress(report, LoopState.RUNNING, stops=False, wide=False).plain

    assert "▶ running  ────────     0/1,319 answered,     0 scored " in progress(report)
    answered = progress(replace(report, batch_ended=17))
    assert "    17/1,319 answered,     0 scored " in answered
    assert "%" not in answered
    assert len(progress(report)) == len(answered) <= 78
    # No rate before there is an answer
    assert "/s" not in progress(report) and "  17.6/s " in answered
    assert set(score_cells(1, report, 1.0, wide=True)[4:]) == {"-"}  # none is wrong either, yet
    begun = replace(report, batch_done=0.0)
    assert "    0/1,319 answered, " in progress(begun)


def test_how_far_it_is_is_one_number_wherever_it_is_told() -> None:
    """The top row and the panel count the same answers, and the panel tells them from those that
    the scores are of; of one that is over all count what was scored."""
    item = evaluated_item(0, "#### 1", EvaluationSettings())
    report = EvaluationReport(
        *(EvaluationSettings(), "builtin", 0, 100, (item,) * 16, 20.5, 900, 9.0), batch_ended=7
    )
    now = GoingOn()
    now.loops[EVALUATION] = LoopState.RUNNING
    now.saw_reports(EVALUATION, [report])
    assert now.describe_live()[0] == "▶ Evaluation running 23/100"
    going = describe_progress(report, LoopState.RUNNING, stops=False, wide=True)
    assert "23/100 answered,  16 scored" in going.plain
    over = describe_progress(report, LoopState.STOPPED, stops=False, wide=False).plain
    assert "16/100 scored" in over and "23" not in over
    assert score_cells(1, report, 1.0, wide=True)[1] == score_cells(1, report, 1.0, wide=False)[1]
    assert score_cells(1, report, 1.0, wide=True)[1] == "16"


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40)))
async def test_scores_have_their_intervals_and_what_they_depend_on(size: tuple[int, int]) -> None:
    engine = FakeEngine(answers=[BEFORE])
    async with with_engine(engine, "e", size=size) as (app, pilot):
        await until(pilot, lambda: "1: strict" in shown(app))
        text = shown(app)
        low, high = wilson_interval(2, 4)
        flexible = wilson_interval(3, 4)
        assert (
            f"1: strict 50.0% (95%: {100 * low:.1f} to {high:.1%}) · "
            f"flexible 75.0% (95%: {100 * flexible[0]:.1f} to {flexible[1]:.1%})"
        ) in text
        asked, interval = "", ""
        if size[0] > 100:
            asked, interval = " +0 +256", rf" +{100 * low:.1f} to {high:.1%}"
        row = rf"▶1: as loaded +4{asked} +50\.0% +━+├─+●─+┤{interval} +75\.0%"
        assert re.search(row, text)
        assert r"Question: {question}\nAnswer: (zero-shot)" in text
        assert "Nothing to compare with yet" in text
        # Right 2, one wrong, one without ####
        assert re.search(r"75\.0% +1 +1 *│?$", next(li for li in text.splitlines() if "▶1" in li))
        # They are all; the one that was cut is one of them, and has no column beside them
        assert "2 right, 1 wrong, 1 no ####; of these 1 cut" in text
        rows = [line.strip("│ ").split() for line in text.splitlines()]
        cut = ["1", "✗", "no", "####", "-", "2.", "2", "end", "of", "text", "-"]
        assert any(row[: len(cut)] == cut for row in rows)
        assert any(row[:6] == ["2", "✗", "wrong", "9", "9", "3"] for row in rows)


async def test_s_stops_and_keeps_what_was_scored() -> None:
    engine = FakeEngine(answers=[BEFORE, BEFORE], gated=True)
    async with with_engine(engine, "s", "e") as (app, pilot):
        engine.gate.release()
        await until(pilot, lambda: " 2/4 answered" in shown(app))
        await pilot.press("e")  # while one runs there is no second
        await until(pilot, lambda: "An evaluation is running: s stops it" in told(app))
        await until(pilot, is_making_a_step, app, EVALUATION)
        await pilot.press("s")
        engine.gate.release()  # the batch that was being answered is finished first
        await until(pilot, lambda: state(app) is LoopState.STOPPED)
        await until(pilot, lambda: ended(app) == 1)
        (report,) = app.session.evaluations.ended
        assert len(report.items) == 4
        await until(pilot, lambda: "■ stopped" in shown(app))
        assert len(engine.evaluated_with) == 1


async def test_one_that_ends_without_a_score_leaves_no_line_of_it() -> None:
    engine = FakeEngine()
    async with with_engine(engine, "E") as (app, pilot):
        session = app.session
        nothing_yet = EvaluationReport(EvaluationSettings(), "fake", 0, 4, (), 0.5, 0, 0.1)
        session.evaluations.add([nothing_yet])
        session.hear(Numbered(1_000, LoopChanged(EVALUATION, LoopState.RUNNING)))
        await until(pilot, lambda: "1: the first batch is being answered" in shown(app))
        session.hear(Numbered(1_001, LoopChanged(EVALUATION, LoopState.STOPPED)))
        assert not session.evaluations.all
        await until(pilot, lambda: "the first batch is" not in shown(app))
        assert "■ stopped before its first batch was answered: nothing is kept of it" in shown(app)
        assert "all, " not in shown(app)
        assert "Nothing to compare" not in shown(app)


async def test_the_numbers_of_an_older_one_never_stand_under_the_state_of_another() -> None:
    engine = FakeEngine(answers=[BEFORE])
    async with with_engine(engine, "e") as (app, pilot):
        await until(pilot, lambda: "■ finished" in shown(app))
        assert "4/4 scored" in shown(app)
        session = app.session
        session.hear(Numbered(1_000, LoopChanged(EVALUATION, LoopState.RUNNING)))
        session.hear(Numbered(1_001, LoopChanged(EVALUATION, LoopState.STOPPED)))
        await until(pilot, lambda: "■ stopped before its first batch" in shown(app))
        assert "4/4" not in shown(app)
        assert "▶1: as loaded" in shown(app)  # what was scored before is still there to read


async def test_no_key_is_silent_where_there_is_no_evaluation() -> None:
    async with with_engine(FakeEngine(), "E") as (app, pilot):
        for key, said in (
            ("s", "No evaluation is running: e starts one."),
            ("f", "There is nothing to compare with yet."),
            ("b", "Select an evaluation that has ended."),
        ):
            await pilot.press(key)
            await until(pilot, lambda said: said in told(app), said)


async def test_the_footer_has_the_keys_that_can_do_something_now() -> None:
    async with with_engine(FakeEngine(answers=[BEFORE]), "E") as (app, pilot):
        await until(pilot, lambda: "e evaluate" in shown(app))
        footer = shown(app).splitlines()[-1]
        assert all(keys in footer for keys in ("esc loop", "enter settings", "? keys"))
        assert "b baseline" not in footer and "s stop" not in footer
        await pilot.press("e")
        await until(pilot, lambda: "b baseline" in shown(app).splitlines()[-1])


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40), (200, 60)))
async def test_before_an_evaluation_an_example_tells_how_answers_are_scored_and_what_e_costs(
    size: tuple[int, int],
) -> None:
    async with with_engine(FakeEngine(), "E", size=size) as (app, pilot):
        await until(pilot, lambda: "how an answer is scored" in shown(app))
        assert "100 answers of at most 256 tokens" in shown(app)
        told = [(one.outcome.value, one.strict_right, one.flexible_right) for one in EXAMPLES]
        assert told == [
            ("right", True, True),
            ("no ####", False, True),
            ("wrong", False, False),
            ("right", True, False),
        ]
        assert all(f" {outcome} " in shown(app) for outcome, _, _ in told)
        assert not view(app).query_one("#drawn", Static).content
        await pilot.press("down", "t")
        await until(pilot, lambda: "answer of an example" in shown(app))
        assert "She has 4+3 = 7 apples now." in shown(app)


async def test_what_ends_it_is_said_and_what_was_scored_stays() -> None:
    changed = InputError("The weights changed [/bold] \x1b[2J.")
    engine = FakeEngine(answers=[(*BEFORE[:2], changed)])
    async with with_engine(engine, "e") as (app, pilot):
        await until(pilot, lambda: state(app) is LoopState.FAILED)
        app.clear_notifications()
        await until(pilot, lambda: "The weights changed [/bold] ␛[2J." in shown(app))
        assert "2/3" in shown(app)
        assert outcomes(app) == [0, 1]


async def test_one_that_cannot_begin_says_why_and_keeps_the_others() -> None:
    engine = FakeEngine(answers=[BEFORE])
    async with with_engine(engine, "e") as (app, pilot):
        await until(pilot, lambda: ended(app) == 1)
        engine._refuse = InputError("no\x1bwhere.jsonl has no item: lower skip.")
        await pilot.press("e")
        await until(pilot, lambda: "no␛where.jsonl has no item: lower skip." in shown(app))
        assert outcomes(app) == [0, 1, 2, 3]


async def test_it_goes_on_behind_other_screens_and_is_there_on_return() -> None:
    engine = FakeEngine(answers=[BEFORE], gated=True)
    async with with_engine(engine, "e") as (app, pilot):
        await pilot.press("2")
        await until(pilot, lambda: "Evaluation running" in shown(app))
        await pilot.press("1")
        engine.gate.release(2)
        await until(pilot, lambda: ended(app) == 1)
        await pilot.press("5")
        await until(pilot, lambda: "■ finished" in shown(app))
        await pilot.press("escape")
        assert isinstance(app.screen, Gsm8kScreen)
        await pilot.press("E")
        await until(pilot, lambda: "1: strict 50.0%" in shown(app))
        assert len(engine.evaluated_with) == 1


async def test_e_on_gsm8k_opens_the_one_that_runs() -> None:
    engine = FakeEngine(answers=[BEFORE], gated=True)
    async with with_engine(engine, "e") as (app, pilot):
        await until(pilot, lambda: app.session.is_live(EVALUATION))
        await pilot.press("escape", "e")
        engine.gate.release()
        await until(pilot, lambda: "2/4" in shown(app))
        assert len(engine.evaluated_with) == 1
        engine.gate.release()


async def test_a_long_evaluation_is_asked_for_with_what_it_will_do_and_what_stops_it() -> None:
    engine = FakeEngine(answers=[BEFORE, BEFORE])
    async with with_engine(engine, "E") as (app, pilot):
        slow = replace(report(0, items=4), seconds=10.0)
        app.session.evaluations.ended.append(slow)
        await pilot.press("escape", "e")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        told = " ".join(shown(app).replace("│", " ").split())
        assert "100 answers of at most 256 tokens · about 4:10, as the last one went." in told
        assert "s stops it, and what was scored is kept." in told
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, EvaluationScreen))
        assert not engine.evaluated_with
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("enter")
        await until(pilot, lambda: ended(app) == 2)


async def test_before_a_first_evaluation_a_large_model_is_asked_about_and_a_small_one_not() -> None:
    async with with_engine(FakeEngine()) as (app, _):
        session = app.session
        assert question_of_length(session) is None
        status = loaded(app)
        session.status = replace(status, model=replace(status.model, parameters=134_515_008))
        words = present(question_of_length(session)).words
        assert "100 answers of at most 256 tokens · time not known before" in words
        # One of another model says nothing of this one; of a checkpoint of it, all
        session.evaluations.ended = [replace(report(0, model="other", items=4), seconds=0.1)]
        assert question_of_length(session) is not None
        named = f"{status.model.name} step 40"
        session.evaluations.ended += [replace(report(0, model=named, items=4), seconds=0.1)]
        assert question_of_length(session) is None


# The weights stay as they are


async def test_a_loop_that_runs_is_paused_first_and_goes_on_afterwards() -> None:
    engine = FakeEngine([2.0] * 5, answers=[BEFORE], gated=True)
    async with with_engine(engine, "space") as (app, pilot):
        engine.gate.release()
        await until(pilot, lambda: present(engine.status()).updates == 1)
        app.simulate_key("e")
        # Only then: a step that ends before the key is heard is followed by another at the gate.
        await until(pilot, lambda: "GSM8K is paused" in told(app))
        engine.gate.release()  # the step that was being made
        await until(pilot, lambda: app.session.is_live(EVALUATION))
        await until(pilot, lambda: app.session.loops["gsm8k"] is LoopState.PAUSED)
        engine.gate.release()
        await until(pilot, lambda: " 2/4 answered" in shown(app))
        assert "▶1: 2 updates" in shown(app)
        await pilot.press("escape", "space", "full_stop")
        await until(pilot, lambda: "all its answers must be of the same weights" in told(app))
        assert app.session.loops["gsm8k"] is LoopState.PAUSED
        engine.gate.release()
        await until(pilot, lambda: ended(app) == 1)
        await pilot.press("space")
        engine.gate.release(3)
        await until(pilot, lambda: app.session.loops["gsm8k"] is LoopState.FINISHED)
        assert present(engine.status()).updates == 5


@pytest.mark.parametrize(
    "keys", first_is_quick(("4", "space"), ("4", "R"), ("4", "p"), ("4", "full_stop"))
)
async def test_nothing_changes_the_weights_meanwhile(keys: tuple[str, ...]) -> None:
    engine = FakeEngine(answers=[BEFORE], gated=True)
    async with with_engine(engine, "e", size=(120, 40)) as (app, pilot):
        engine.gate.release()
        await until(pilot, lambda: app.session.evaluations.current)
        # Parked at the gate, the worker answers nobody: a key that asks it would hang
        await pilot.press(*keys)
        await until(pilot, lambda: "An evaluation is running, and all" in told(app))
        engine.gate.release()
        await until(pilot, lambda: ended(app) == 1)
        assert len(app.session.evaluations.ended[0].items) == 4
        assert (present(engine.status()).updates, engine.reloads) == (0, 0)


async def test_evaluating_in_the_middle_of_a_run_changes_none_of_its_losses() -> None:
    async with running(*OPEN) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, Gsm8kScreen)
        screen.settings = TrainSettings(items=6)
        app.session.evaluations.next.change(EvaluationSettings(items=3, max_tokens=12))
        losses = {}
        for middle in (False, True):
            if middle:
                await pilot.press("R")  # the run has a checkpoint of its end
                await until(pilot, lambda: loaded(app).updates == 0)
            for step in range(1, 7):
                await pilot.press("full_stop")
                await until(pilot, lambda n: screen.report and screen.report.step == n, step)
                losses[middle, step] = present(screen.report).loss
                if middle and step == 3:
                    await pilot.press("e")
                    await until(pilot, lambda: ended(app) == 1)
                    await pilot.press("escape")
            await pilot.press("full_stop")
            await until(pilot, lambda: app.session.loops["gsm8k"] is LoopState.FINISHED)
        assert [losses[True, n] for n in range(1, 7)] == [losses[False, n] for n in range(1, 7)]
        (report,) = app.session.evaluations.ended
        assert (report.updates, len(report.items), report.tokens) == (3, 3, 36)
        assert tally(report.items).cut == 3


# Before and after


async def test_before_and_after_are_compared_item_by_item() -> None:
    engine = FakeEngine(answers=[BEFORE, AFTER])
    async with with_engine(engine) as (app, pilot):
        await evaluated_twice(app, pilot)
        low, high = (100 * end for end in paired_interval(1, 1, 1, 1))
        points = f"+0.0 (95%: {low:+.1f} to {high:+.1f})"
        rise = f"= No change seen. Strict counts: 50.0% → 50.0%, {points}"
        await until(pilot, lambda: rise in shown(app))
        assert "↓ Flexible: 75.0% → 50.0%, -25.0 (95%" in shown(app)
        assert "1: as loaded → 2: 4 updates" in shown(app)
        app.clear_notifications()  # which lie over the table
        await until(pilot, lambda: "✗ broken  " in shown(app))
        text = shown(app)
        assert "of 4 items ✓ fixed 1, ✗ broken 1, unchanged 2 (right 1, wrong 1)" in text
        assert " 1: as loaded" in text
        assert "▶2: 4 updates" in text
        changes = [re.search("fixed|broken|still right|still wrong", line) for line in _rows(text)]
        assert [found[0] for found in changes if found] == [
            *("still right", "fixed", "still wrong", "broken")
        ]
        assert COMPARED in app.session.guide.done


async def test_the_facts_of_an_item_have_as_many_lines_as_they_need() -> None:
    async with with_engine(FakeEngine(), "E", size=(120, 40)) as (app, pilot):
        begun = report(0)
        app.session.evaluations.add([begun])
        app.session.hear(Numbered(1_000, LoopChanged(EVALUATION, LoopState.RUNNING)))
        await until(pilot, lambda: "1: the first batch is being answered" in shown(app))
        items = (evaluated_item(0, "#### 1", begun.settings),)
        app.session.evaluations.add([replace(begun, items=items)])
        view(app)._show_all()
        facts = "strict 1, flexible 1, expected 1 · 7 tokens, end of text"

        def beside() -> str:
            lines = (line[80:] for line in shown(app).splitlines())
            return " ".join(" ".join(lines).replace("│", " ").split())

        await until(pilot, lambda: facts in beside())


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40)))
async def test_whether_it_got_better_is_told_once_with_why_the_other_score_fell(
    size: tuple[int, int],
) -> None:
    items = range(1, 21)
    engine = FakeEngine(
        answers=[[f"It is {n}." for n in items], [f"#### {n} and 977" for n in items]]
    )
    async with with_engine(engine, size=size) as (app, pilot):
        await evaluated_twice(app, pilot)
        app.clear_notifications()
        await until(pilot, lambda: "↑ Better. Strict counts: 0.0% → 100.0%, +100.0" in shown(app))
        why = "↓ Flexible (last number): 100.0% → 0.0%: 20 answers wrote on past ####"
        assert why in shown(app)
        assert ("with end of text a run learns to stop" in shown(app)) is (size[0] > 80)


def _rows(text: str) -> list[str]:
    """The lines of the table of items."""
    return text[text.index("outcome") :].splitlines()[1:5]


async def test_f_filters_by_change() -> None:
    engine = FakeEngine(answers=[BEFORE, AFTER])
    async with with_engine(engine) as (app, pilot):
        await pilot.press("E", "f")
        await until(pilot, lambda: "There is nothing to compare with yet" in told(app))
        await pilot.press("escape")
        await evaluated_twice(app, pilot)
        for change, problems in ((Change.FIXED, [1]), (Change.BROKEN, [3])):
            await pilot.press("f")
            await until(pilot, lambda c: f"{c.value}, 1 of 4" in shown(app), change)
            assert outcomes(app) == problems
        await pilot.press("f")
        assert outcomes(app) == [0]
        await pilot.press("f")
        assert outcomes(app) == [2]
        await pilot.press("f")
        assert outcomes(app) == [0, 1, 2, 3]


async def test_another_evaluation_can_be_selected_and_compared_with() -> None:
    engine = FakeEngine(answers=[BEFORE, AFTER, BEFORE])
    async with with_engine(engine) as (app, pilot):
        await evaluated_twice(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: ended(app) == 3)
        await until(pilot, lambda: "1: as loaded → 3: 4 updates" in shown(app))
        await pilot.press("P")
        await until(pilot, lambda: "▶2: 4 updates" in shown(app))
        await pilot.press("b")
        # It is not compared with itself; said where it is, and nothing lies over that.
        await until(pilot, lambda: "1: as loaded → 2: 4 updates, baseline" in shown(app))
        assert "compared with" not in told(app)
        await pilot.press("N")
        await until(pilot, lambda: "2: 4 updates, baseline → 3: 4 updates" in shown(app))
        assert "= No change seen. Strict counts: 50.0% → 50.0%" in shown(app)
        await pilot.click("#evaluations", offset=(5, 1))
        await until(pilot, lambda: "1: as loaded → 2: 4 updates, baseline" in shown(app))
        app.session.evaluations.ended[1:] = []
        app.session.evaluations.chosen = None
        view(app).on_screen_resume()
        await until(pilot, lambda: "Nothing to compare with yet" in shown(app))


async def test_the_baseline_that_is_alone_is_named_with_what_to_do_next() -> None:
    async with with_engine(FakeEngine(answers=[BEFORE]), "e") as (app, pilot):
        await until(pilot, lambda: ended(app) == 1)
        await pilot.press("b")
        said = "1: as loaded is the baseline: train, or R, and e compares with it."
        await until(pilot, lambda: said in shown(app))
        assert "selects" not in told(app)


async def test_the_comparison_is_from_less_to_more_trained_whichever_was_evaluated_first() -> None:
    """Scored after the training, and then as loaded: training would look harmful."""
    engine = FakeEngine([4.0, 3.0], answers=[["#### 1", "#### 2"], ["#### 1", "It is 2."]])
    async with with_engine(engine, "space") as (app, pilot):
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.FINISHED)
        await pilot.press("e")
        await until(pilot, lambda: ended(app) == 1)
        await pilot.press("escape", "R")
        await until(pilot, lambda: loaded(app).updates == 0)
        await pilot.press("e")
        await until(pilot, lambda: ended(app) == 2)
        await until(pilot, lambda: "2: as loaded → 1: 2 updates" in shown(app))
        assert "May be chance. Strict counts: 50.0% → 100.0%, +50.0" in shown(app)
        assert "fixed 1, ✗ broken 0" in shown(app)
        await pilot.press("b")  # the row on show is what the others are compared with, at once
        await until(pilot, lambda: "2: as loaded, baseline → 1: 2 updates" in shown(app))
        await pilot.press("P")
        await until(pilot, lambda: "▶1: 2 updates" in shown(app))
        assert "2: as loaded, baseline → 1: 2 updates" in shown(app)
        assert view(app)._texts(view(app).items[1]).by == "1: 2 updates"
        assert present(view(app)._texts(view(app).items[1]).before).answer.text == "It is 2."


async def test_evaluations_are_there_after_a_restart_marked_as_of_an_earlier_time() -> None:
    engine = FakeEngine(answers=[BEFORE])
    async with with_engine(engine, "e") as (app, pilot):
        await until(pilot, lambda: ended(app) == 1)
        (made,) = app.session.evaluations.ended
    assert app.session.wait_for_disk(5) == ""
    (file,) = evaluations_home().iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    engine = FakeEngine(answers=[AFTER])
    async with with_engine(engine, "E") as (app, pilot):
        await until(pilot, lambda: ended(app) == 1)
        (kept,) = app.session.evaluations.ended
        assert kept == replace(made, ended=kept.ended, threads=None, batch_done=0.0)
        today = f"{datetime.fromisoformat(kept.ended):%m-%d}"
        await until(pilot, lambda: f"▶1: loaded {today}" in shown(app))
        updates = replace(kept, updates=203)
        assert score_cells(2, updates, 1.0, wide=False)[0] == f"2: 203 upd {today}"
        assert len(f"2: 203 upd {today}") <= NAME.width
        assert "strict 50.0%" in shown(app)
        await pilot.press("e")
        await until(pilot, lambda: ended(app) == 2)
        await until(pilot, lambda: "= No change seen. Strict counts: 50.0% → 50.0%" in shown(app))
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: f"1: as loaded, {today}" in shown(app))
        await until(pilot, lambda: f" 1: loaded {today}" in shown(app))
    assert app.session.wait_for_disk(5) == ""
    assert len(list(evaluations_home().iterdir())) == 2


async def test_what_was_scored_is_kept_when_the_app_is_quit_meanwhile_and_that_is_said() -> None:
    engine = FakeEngine(answers=[[*BEFORE, *BEFORE]], gated=True)
    async with with_engine(engine, "e") as (app, pilot):
        engine.gate.release(1)
        await until(pilot, lambda: app.session.evaluations.current is not None)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        assert "what was scored so far is kept" in str(app.screen.query(Static).first().content)
        await pilot.press("y")
        await until(pilot, lambda: not app.is_running)
        engine.gate.release(9)
    assert app.session.wait_for_disk(5) == ""
    (kept,) = earlier_evaluations().listed
    assert len(kept.report.items) == 2


async def test_d_deletes_an_evaluation_and_its_file_of_this_session_or_an_earlier_one() -> None:
    engine = FakeEngine(answers=[BEFORE, AFTER])
    async with with_engine(engine, "e") as (app, pilot):
        await until(pilot, lambda: ended(app) == 1)
        await until(pilot, lambda: len(list(evaluations_home().glob("*.jsonl"))) == 1)
        await pilot.press("d")
        await until(pilot, lambda: "▲ Delete this evaluation?" in shown(app))
        assert "1: as loaded: 4 answers, strict 50.0%" in shown(app)
        await pilot.press("n")
        assert ended(app) == 1
    assert app.session.wait_for_disk(5) == ""
    async with with_engine(FakeEngine(answers=[AFTER]), "E") as (app, pilot):
        await until(pilot, lambda: ended(app) == 1)
        await pilot.press("e")
        await until(pilot, lambda: ended(app) == 2)
        await until(pilot, lambda: len(list(evaluations_home().glob("*.jsonl"))) == 2)
        for left in (1, 0):
            await until(pilot, lambda: "d delete" in shown(app) or app.size.width < 100)
            await pilot.press("d", "y")
            await until(pilot, lambda left: ended(app) == left, left)
            assert len(list(evaluations_home().glob("*.jsonl"))) == left
        await pilot.press("d")
        await until(pilot, lambda: "Select an evaluation that has ended." in told(app))
        assert "e evaluates, then train, and evaluate again." in shown(app)


async def test_that_there_are_older_ones_on_disk_is_said() -> None:
    for updates in range(LISTED + 2):
        keep_evaluation(report(updates, items=1))
    async with with_engine(FakeEngine(), "E") as (app, pilot):
        await until(pilot, lambda: "evaluations, 2 older on disk" in shown(app))
        assert ended(app) == LISTED


async def test_an_evaluation_that_cannot_be_kept_is_told() -> None:
    evaluations_home().parent.mkdir(parents=True, exist_ok=True)
    evaluations_home().write_text("a file is in its place")
    async with with_engine(FakeEngine(answers=[BEFORE]), "e") as (app, pilot):
        await until(pilot, lambda: "The evaluation cannot be kept" in told(app))
        assert "lost with this session" in told(app)
        await pilot.press("d", "y")  # of what is in no file there is nothing to delete
        await until(pilot, lambda: ended(app) == 0)


async def test_other_settings_cannot_be_compared() -> None:
    engine = FakeEngine(answers=[BEFORE, AFTER])
    async with with_engine(engine, "e") as (app, pilot):
        await until(pilot, lambda: ended(app) == 1)
        await pilot.press("enter")
        form_of(app).put("shots", "2")
        form_of(app).put("max_tokens", "64")
        await pilot.press("enter", "e")
        await until(pilot, lambda: ended(app) == 2)
        said = "1 → 2: they cannot be compared, since they differ in shots and max tokens."
        await until(pilot, lambda: said in shown(app))
        assert "Answer: (after 2 worked items) · at most 64 tokens" in shown(app)
        await pilot.press("f")
        await until(pilot, lambda: "There is nothing to compare with yet" in told(app))
        assert COMPARED not in app.session.guide.done


def test_evaluations_of_several_models_are_named_after_them() -> None:
    evaluations = Evaluations(Configuration())
    evaluations.ended = [report(0), report(7, model="builtin")]
    assert [name_among(evaluations, one) for one in evaluations.all] == [
        *("1: as loaded", "2: 7 updates")
    ]
    evaluations.ended += [report(0, model="builtin step 203"), report(12, model="builtin step 203")]
    names = [name_among(evaluations, one) for one in evaluations.all]
    assert names == ["1: builtin", "2: builtin +7", "3: …tin step 203", "4: …step 203 +12"]
    cells = [
        score_cells(n, one, 1.0, wide=False, named=True) for n, one in enumerate(evaluations.all)
    ]
    assert all(len(str(row[0])) <= NAME.width for row in cells)


def test_an_evaluation_of_a_runs_weights_names_the_run_and_the_step() -> None:
    evaluations = Evaluations(Configuration())
    left_by = RunStep("2026-11-30-builtin-5", 40)
    evaluations.ended = [report(0), replace(report(40, items=1), left_by=left_by)]
    assert name_among(evaluations, evaluations.ended[1]) == "2: step 40 of 2026-11-30-builtin-5"
    told = "step 40 of 2026-11-30-builtin-5 · strict 100.0%"
    assert describe_on_show(evaluations.ended[1]) == told
    for step, short in ((40, "2: step 40 …-builtin-5"), (1_234, "2: step 1,234 …iltin-5")):
        trained = replace(report(9), left_by=RunStep(left_by.run, step))
        (cell, *_) = score_cells(2, trained, 1.0, wide=False)
        assert cell == short and len(short) <= NAME.width
        kept = replace(trained, ended="2026-11-30T20:00:00+00:00")
        assert score_cells(2, kept, 1.0, wide=True, named=True)[0] == short


async def test_other_items_cannot_be_compared() -> None:
    engine = FakeEngine(answers=[BEFORE, AFTER])
    async with with_engine(engine, "e") as (app, pilot):
        await until(pilot, lambda: ended(app) == 1)
        report = app.session.evaluations.ended[0]
        others = tuple(replace(item, question=f"{item.question}!") for item in report.items)
        app.session.evaluations.ended[0] = replace(report, items=others)
        await pilot.press("e")
        await until(pilot, lambda: "they cannot be compared: no item is in both" in shown(app))


def test_one_under_way_is_not_said_to_be_incomparable_whichever_comes_first() -> None:
    """What it has not scored yet it may score; of two that ended no item comes any more."""
    evaluations = Evaluations(Configuration())
    evaluations.ended = [report(25, items=2)]
    settings, ended = EvaluationSettings(), evaluations.ended[0]
    others = tuple(evaluated_item(n, "#### 1", settings) for n in (5, 6))
    for updates in 0, 25, 50:
        evaluations.current = under_way = report(updates)
        pairing = present(evaluations.pairing(under_way))
        assert why_incomparable(pairing) == "compared once the first batch is answered.\n"
        evaluations.current = under_way = replace(under_way, items=others)
        pairing = present(evaluations.pairing(under_way))
        assert why_incomparable(pairing) == "compared once an item is in both: none is yet.\n"
    why = why_incomparable(pair(ended, under_way))
    assert why == "they cannot be compared: no item is in both.\n"


@pytest.mark.parametrize(
    ("settings", "title", "asked"),
    [
        (EvaluationSettings(), "tested items, split test", "builtin, split test"),
        (EvaluationSettings("a/b"), "tested items, split test", "a/b, split test"),
        (EvaluationSettings("a.jsonl"), "tested items", "a.jsonl"),
        (EvaluationSettings("a.jsonl", skip=70), "tested items, from item 70 on", "a.jsonl, from"),
    ],
)
def test_which_items_are_tested_is_told_apart_from_those_of_the_training(
    settings: EvaluationSettings, title: str, asked: str
) -> None:
    assert describe_tested(settings) == title
    assert f"· {asked}" in describe_asked(settings)


async def test_a_tested_item_is_called_so_and_its_split_is_on_show_at_eighty_columns() -> None:
    async with with_engine(FakeEngine(answers=[BEFORE]), "e") as (app, pilot):
        await until(pilot, lambda: "tested items, split test" in shown(app))
        await pilot.press("t")
        await until(pilot, lambda: "tested item 0" in shown(app))


# Settings


async def test_settings_follow_the_loop_until_they_are_typed() -> None:
    engine = FakeEngine(answers=[BEFORE] * 3)
    async with with_engine(engine) as (app, pilot):
        the(Gsm8kScreen, app.screen).settings = TrainSettings("train.jsonl", items=70)
        await pilot.press("e")
        await until(pilot, lambda: ended(app) == 1)
        assert engine.evaluated_with == [EvaluationSettings("train.jsonl", skip=70)]
        await pilot.press("enter")
        form = app.screen
        assert isinstance(form, SettingsForm)
        await until(pilot, lambda: "Settings of the next evaluation" in shown(app))
        form.put("items", "30")
        await until(pilot, lambda: "usual, * 1 changed" in shown(app))
        cost = "30 answers of at most 256 tokens · about 0:08, as the last one went"
        await until(pilot, lambda: cost in shown(app))
        form.put("batch", "0")
        app.simulate_key("enter")
        await until(pilot, lambda: "batch must be 1 or more" in shown(app))
        form.put("batch", "8")
        await pilot.press("enter", "e")
        await until(pilot, lambda: ended(app) == 2)
        typed = EvaluationSettings("train.jsonl", items=30, skip=70, batch=8)
        assert engine.evaluated_with[-1] == typed
        await pilot.press("enter", "ctrl+r", "enter", "escape")
        the(Gsm8kScreen, app.screen).settings = TrainSettings(seed=3)
        await pilot.press("e")
        await until(pilot, lambda: ended(app) == 3)
        assert engine.evaluated_with[-1] == EvaluationSettings(seed=3)


async def test_the_command_line_says_that_it_lacks_the_updates_made_here() -> None:
    engine = FakeEngine([4.0, 3.0])
    async with with_engine(engine, "E", "enter") as (app, pilot):
        await until(pilot, lambda: "ctrl+y copies  $" in shown(app))
        await pilot.press("escape", "escape", "space")
        await until(pilot, lambda: loaded(app).updates == 2)
        await pilot.press("E", "enter")
        await until(pilot, lambda: "ctrl+y copies, without 2 updates made here  $" in shown(app))


async def test_form_tells_each_setting() -> None:
    async with with_engine(FakeEngine(), "E", "enter") as (app, pilot):
        for fields in form_beside_usual("", EvaluationSettings()).groups.values():
            for field in fields:
                await pilot.press("down")
                await until(
                    pilot, lambda field: f"{field.label}: {field.meaning}." in shown(app), field
                )
                assert "takes effect with the next evaluation" in shown(app)
                assert (
                    max(map(len, describe_field(field, "usual", field.as_typed(field.usual))[:3]))
                    <= 76
                )


# The raw texts


async def test_t_shows_the_raw_texts_of_the_item_and_its_neighbours() -> None:
    hostile = "4 [/bold] \x1b]52;c;x\x07\u202e\tpears\n#### 2"
    engine = FakeEngine(answers=[BEFORE, ("#### 1", hostile, "", "#### 5")])
    async with with_engine(engine, size=(100, 40)) as (app, pilot):
        await evaluated_twice(app, pilot)
        await pilot.press("down", "t")
        await until(pilot, lambda: isinstance(app.screen, EvaluatedItemDialog))
        text = shown(app)
        assert "item 1  ✓ right" in text
        assert "strict 2, flexible 2, expected 2 · 7 tokens, end of text" in text
        assert "4 [/bold] ␛]52;c;x␇⟨202E⟩⇥pears⏎" in text
        assert "\x1b" not in text
        assert "── answer of 2: 4 updates" in text
        assert "── answer of 1: as loaded" in text
        assert "It is 2." in text
        assert "Question: builtin: how many is 1 + 1?⏎" in text
        await pilot.press("n")
        await until(pilot, lambda: "item 2  ✗ no ####" in shown(app))
        assert "(no text)" in shown(app)
        await pilot.press("p", "p", "p")
        await until(pilot, lambda: "item 0  ✓ right" in shown(app))
        await pilot.press("n", "n", "n", "n", "escape")
        await until(pilot, lambda: view(app).query_one("#items", LineTable).cursor == 3)


# Everywhere


@pytest.mark.long
def test_an_answer_that_goes_on_past_its_number_says_which_rule_reads_which() -> None:
    item = evaluated_item(41, "#### 42-15=27>>27 stickers.", EvaluationSettings())
    told = "strict 42 (after ####), flexible 27 (the last), expected 42"
    assert describe_item(item).startswith(told)
    same = evaluated_item(41, "#### 42", EvaluationSettings())
    assert describe_item(same).startswith("strict 42, flexible 42, expected 42")


async def test_every_key_is_in_the_help_and_the_palette() -> None:
    async with with_engine(FakeEngine(), "E", size=(100, 70)) as (app, pilot):
        titles = {command.title for command in app.get_system_commands(app.screen)}
        keys = "esc", "e", "s", "enter", "t", "f", "b"
        for key in keys:
            assert any(title.endswith(f"({key})") for title in titles)
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpDialog)
        text = sheet(app)
        for said in (
            "Evaluate the weights as they are now",
            "what was scored is kept",
            "The item's raw texts",
            "those still right, still wrong",
            "what the others are compared with",
        ):
            assert said in text
        await pilot.press("escape", "escape", "question_mark")
        await until(pilot, lambda: "Evaluate the weights as they are now, zero-shot" in sheet(app))


@pytest.mark.long
async def test_any_size_and_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with with_engine(FakeEngine(answers=[BEFORE, AFTER]), size=(1, 1)) as (app, pilot):
        await evaluated_twice(app, pilot)
        for size in [(5, 3), (20, 8), (250, 70), (80, 24)]:
            await pilot.resize_terminal(*size)
        await until(pilot, lambda: "▶2: 4 updates" in shown(app))
        assert app.no_color
        assert "fixed" in shown(app)
        assert max(map(len, shown(app).splitlines())) <= 80


# Which is compared with which


def report(
    updates: int, *, model: str = "builtin", shots: int = 0, items: int = 0
) -> EvaluationReport:
    settings = EvaluationSettings(shots=shots)
    scored = tuple(evaluated_item(n, "#### 1", settings) for n in range(items))
    return EvaluationReport(settings, model, updates, 1, scored, 0.0, 0, 0.0)


def test_an_evaluation_is_compared_with_the_loaded_weights_else_the_first() -> None:
    evaluations = Evaluations(Configuration())
    first, loaded, later, other = report(7), report(0), report(9), report(3, shots=2)
    apart = report(5, model="other")

    def pair_of(one: EvaluationReport) -> list[EvaluationReport]:
        found = present(evaluations.pairing(one))
        return [found.before, found.after]

    evaluations.ended = [first]
    assert evaluations.pairing(first) is None
    evaluations.ended = [first, later]
    assert list(map(id, pair_of(later))) == list(map(id, [first, later]))
    assert list(map(id, pair_of(first))) == list(map(id, [first, later]))
    evaluations.ended = [first, loaded, report(0, model="other"), later]
    assert list(map(id, pair_of(later))) == list(map(id, [loaded, later]))
    assert list(map(id, pair_of(loaded))) == list(map(id, [loaded, later]))
    assert list(map(id, pair_of(first))) == list(map(id, [loaded, first]))
    evaluations.ended = [first, loaded, other]
    # To say that they cannot be compared.
    assert list(map(id, pair_of(other))) == list(map(id, [loaded, other]))
    evaluations.ended = [first, loaded, later, apart]
    evaluations.chosen = later
    assert list(map(id, pair_of(loaded))) == list(map(id, [loaded, later]))
    # Updates of another model are no more and no fewer: what came first is before.
    assert list(map(id, pair_of(apart))) == list(map(id, [later, apart]))


@pytest.mark.parametrize(
    ("after", "names"),
    [
        (EvaluationSettings(), []),
        (EvaluationSettings(items=9, skip=3, batch=2), []),
        (EvaluationSettings(problems="a.jsonl"), ["problems"]),
        (EvaluationSettings(max_tokens=9), ["max_tokens"]),
        (EvaluationSettings(shots=1, shots_from="a.jsonl"), ["shots", "shots_from"]),
        (EvaluationSettings(shots_from="a.jsonl"), []),
        (EvaluationSettings(seed=4), ["seed"]),
    ],
)
def test_the_settings_that_scores_depend_on(after: EvaluationSettings, names: list[str]) -> None:
    assert [field.name for field in incomparable(EvaluationSettings(), after)] == names


def test_the_seed_of_a_file_changes_nothing() -> None:
    before = EvaluationSettings("a.jsonl")
    assert not incomparable(before, replace(before, seed=5))


@pytest.mark.long
async def test_the_built_in_model_is_scored_as_by_the_engine() -> None:
    async with running(*OPEN) as (app, pilot):
        app.session.evaluations.next.change(EvaluationSettings(items=4, batch=2, max_tokens=40))
        await pilot.press("e")
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        (report,) = app.session.evaluations.ended
        counted = tally(report.items)
        assert counted.strict == Score(0, 4)
        assert counted.format_failures == [i.outcome for i in report.items].count(Outcome.NO_FORMAT)
        await until(pilot, lambda: "4/4 scored" in shown(app))
        by_problem = sorted(report.items, key=lambda item: item.problem)
        numbers = [item.expected_number for item in by_problem]
        rows = [line.split() for line in _rows(shown(app))]
        assert all(number in row for number, row in zip(numbers, rows, strict=True))
