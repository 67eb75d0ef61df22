"""The app starts with what was set once, and with the theme and the model of last time."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fake_engine import FakeEngine
from tests.pilot import loaded, running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.configuration.kept import Kept, anywhere, kept_file, read_kept, write_kept
from tui_trainer.configuration.layers import Configuration, Given, Origin, Source
from tui_trainer.errors import InputError
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.tokens import TokenizerReport
from tui_trainer.session.start import Start
from tui_trainer.settings.fields import Value
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUNED


class PartlyGone(FakeEngine):
    """Some models are not there any more."""

    def load_tokenizer(self, source: str) -> TokenizerReport:
        if source.startswith("gone"):
            raise InputError(f"There is no model at {source}.")
        return super().load_tokenizer(source)

    def load_model(self, choice: ModelChoice) -> LearnerStatus:
        if choice.source.startswith("broken"):
            raise InputError(f"{choice.source} is damaged.")
        return super().load_model(choice)


def engine(_: Progress) -> FakeEngine:
    return PartlyGone()


def configured(**values: Value) -> Start:
    """As config.toml would have it: `loop__lr` is `loop.lr`."""
    origin = Origin(Source.FILE)
    given = {name.replace("__", "."): Given(value, origin) for name, value in values.items()}
    return Start(Configuration(given), names_model=True)


def of_last_time(model: str) -> Start:
    return Start(kept=Kept(model=model), names_model=False)


def notes(app: TuiTrainer) -> list[str]:
    return [one.message for one in app._notifications]


def is_kept(what: Callable[[Kept], bool]) -> Callable[[], bool]:
    return lambda: what(read_kept())


async def test_settings_begin_as_they_are_configured() -> None:
    start = configured(
        cell__lr=0.25,
        cell__optimizer="SGD",
        **{"cell__eval-mode": False},
        loop__preset="tuned",
        loop__items=7,
        sampling__temperature=0.5,
        evaluation__shots=3,
        bench__rounds=5,
    )
    async with running("escape", "5", engine=engine, start=start) as (app, pilot):
        status = loaded(app)
        assert (status.lr, status.optimizer, status.training) == (0.25, "SGD", False)
        await until(pilot, lambda: "items 7" in shown(app))
        session = app.session
        assert session.configuration.training().pack == TUNED.pack
        assert session.evaluations.next.settings.shots == 3
        session.evaluations.suggest(session.configuration.training())
        assert session.evaluations.next.settings.shots == 3
        assert session.benches.next.settings.rounds == 5


async def test_a_key_is_remapped_by_its_id() -> None:
    async with running("escape", "3", engine=engine, start=configured(keys__log="z")) as (
        app,
        pilot,
    ):
        await until(pilot, lambda: "z" in app.screen.active_bindings)
        keys = app.screen.active_bindings
        assert keys["z"].binding.action == "log"
        assert "y" not in keys


async def test_the_theme_that_was_picked_is_that_of_the_next_start() -> None:
    async with running(engine=engine) as (app, pilot):
        app.theme = "nord"
        await until(pilot, is_kept(lambda kept: kept.theme == "nord"))
    async with running(engine=engine, start=Start(kept=read_kept())) as (app, _):
        assert app.theme == "nord"


async def test_a_theme_that_is_configured_is_back_at_the_next_start_and_that_is_told() -> None:
    start = configured(theme="nord")
    async with running(engine=engine, start=start) as (app, pilot):
        assert app.theme == "nord"
        app.theme = "dracula"
        await until(pilot, lambda: any("nord" in told for told in notes(app)))


async def test_a_theme_that_there_is_no_more_is_passed_over() -> None:
    async with running(engine=engine, start=Start(kept=Kept(theme="gone"))) as (app, _):
        assert app.theme in app.available_themes


async def test_the_model_that_was_loaded_last_is_that_of_the_next_start() -> None:
    async with running(engine=engine, source="first") as (app, pilot):
        await until(pilot, is_kept(lambda kept: kept.model == "first"))
        app.load_model(ModelChoice("second"))
        await until(pilot, is_kept(lambda kept: kept.model == "second"))
        app.load_model(ModelChoice("broken"))
        await until(pilot, lambda: app.session.loading_choice is None)
    assert read_kept().model == "second"
    start = Start(kept=read_kept(), names_model=False)
    async with running(engine=engine, start=start) as (app, pilot):
        await until(pilot, lambda: loaded(app).model.name == "second")
        await until(pilot, lambda: any("of last time" in told for told in notes(app)))


async def test_a_checkpoint_of_last_time_is_named_by_its_step_and_run() -> None:
    """Its path was cut in the middle of the step's number."""
    folder = "/home/a-student/.local/share/tui-trainer/runs/2026-11-30-builtin-step-42-1"
    source = f"{folder}/checkpoints/step-000058"
    async with running(engine=engine, start=of_last_time(source)) as (app, pilot):
        named = "last time, step 58 of 2026-11-30-builtin-step-42-1: m picks"
        await until(pilot, lambda: any(named in told for told in notes(app)))


async def test_a_model_of_last_time_that_is_gone_gives_way_to_the_built_in_one() -> None:
    for name in ("gone", "broken"):
        async with running(engine=engine, start=of_last_time(name)) as (app, pilot):
            await until(pilot, lambda: loaded(app).model.name == "builtin")
            assert app.session.choice == ModelChoice()
            words = f"{name}, the model of last time, was not loaded"
            await until(pilot, lambda words: any(words in told for told in notes(app)), words)


def test_a_model_in_a_folder_is_kept_for_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert anywhere("mine") == str(tmp_path / "mine")
    assert anywhere("Qwen/Qwen3") == "Qwen/Qwen3"


def test_what_was_kept_is_read_whole_or_counts_as_nothing() -> None:
    assert read_kept() == Kept()
    write_kept(kept_file(), Kept("nord", "builtin"))
    assert read_kept() == Kept("nord", "builtin")
    for damaged in (b"{", b"[]", b'{"theme": 3}', b"\xff", b'{"theme": "a", "later": 1}'):
        kept_file().write_bytes(damaged)
        assert read_kept() == Kept()
    kept_file().unlink()
    os.mkfifo(kept_file())
    assert read_kept() == Kept()
