"""GSM8K where a rule ends the run before its last step."""

from tests.fake_engine import FakeEngine
from tests.pilot import running, shown, until
from tui_trainer.protocol.events import LoopState
from tui_trainer.reports.loop import StopReport

SAYS = "It trained on 300 tokens, and 250 were allowed."


async def test_why_a_run_has_ended_is_told_where_its_end_is() -> None:
    stop = StopReport(2, "tokens", SAYS, 300)
    engine = FakeEngine([3.0, 2.0, 1.0], between=lambda step: (stop,) if step == 2 else ())
    async with running("escape", "5", size=(120, 40), engine=lambda progress: engine) as (
        app,
        pilot,
    ):
        await pilot.press("space")
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.FINISHED)
        await until(pilot, lambda: SAYS in [notice.message for notice in app._notifications])
        app.clear_notifications()
        await until(pilot, lambda: SAYS in " ".join(shown(app).replace("│", " ").split()))
