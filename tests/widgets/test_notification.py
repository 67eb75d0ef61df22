"""What is told beside the work: briefly, away from what is in hand, and gone by escape."""

import pytest
from textual.widgets._toast import Toast

from tests.fake_engine import FakeEngine
from tests.pilot import running, shown, until
from tui_trainer.widgets.notification import LONGEST, reading_seconds


async def test_two_things_at_most_are_told_at_once_and_a_failure_stays_longest() -> None:
    async with running("escape", engine=lambda _: FakeEngine()) as (app, pilot):
        app.notify("It failed.", severity="error")
        for number in range(4):
            app.notify(f"Number {number} of some.")
        await until(pilot, lambda: "Number 3 of some." in shown(app))
        assert [one.message for one in app._notifications] == ["It failed.", "Number 3 of some."]
        assert sum(toast.size.height for toast in app.screen.query(Toast)) == 2


@pytest.mark.parametrize("keys", [(), ("escape", "4"), ("escape", "5", "m")])
async def test_escape_takes_them_away(keys: tuple[str, ...]) -> None:
    async with running(*keys, engine=lambda _: FakeEngine()) as (app, pilot):
        app.notify("It is said.")
        await until(pilot, lambda: "It is said." in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: "It is said." not in shown(app))
        assert not app._notifications


async def test_they_are_above_what_is_in_hand_where_that_reaches_down() -> None:
    async with running("escape", "5", engine=lambda _: FakeEngine()) as (app, pilot):
        app.notify("Below.")
        await until(pilot, lambda: "Below." in shown(app))
        assert app.screen.query_one(Toast).region.y > 18
        app.clear_notifications()
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query(".dialog") and "preset" in shown(app))
        app.notify("Above.")
        await until(pilot, lambda: "Above." in shown(app))
        assert app.screen.query_one(Toast).region.y == 0  # on the title, not on what is typed


def test_it_stays_as_long_as_it_takes_to_read() -> None:
    assert reading_seconds("Saved.") < reading_seconds("Saved a model, which m takes.") < 6
    assert reading_seconds("word " * 100) == LONGEST


def test_a_path_is_more_to_read_than_a_word() -> None:
    assert reading_seconds("/home/someone/projects/view.txt") > reading_seconds("Saved it.") + 1
