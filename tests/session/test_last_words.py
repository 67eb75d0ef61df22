"""What is told of a session's work: while it goes on, and on the terminal once the app has gone."""

import shutil

from tests.fake_engine import FakeEngine
from tests.pilot import running, until
from tests.runs_on_disk import write_run
from tui_trainer.runs.home import runs_home
from tui_trainer.session.last_words import last_words
from tui_trainer.session.saved_run import SavedRun

NAME = "2026-01-02-builtin-1"


async def test_what_a_session_made_is_told_with_what_opens_it() -> None:
    engine = FakeEngine(answers=[["#### 1"]])
    async with running("escape", "5", engine=lambda progress: engine) as (app, pilot):
        session = app.session
        assert last_words(session) == ""
        await pilot.press("e")
        await until(pilot, lambda: len(session.evaluations.ended) == 1)
        assert last_words(session).startswith("1 evaluation is kept; see: ")
        session.saved = SavedRun(NAME, 3)
        write_run(NAME, [4.0, 3.0, 2.5])
        without = last_words(session)
        assert without.startswith(f"Run {NAME} is kept, without a checkpoint; ")
        assert without.endswith(f" runs show {NAME}")
        shutil.rmtree(runs_home() / NAME)
        write_run(NAME, [4.0, 3.0, 2.5], checkpoints=[1, 3])
        folder = runs_home() / NAME / "checkpoints" / "step-000003"
        kept = f"Run {NAME} is kept, with a checkpoint of step 3; load that with: "
        assert last_words(session).startswith(kept)
        assert last_words(session).endswith(f" --model {folder}")
        shutil.rmtree(runs_home() / NAME)
        assert last_words(session).startswith("1 evaluation")  # the run was deleted


def test_of_a_run_that_goes_on_no_number_is_told_that_is_another_a_moment_later() -> None:
    run = SavedRun("a-run", 22)
    assert run.describe(goes_on=True) == (
        "The settings and losses of a-run are saved; its steps are in no checkpoint."
    )
    assert "its 22 steps are in no checkpoint" in run.describe()
