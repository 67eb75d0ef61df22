"""Bench: the last one and earlier ones, starting one, ending it, and what must not run beside."""

import re
from dataclasses import replace

import psutil
import pytest
from textual.widgets import Static

from tests.at_length import first_is_quick
from tests.benches_on_disk import HEAD, MACHINE, RESULT, failed_loop, write_bench
from tests.fake_engine import FakeEngine
from tests.forms import form_of
from tests.known import the
from tests.pilot import Running, running, sheet, shown, until
from tests.screens.test_hostile_text import ATTACKS, FORBIDDEN
from tui_trainer.app import TuiTrainer
from tui_trainer.protocol.events import LoopState
from tui_trainer.protocol.loop_names import BENCH
from tui_trainer.protocol.models import ReadStatus
from tui_trainer.reports.bench_result import BenchResult
from tui_trainer.runs.benches import benches_home
from tui_trainer.screens import folder_list
from tui_trainer.screens.bench.view import BenchScreen
from tui_trainer.screens.dialogs.help import HelpDialog
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.dialogs.setting_rows import SettingRows
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.screens.evaluation.view import EvaluationScreen
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.runs.screen import RunsScreen
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.panel import Panel


def with_engine(
    engine: FakeEngine | None = None, *keys: str, size: tuple[int, int] = (80, 24)
) -> Running:
    made = engine or FakeEngine()
    return running("escape", "6", "b", *keys, size=size, engine=lambda progress: made)


def notes(app: TuiTrainer) -> str:
    return "\n".join(note.message for note in app._notifications)


def said(app: TuiTrainer, where: str) -> str:
    return str(app.screen.query_one(f"#{where}", Static).content)


def which(app: TuiTrainer) -> str:
    return str(app.screen.query_one("#kept", Panel).figure)


def report(app: TuiTrainer) -> list[str]:
    return said(app, "report").splitlines()


def state(app: TuiTrainer) -> LoopState | None:
    return app.session.loops.get(BENCH)


async def test_without_a_bench_a_sentence_says_what_to_press() -> None:
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "There is no bench on disk yet." in shown(app))
        text = " ".join(shown(app).split())
        assert "Press b: the notebook's loop by hand" in text
        assert "rounds of 10 s" in text
        await pilot.press("P", "N", "s", "down", "end")
        await until(pilot, lambda: "No bench is running: b starts one." in notes(app))
        await pilot.press("escape")
        assert isinstance(app.screen, RunsScreen)


async def test_a_bench_made_by_command_is_seen_while_the_benches_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(folder_list, "LIST_SECONDS", 0.05)
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "There is no bench on disk yet." in shown(app))
        write_bench()
        await until(pilot, lambda: "bench 1 of 1 · 2026-01-02-builtin-1.jsonl" in shown(app))


async def test_the_last_bench_with_its_date_machine_and_model() -> None:
    write_bench()
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "bench 1 of 1 · 2026-01-02-builtin-1.jsonl" in shown(app))
        lines = report(app)
        assert lines[0].startswith("builtin: Qwen3ForCausalLM, 4,275,808 parameters, cpu")
        assert lines[1].endswith("3 rounds of 5 s a loop")
        assert lines[2] == "2026-01-02 03:04, Fast CPU, 4 cores, 2 threads, torch 2.13.0"
        cells = [line.split() for line in lines]
        assert ["notebook", "3/3", "fp32", "1,000", "950", "1,050", "12.5%", "640.0", "MB"] in cells
        assert ["tuned", "1.5", "7.0", "9.0", "3.0", "1.0", "21.5", "190"] in cells
        assert ["tuned", "1.2500", "5.0", "9,000", "1.3750", "2.5", "4,000"] in cells
        assert ["trainer", "1/3", "failed", "-", "-", "-", "-", "-"] in cells
        ratios = {line[:25].strip(): line[26:] for line in lines if " / " in line}
        assert ratios["tuned / notebook"] == "4.00 times the tokens/s (3.50 to 4.50)"
        assert ratios["trainer / notebook"] == "no ratio: one of them failed"
        assert lines[-1] == "trainer failed: It ran out of memory."
        assert max(map(len, lines)) <= app.screen.query_one("#report").content_size.width == 79
        assert "tokens/s" in shown(app)
        assert "trainer failed" not in shown(app)
        await pilot.press("end")
        await until(pilot, lambda: "trainer failed: It ran out of memory." in shown(app))


async def test_shifted_p_and_n_look_at_earlier_ones_and_a_bad_file_is_a_sentence() -> None:
    write_bench(2, model="first")
    write_bench(4, model="second")
    bad = write_bench(3)
    bad.write_text("{")
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "of 3, the newest" in shown(app))
        names = []
        for _ in range(4):
            names.append((which(app), report(app)[0]))
            await pilot.press("P")
        order = [line for _, line in names]
        damaged = next(n for n, line in enumerate(order) if "damaged" in line)
        good = [line.split(":")[0] for n, line in enumerate(order[:3]) if n != damaged]
        assert good == ["second", "first"]
        assert bad.name in names[damaged][0]
        assert names[3][0].startswith("bench 1 of 3")
        for _ in range(3):
            await pilot.press("N")
        assert which(app) == names[0][0]


