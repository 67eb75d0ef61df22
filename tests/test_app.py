"""The app around its screens: picking a model, what goes wrong, quitting."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from textual.app import SystemCommand
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Select

import tui_trainer.app
from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.forms import form_of
from tests.hub.server import GATED, NOT_FOUND, FakeHub
from tests.known import present, the
from tests.pilot import loaded, running, sheet, shown, time_left, until
from tui_trainer.app import TuiTrainer
from tui_trainer.reports.models import DeviceReport, DeviceUse, LearnerStatus
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.threads import ThreadShare
from tui_trainer.screens.dialogs.failure import FailureDialog
from tui_trainer.screens.dialogs.help import HelpDialog
from tui_trainer.screens.dialogs.model_picker import ModelPicker
from tui_trainer.screens.dialogs.palette import score_of
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.screens.step.screen import StepScreen
from tui_trainer.settings.model import ModelChoice
from tui_trainer.widgets.key_footer import KeyFooter
from tui_trainer.widgets.notification import SafeNotification
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.status_line import Standing, StatusLine
from tui_trainer.worker import Worker

REPO = "course/tiny"


def fake(engine: FakeEngine) -> Callable[[Progress], FakeEngine]:
    return lambda progress: engine


def break_off(hub: FakeHub, folder: Path) -> None:
    hub.add_model(REPO, folder)
    hub.break_off = "model.safetensors"


async def pick(app: TuiTrainer, pilot: Pilot[int], source: str) -> None:
    """Type a source into the model picker."""
    await pilot.press("escape", "m")
    await until(pilot, lambda: isinstance(app.screen, ModelPicker))
    line = app.screen.query_one("#source", Input)
    line.value = source
    line.focus()
    await pilot.press("enter")


async def test_pick_a_directory(model_folder: Callable[[str], Path]) -> None:
    folder = model_folder("Llama")
    async with running() as (app, pilot):
        await pick(app, pilot, str(folder))
        await until(pilot, lambda: loaded(app).model.architecture == "LlamaForCausalLM")
        assert "Llama" in shown(app)


async def test_the_picker_lists_every_device_and_why_one_does_not_answer() -> None:
    class WithCards(FakeEngine):
        def devices(self) -> list[DeviceReport]:
            silent = DeviceReport("cuda:0", "Card\x1b 0", None, None, "it is \x1bbusy")
            mps = DeviceReport("mps", "Apple M9", 9_000_000_000, 16_000_000_000)
            return [mps, *super().devices(), silent]

    async with running("escape", "m", engine=lambda progress: WithCards()) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one("#models", OptionList).option_count > 0)
        app.screen.query_one("#device", Select).focus()
        await pilot.press("enter")
        await until(pilot, lambda: "mps Apple M9, 9.0 GB free" in shown(app))
        assert "cpu CPU, 8.0 GB free" in shown(app)
        assert "cuda:0 Card␛ 0, it is ␛busy" in shown(app)


async def test_how_full_a_card_is_is_followed_while_nothing_runs_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class OnACard(FakeEngine):
        others = 0

        def status(self) -> LearnerStatus:
            self.others = min(self.others + 10**9, 7 * 10**9)
            use = DeviceUse(10**9 + self.others, 80 * 10**9, 10**9, self.others)
            return replace(present(super().status()), device_use=use)

        def load_model(self, choice: ModelChoice) -> LearnerStatus:
            super().load_model(choice)
            return self.status()

    monkeypatch.setattr(tui_trainer.app, "DEVICE_SECONDS", 0.02)
    async with running(size=(160, 24), engine=lambda progress: OnACard()) as (app, pilot):
        await until(pilot, lambda: "8.0 of 80 GB, others 7.0" in shown(app))


async def test_the_picker_asks_for_deterministic_kernels() -> None:
    async with running("escape", "m", engine=fake(FakeEngine())) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one("#models", OptionList).option_count > 0)
        assert "the same bits each time; a GPU is slower" in shown(app)
        select = app.screen.query_one("#deterministic", Select)
        select.focus()
        await pilot.press("enter", "down", "enter")
        await until(pilot, lambda: select.value is True)
        app.screen.query_one("#source", Input).focus()
        await pilot.press("enter")
        await until(pilot, lambda: app.session.choice.deterministic)


async def test_a_hub_model_comes_with_progress_and_trains(
    hub: FakeHub, model_folder: Callable[[str], Path]
) -> None:
    hub.add_model(REPO, model_folder("Qwen3"))
    async with running() as (app, pilot):
        await pick(app, pilot, REPO)
        await until(pilot, lambda: loaded(app).model.name == REPO)
        await pilot.press("4", "space")
        await until(pilot, lambda: loaded(app).updates == 1)


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    first_is_quick(
        pytest.param(break_off, "broke off: try again", id="broken download"),
        pytest.param(
            lambda hub, folder: hub.refuse("models", REPO, NOT_FOUND), "The Hub has no", id="404"
        ),
        pytest.param(
            lambda hub, folder: hub.refuse("models", REPO, GATED), "is open only to those", id="401"
        ),
    ),
)
async def test_what_the_hub_refuses_is_a_sentence_and_the_app_lives_on(
    hub: FakeHub,
    model_folder: Callable[[str], Path],
    prepare: Callable[[FakeHub, Path], None],
    sentence: str,
) -> None:
    prepare(hub, model_folder("Qwen3"))
    async with running(size=(120, 40)) as (app, pilot):
        await pick(app, pilot, REPO)
        await until(pilot, lambda: sentence in " ".join(shown(app).split()))
        await until(pilot, lambda: app.session.choice.source == "builtin")
        assert loaded(app).model.name == "builtin"
        await pilot.press("4", "space")
        await until(pilot, lambda: loaded(app).updates == 1)


async def test_a_download_can_be_cancelled(
    hub: FakeHub, model_folder: Callable[[str], Path]
) -> None:
    hub.add_model(REPO, model_folder("Qwen3"))
    hub.hold = "model.safetensors"
    async with running() as (app, pilot):
        await pick(app, pilot, REPO)
        await until(pilot, lambda: "cancel load" in shown(app))
        await until(pilot, hub.holding.is_set)
        await pilot.press("C")
        await until(pilot, lambda: app.session.loading is None)
        assert loaded(app).model.name == "builtin"
        await until(pilot, lambda: "cancel load" not in shown(app))


async def test_an_exception_in_the_worker_is_a_dialog_with_its_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = FakeEngine()
    monkeypatch.setattr(engine, "reload", lambda: 1 // 0)
    async with running(engine=fake(engine), size=(120, 40)) as (app, pilot):
        await pilot.press("escape", "R")
        await until(pilot, lambda: isinstance(app.screen, FailureDialog))
        assert "ZeroDivisionError" in shown(app)
        assert "Traceback" in shown(app)
        await pilot.press("escape")
        await pilot.press("4", "space")
        await until(pilot, lambda: loaded(app).updates == 1)


def divide_by_zero() -> None:
    _ = 1 // 0


async def test_a_failure_that_nobody_waits_for_is_a_dialog_too() -> None:
    async with running(engine=fake(FakeEngine())) as (app, pilot):
        the(Worker, app.worker)._do(divide_by_zero)
        await until(pilot, lambda: isinstance(app.screen, FailureDialog))
        assert "ZeroDivisionError" in shown(app)


async def test_out_of_memory_is_a_sentence_and_the_weights_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running("escape", "4", size=(120, 40)) as (app, pilot):

        def no_memory(*_: object, **__: object) -> None:
            raise torch.OutOfMemoryError("CUDA out of memory")

        with monkeypatch.context() as patch:
            patch.setattr(torch.optim.AdamW, "step", no_memory)
            await pilot.press("space")
            await until(pilot, lambda: "not enough memory" in shown(app))
        assert loaded(app).updates == 0
        await pilot.press("space")
        await until(pilot, lambda: loaded(app).updates == 1)


async def test_quit_asks_while_a_loop_trains() -> None:
    engine = FakeEngine(losses=[1.0] * 1000, gated=True)
    async with running("escape", "5", engine=fake(engine)) as (app, pilot):
        app.simulate_key("space")
        await until(pilot, lambda: app.session.is_running("gsm8k"))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("n")
        assert app.is_running
        app.worker.stop_loop("gsm8k")
        engine.gate.release(5)
        await until(pilot, lambda: not app.session.is_live("gsm8k"))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("y")
        await until(pilot, lambda: app.return_code == 0 and app.return_value == 0)


@pytest.mark.parametrize(
    ("key", "name"),
    first_is_quick(
        *(
            pytest.param(*case)
            for case in (
                ("4", "Step"),
                ("1", "Tokens"),
                ("2", "Predict"),
                ("3", "Loss"),
                ("5", "GSM8K"),
                ("6", "Runs"),
            )
        )
    ),
)
async def test_help_tells_of_the_screen_and_its_keys(key: str, name: str) -> None:
    # So high that no help has to be scrolled.
    async with running("escape", key, size=(100, 80), engine=fake(FakeEngine())) as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpDialog))
        assert f"keys of {name}" in shown(app)
        await until(pilot, lambda: "q       Quit" in sheet(app))
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpDialog)


async def test_the_sheet_stays_beside_the_screen_from_120_columns_while_one_works() -> None:
    async with running("escape", "4", size=(160, 40), engine=fake(FakeEngine())) as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: "space   One update" in shown(app))
        screen = app.screen
        assert not isinstance(screen, HelpDialog) and screen.has_class("-wide")
        assert max(panel.region.right for panel in screen.query(Panel)) == 120
        await pilot.press("space")
        await until(pilot, lambda: loaded(app).updates == 1 and "One update" in shown(app))
        await pilot.press("5")
        await until(pilot, lambda: "space   Start, pause, go on" in shown(app))
        await pilot.resize_terminal(120, 40)  # the screen has 80 columns now
        await until(pilot, lambda: app.screen.has_class("-narrow") and "Start, pause" in shown(app))
        await pilot.resize_terminal(119, 40)
        await until(pilot, lambda: app.screen.has_class("-wide") and not sheet(app))
        await pilot.resize_terminal(200, 60)
        await until(pilot, lambda: app.screen.has_class("-wide") and bool(sheet(app)))
        await pilot.press("question_mark")
        await until(pilot, lambda: app.screen.has_class("-broad") and not sheet(app))


async def test_every_key_is_a_command_of_the_palette_and_textuals_own_come_last() -> None:
    async with running("4", engine=fake(FakeEngine())) as (app, pilot):
        await pilot.press("escape", "4")
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert titles[:2] == ["Update (space)", "Play (p)"]
        assert "Save (c)" in titles and "Keys (?)" in titles
        assert titles[-2:] == ["Theme", "Screenshot"]
        assert len([title for title in titles if title.startswith("Quit")]) == 1
        assert not [title for title in titles if "row" in title or "Focus" in title]


async def palette(app: TuiTrainer, pilot: Pilot[int], query: str) -> list[str]:
    """What the palette lists for a query, the best first."""
    await pilot.press("ctrl+p")
    await until(pilot, lambda: app.screen.has_class("-ready"))
    app.screen.query_one(Input).value = query
    listed, plain_words = app.screen.query_one(OptionList), query.replace("-", " ").split()

    def titles() -> list[str]:
        return [str(option.prompt) for option in listed.options]

    await until(
        pilot, lambda: titles() and all(word in titles()[0].casefold() for word in plain_words)
    )
    return titles()


async def test_the_palette_searches_descriptions_and_the_other_screens() -> None:
    async with running(engine=fake(FakeEngine())) as (app, pilot):
        listed = await palette(app, pilot, "dropout")
        assert listed[0].startswith("Dropout (4, d)\nDropout of train mode")
        assert listed[1].startswith("dropout: setting of Step (4)\ndropout probability")
        assert listed[2].startswith("Settings (4, ,)\nSettings of the next update")
        assert listed[3].startswith("Mode (4, t)\nTrain mode (dropout on)")
        await pilot.press("enter")
        await until(pilot, lambda: "Dropout of train mode on this screen" in shown(app))
        assert isinstance(app.screen_stack[0], StepScreen)


async def test_the_palette_opens_each_form_at_the_setting_that_was_looked_for() -> None:
    async with running("escape", engine=fake(FakeEngine())) as (app, pilot):
        for query, title, name in (
            ("warm-up", "warmup: setting of GSM8K (5)", "warmup"),
            ("weight decay", "weight decay: setting of GSM8K (5)", "weight_decay"),
            ("top-p", "top p: setting of Predict (2)", "top_p"),
            ("eval mode", "training: setting of Step (4)", "training"),
            ("answer tokens", "max tokens: setting of an evaluation (5)", "max_tokens"),
            # From the evaluation, which lies over GSM8K, to GSM8K's own; and to the bench.
            ("packed row attends", "item attention: setting of GSM8K (5)", "item_attention"),
            ("rounds", "rounds: setting of the bench (6)", "rounds"),
        ):
            listed = await palette(app, pilot, query)
            place = [line.split("\n")[0] for line in listed].index(title)
            await pilot.press(*["down"] * place, "enter")
            await until(pilot, lambda name: is_at(app, name), name)
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(app.screen, SettingsForm))


def is_at(app: TuiTrainer, name: str) -> bool:
    is_open = isinstance(app.screen, SettingsForm) and app.screen.is_mounted
    return is_open and form_of(app).here == name


@pytest.mark.parametrize(
    ("query", "fuzzy", "score"),
    [
        ("Upd", 0.4, 1.0),
        ("up-date", 0.0, 1.0),
        ("the loss update", 0.0, 0.9),
        ("update nothing", 0.0, 0.0),
        ("udt", 0.8, 0.4),
        ("lr ([", 0.0, 0.0),
    ],
)
def test_what_is_typed_is_looked_for_in_title_and_description(
    query: str, fuzzy: float, score: float
) -> None:
    command = SystemCommand("Update (space)", "One update of the weights by the loss", lambda: None)
    assert score_of(command, query, fuzzy) == score


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40)))
async def test_a_notification_leaves_the_line_of_status_in_sight(size: tuple[int, int]) -> None:
    async with running("escape", "5", size=size, engine=fake(FakeEngine())) as (app, pilot):
        app.notify("A word " * 20)
        await until(pilot, lambda: "A word" in shown(app))
        below = StatusLine if size[0] < 110 else KeyFooter  # which has the line in its top row
        line, toast = (app.screen.query_one(one).region for one in (below, "ToastRack Toast"))
        assert toast.bottom == line.y


async def test_the_palette_writes_a_screenshot_to_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running("escape", engine=fake(FakeEngine())) as (app, pilot):
        commands = app.get_system_commands(app.screen)
        (screenshot,) = [command for command in commands if command.title == "Screenshot"]
        screenshot.callback()
        await until(pilot, lambda: any(tmp_path.iterdir()))
        await until(pilot, lambda: "Saved screenshot to" in shown(app))
    (picture,) = tmp_path.iterdir()
    assert picture.read_text(encoding="utf-8").startswith("<svg")


async def test_the_palette_saves_on_every_screen() -> None:
    for key in "12356":
        async with running("escape", key, engine=fake(FakeEngine())) as (app, _):
            commands = app.get_system_commands(app.screen)
            saves = [c.title for c in commands if c.title in {"Save", "Save (c)"}]
            assert saves == ["Save (c)" if key == "5" else "Save"]


@pytest.mark.parametrize("theme", first_is_quick("textual-light", "textual-dark"))
async def test_themes(theme: str) -> None:
    async with running("escape", "4", engine=fake(FakeEngine())) as (app, pilot):
        app.theme = theme
        await pilot.press("5", "1")
        assert "[1 Tokens]" in shown(app)


async def test_no_color_keeps_every_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running("escape", "4", engine=fake(FakeEngine())) as (app, _):
        assert app.no_color
        assert "[4 Step]" in shown(app)


async def test_a_notification_that_expires_as_it_is_shown_does_not_stop_the_app(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its toast is made a moment after it was last looked at: told here that there is time left."""
    monkeypatch.setattr(SafeNotification, "has_expired", False)
    monkeypatch.setattr(SafeNotification, "time_left", time_left)
    async with running(engine=fake(FakeEngine())) as (app, pilot):
        app.notify("too late", timeout=-0.1, markup=False)
        app.notify("in time", markup=False)
        await until(pilot, lambda: "in time" in shown(app))
        await until(pilot, lambda: "too late" not in shown(app))


