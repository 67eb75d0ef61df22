"""p of the right token at each position over the updates, beside the predictions."""

from dataclasses import replace

from tests.fake_engine import FakeEngine
from tests.known import present
from tests.pilot import running, until
from tests.screens.test_step import press_updates, step_screen
from tui_trainer.reports.predictions import Candidate, Prediction
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.screens.step.position_history import PositionHistory
from tui_trainer.screens.step.prediction_words import columns_for
from tui_trainer.widgets.line_table import MARK, LineTable, least_width
from tui_trainer.words.bars import HEIGHTS


def predicted(text: str, *ps: float) -> Prediction:
    """With these p of the tokens that come next; at the last position there is none."""
    found = FakeEngine().predict("abc")
    positions = [replace(found.positions[0], expected=Candidate(1, "x", p, 0.0)) for p in ps]
    last = replace(found.positions[0], expected=None)
    return replace(found, text=text, positions=(*positions, last))


def update(number: int, before: float, after: float, text: str = "ab") -> UpdateReport:
    made = FakeEngine().update("ab")
    both = predicted(text, before), predicted(text, after)
    return replace(made, update=number, text=text, before=both[0], after=both[1])


def test_a_position_has_its_p_before_the_first_update_and_after_each() -> None:
    history = PositionHistory()
    for number in range(1, 4):
        history.add(update(number, number / 10, (number + 1) / 10))
    assert history.of(0, 3) == [0.1, 0.2, 0.3, 0.4]
    assert history.of(0, 1) == [0.1, 0.2], "what was undone is left out"
    assert history.of(1, 3) == [], "nothing comes after the last token"
    history.add(update(2, 0.2, 0.9))
    assert history.of(0, 3) == [0.1, 0.2, 0.9]
    history.add(update(3, 0.5, 0.6, "another"))
    assert history.of(0, 3) == [0.5, 0.6], "another text has another history"


def test_the_history_takes_no_room_that_the_others_need() -> None:
    for width in range(20, 120):
        columns, cells = columns_for(width)
        assert not cells.history or least_width(columns) + len(MARK) <= width
        assert any(column.title == "past" for column in columns) is bool(cells.history)


async def test_the_predictions_have_it_where_there_is_room() -> None:
    async with running("escape", "4", size=(200, 60)) as (app, pilot):
        await press_updates(app, pilot, 3)
        table = step_screen(app).query_one("#positions", LineTable)
        await until(pilot, lambda: "past" in table.draw_line(0).text)
        line = table.draw_line(1).text
        assert sum(line.count(height) for height in HEIGHTS) == 4
        await pilot.press("u")
        await until(pilot, lambda: present(app.session.status).updates == 2)
        await until(pilot, lambda: not set(HEIGHTS) & set(table.draw_line(1).text))