async def test_b_measures_the_loaded_model_on_the_problems_of_gsm8k_and_keeps_it() -> None:
    engine = FakeEngine(gated=True)
    engine.bench_result = RESULT
    write_bench(1, model="earlier")
    async with running("escape", "5", engine=lambda progress: engine) as (app, pilot):
        assert isinstance(app.screen, Gsm8kScreen)
        app.screen.settings = TrainSettings(problems="mine.jsonl", seed=7)
        await pilot.press("6", "b")
        assert "on mine.jsonl" in shown(app)
        await pilot.press("b")
        await until(pilot, lambda: "run  1/4 round 1/2 notebook" in shown(app))
        await until(pilot, lambda: "Bench running" in shown(app))
        assert engine.benched_with == [
            (app.session.choice, BenchSettings(problems="mine.jsonl", seed=7))
        ]
        await pilot.press("b")
        assert "A bench is running: s stops it." in notes(app)
        engine.gate.release()
        await until(pilot, lambda: "run  2/4 round 1/2 tuned" in shown(app))
        # It goes on while another screen is looked at.
        await pilot.press("escape", "1")
        engine.gate.release(3)
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        await pilot.press("escape", "6", "b")
        await until(pilot, lambda: "bench 2 of 2, the newest" in shown(app))
        assert report(app)[0].startswith("builtin: ")
        assert said(app, "progress").startswith("b measures")
        assert "■ finished" in shown(app)
    assert [path.name for path in sorted(benches_home().iterdir())] == [
        *("2026-01-01-earlier-1.jsonl", "2026-01-02-builtin-1.jsonl")
    ]


async def test_s_ends_it_and_nothing_is_kept() -> None:
    engine = FakeEngine(gated=True)
    async with with_engine(engine, "b") as (app, pilot):
        await until(pilot, lambda: "run  1/4" in shown(app))
        await until(pilot, lambda: "The first bench is being made" in shown(app))
        assert "Press b" not in shown(app)
        await pilot.press("s")
        engine.gate.release()  # where a real bench looks up a tenth of a second later
        await until(pilot, lambda: state(app) is LoopState.STOPPED)
        await until(pilot, lambda: "Press b" in shown(app))
        await until(pilot, lambda: engine.benches_closed == 1)
        assert said(app, "progress").startswith("b measures")
        assert "■ stopped" in shown(app)
    assert list(benches_home().iterdir()) == []


async def test_nothing_else_trains_or_is_evaluated_while_it_runs() -> None:
    engine = FakeEngine([1.0] * 9, gated=True, answers=[["#### 1"] * 8])
    async with running("escape", "5", "space", engine=lambda progress: engine) as (app, pilot):
        await until(pilot, lambda: app.session.is_running("gsm8k"))
        await pilot.press("6", "b", "b")
        engine.gate.release(1)
        await until(pilot, lambda: app.session.is_running(BENCH))
        await until(pilot, lambda: app.session.loops["gsm8k"] is LoopState.PAUSED)
        assert "GSM8K is paused: go on with it there afterwards." in notes(app)
        await pilot.press("escape", "5", "space")
        why = "A bench is running, and anything beside it would slow its loops"
        await until(pilot, lambda: why in notes(app))
        assert app.session.loops["gsm8k"] is LoopState.PAUSED
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EvaluationScreen))
        await until(pilot, lambda: "A bench is running" in shown(app))
        assert engine.evaluated_with == []
        app.worker.stop_loop(BENCH)
        engine.gate.release(1)
        await until(pilot, lambda: state(app) is LoopState.STOPPED)
        # And the other way round.
        await pilot.press("e")
        await until(pilot, lambda: app.session.is_running("evaluation"))
        await pilot.press("escape", "6", "escape", "b", "b")
        await until(pilot, lambda: "Evaluation is running and would slow the loops" in shown(app))
        assert len(engine.benched_with) == 1
        engine.gate.release(9)


async def test_settings_are_typed_and_a_refusal_is_a_sentence() -> None:
    engine = FakeEngine(refuse=ValueError("nope"))
    async with with_engine(engine, "enter") as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, SettingsForm))
        # As high as its fields, and in the words of a bench
        last, meaning = app.screen.query_one(SettingRows), app.screen.query_one("#meaning", Static)
        assert last.region.bottom == meaning.region.y
        await pilot.press("down")
        assert "takes effect with the next bench." in str(meaning.content)
        form_of(app).put("seconds", "0")
        await pilot.press("enter")
        assert "seconds must be above 0" in shown(app)
        form_of(app).put("seconds", "2.5")
        await until(pilot, lambda: "3 rounds of 2.5 s: 0:" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: "3 rounds of 2.5 s" in shown(app))
        assert app.session.benches.next.settings == BenchSettings(seconds=2.5)
        await pilot.press("b")
        await until(pilot, lambda: "nope" in shown(app))