async def test_what_is_said_again_is_shown_once() -> None:
    async with running(engine=fake(FakeEngine())) as (app, pilot):
        for words in ("wait for it", "wait for it", "another", "wait for it"):
            app.notify(words, markup=False)
        await until(pilot, lambda: "another" in shown(app) and "wait for it" in shown(app))
        assert shown(app).count("wait for it") == 1


@pytest.mark.parametrize("key", "123456")
async def test_the_words_of_the_footer_stand_apart(key: str) -> None:
    async with running("escape", key, engine=fake(FakeEngine())) as (app, pilot):
        await until(pilot, lambda: shown(app).endswith("  ? keys "))
        words = shown(app).splitlines()[-1].split("  ")
        assert all(len(word.split()) <= 3 for word in words)


async def test_the_status_line_goes_on_below_a_dialog() -> None:
    async with running(engine=fake(FakeEngine())) as (app, pilot):
        line = app.screen.query_one(StatusLine)
        await pilot.press("escape", "question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpDialog))
        app.session.status = replace(loaded(app), updates=7)
        await until(pilot, lambda: "7 updates from loaded" in str(line.content))


async def test_what_the_worker_does_is_told_whole_at_80_columns() -> None:
    async with running(engine=fake(FakeEngine())) as (app, _):
        line = app.screen.query_one(StatusLine)
        status = replace(loaded(app), updates=1_000)
        for doing, loops, kept in (
            ("", "GSM8K running", "· cpu fp32 · 1,000 updates from loaded, R reloads "),
            ("Trying three lr", "", "· cpu fp32 · 1,000 updates from loaded "),
            ("", "GSM8K paused · Evaluation running", " · 1,000 updates from loaded "),
        ):
            line.show(Standing(status, None, doing, 1.0, "", loops))
            (drawn,) = (row for row in shown(app).splitlines() if "from loaded" in row)
            assert kept in drawn
            said = f"{doing} 1.0 s  {loops}".strip() if doing else loops
            assert drawn.rstrip().endswith(said)


async def test_the_picker_keeps_the_threads_that_were_chosen() -> None:
    async with running("escape", engine=fake(FakeEngine())) as (app, pilot):
        app.session.choice = replace(app.session.choice, threads=1)
        await pilot.press("m")
        await until(pilot, lambda: app.screen.query_one("#models", OptionList).option_count > 0)
        assert "threads of a CPU" in shown(app)
        assert app.screen.query_one("#threads", Select).value == 1
        await pilot.press("down", "enter")
        await until(pilot, lambda: not isinstance(app.screen, ModelPicker))
        await until(pilot, lambda: app.session.loading_choice is None)
        assert app.session.choice.threads == 1


async def test_others_on_the_machine_are_told_on_the_status_line_at_80_columns() -> None:
    told: list[Progress] = []

    def engine(progress: Progress) -> FakeEngine:
        told.append(progress)
        return FakeEngine()

    async with running(engine=engine) as (app, pilot):
        told[0].tell_threads(ThreadShare(1, 2))
        await until(pilot, lambda: " · 1 thread: others use this machine · as loaded" in shown(app))
        app.session.status = replace(loaded(app), updates=1_000, unsaved=1_000)
        await until(
            pilot, lambda: " · 1 thread · 1,000 updates from loaded · ▲ unsaved" in shown(app)
        )
        told[0].tell_threads(ThreadShare(2, 2))
        await until(pilot, lambda: " · cpu fp32 · 1,000 updates from loaded" in shown(app))