async def test_what_cannot_be_kept_is_on_show_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine()
    engine.bench_result = RESULT
    monkeypatch.setattr("os.fsync", lambda _: benches_home().joinpath("none").stat())
    async with with_engine(engine, "b") as (app, pilot):
        await until(pilot, lambda: "bench 1 of 1 · not kept on disk" in shown(app))
        assert "cannot be kept" in said(app, "said")
        assert "tuned / notebook          4.00 times" in "\n".join(report(app))


async def test_quitting_asks_while_it_runs() -> None:
    engine = FakeEngine(gated=True)
    async with with_engine(engine, "b") as (app, pilot):
        await until(pilot, lambda: app.session.is_live(BENCH))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        assert "A bench is running, and nothing would be kept" in shown(app)
        await pilot.press("n")
        engine.gate.release(9)


async def test_its_keys_are_in_the_footer_the_help_and_the_palette() -> None:
    async with with_engine() as (app, pilot):
        await until(pilot, lambda: "esc runs" in shown(app))
        footer = shown(app).splitlines()[-1]
        for word in ("esc runs", "b bench", "enter settings", "q quit", "? keys"):
            assert word in footer
        assert "s stop" not in footer
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Bench (b)", "Stop (s)", "Settings (enter)"} <= titles
        assert any(title.startswith("Earlier (") for title in titles)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpDialog))
        await until(pilot, lambda: "The training loops side by side" in sheet(app))


async def test_the_real_worker_hears_keys_while_it_runs_and_s_ends_its_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def children() -> list[psutil.Process]:
        return psutil.Process().children(recursive=True)

    before = len(children())
    async with running("escape", "6", "b", source="random:tiny") as (app, pilot):
        app.session.benches.next.change(BenchSettings(items=30, held_out=2, seconds=60))
        await pilot.press("b")
        await until(pilot, lambda: app.session.benches.current is not None)
        assert len(children()) == before + 1
        await app.session.ask(ReadStatus())
        assert app.session.is_live(BENCH)  # it takes a minute: the answer did not wait for it
        await pilot.press("s")
        await until(pilot, lambda: state(app) is LoopState.STOPPED)
        assert len(children()) == before
        assert said(app, "progress").startswith("b measures")
        assert "■ stopped" in shown(app)


@pytest.mark.long
async def test_the_real_worker_measures_and_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tui_trainer.engine.bench.begin_bench.installed_loops", lambda: ["notebook"]
    )
    async with running("escape", "6", "b", source="random:tiny") as (app, pilot):
        settings = BenchSettings(items=30, held_out=2, seconds=0.2, rounds=2)
        app.session.benches.next.change(settings)
        await pilot.press("b")
        await until(pilot, lambda: "bench 1 of 1" in shown(app))
        assert report(app)[0].startswith("random:tiny: Qwen3ForCausalLM, 149,728 parameters, cpu")
        speed = next(line.split() for line in report(app) if line.startswith("notebook"))
        assert speed[1:3] == ["2/2", "fp32"]
        assert float(speed[3].replace(",", "")) > 0


# Text from outside, sizes, colours


@pytest.mark.parametrize("attack", ["".join(ATTACKS[:-1]), ATTACKS[-1]], ids=["all", "long"])
async def test_hostile_names_and_files_are_made_visible(attack: str) -> None:
    machine = replace(MACHINE, cpu=attack, gpu=attack, torch=attack)
    head = replace(
        HEAD,
        model=attack,
        architecture=attack,
        device=attack,
        machine=machine,
        settings=BenchSettings(problems=attack),
    )
    write_bench(2, BenchResult(head, (*RESULT.loops[:2], failed_loop("trainer", attack))))
    benches_home().joinpath("bad\x1b[2J\u202e.jsonl").write_text(attack, errors="replace")
    async with with_engine() as (app, pilot):
        app.session.benches.next.change(BenchSettings(problems=attack))
        await until(pilot, lambda: " of 2" in shown(app))
        for _ in range(2):
            await until(pilot, lambda: re.search("1,000|damaged", said(app, "report")))
            assert not FORBIDDEN.search(shown(app))
            await pilot.press("end")
            assert not FORBIDDEN.search(shown(app))
            await pilot.press("P")
        assert app.is_running


@pytest.mark.long
@pytest.mark.parametrize("size", first_is_quick((1, 1), (30, 8), (80, 24), (120, 40), (200, 60)))
async def test_no_size_breaks_it(size: tuple[int, int]) -> None:
    write_bench()
    async with with_engine(size=size) as (app, pilot):
        screen = the(BenchScreen, app.screen)
        await until(pilot, lambda: screen.listed)
        await pilot.press("end", "home", "P", "enter", "escape")
        assert app.is_running
        if size == (120, 40):
            assert "trainer failed: It ran out of memory." in shown(app)


async def test_without_colour_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    write_bench()
    async with with_engine(size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "no ratio: one of them failed" in shown(app))
        assert "failed" in next(line for line in report(app) if line.startswith("trainer"))
