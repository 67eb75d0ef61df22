"""v: the row as the model gets it, over GSM8K and over Tokens' batch."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from textual.binding import Binding
from textual.widgets import Static

from tests.fake_engine import FakeEngine
from tests.known import present, the
from tests.pilot import Running, running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.protocol.events import LoopState
from tui_trainer.reports.rows import IGNORED, MASKED, WITHIN_ITEMS, BatchRow, Sight, StepRows
from tui_trainer.reports.steps import RowPart
from tui_trainer.screens.batch_rows.keys import KEYS
from tui_trainer.screens.batch_rows.view import RowsScreen
from tui_trainer.screens.batch_rows.words import (
    describe_position,
    describe_rows,
    position_cells,
    sight_figure,
    sum_figure,
)
from tui_trainer.screens.gsm8k.keys import KEYS as GSM8K_KEYS
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.sight_map import draw_map
from tui_trainer.widgets.token_losses import Ramp

PARTS = RowPart(8, 3), RowPart(None, 1), RowPart(13, 2), RowPart(None, 2)
PACKED = BatchRow(
    forward_pass=0,
    input_ids=(11, 12, 13, 0, 21, 22, 0, 0),
    token_texts=("a", " b", "\x1b[2J", "<end>", "c", "d", "<end>", "<end>"),
    attention_mask=None,
    position_ids=(0, 1, 2, 3, 0, 1, 0, 1),
    labels=(12, 13, IGNORED, IGNORED, 22, IGNORED, IGNORED, IGNORED),
    losses=(1.0, 2.0, None, None, 3.0, None, None, None),
    parts=PARTS,
    sights=(
        Sight(
            "",
            (0, 0, 0, 0, 4, 4, 6, 6),
            (1, 2, 3, 4, 1, 2, 1, 2),
            ((6, 0, 0, 0), (3, 1, 0, 0), (0, 0, 3, 0), (0, 0, 0, 3)),
        ),
    ),
)
STEP = StepRows(7, (PACKED,), 1, 1, 3, WITHIN_ITEMS, summed=6.0, loss=2.0)


def rows_screen(app: TuiTrainer) -> RowsScreen:
    return the(RowsScreen, app.screen)


def with_engine(engine: FakeEngine, size: tuple[int, int] = (80, 24)) -> Running:
    return running("escape", "5", engine=lambda progress: engine, size=size)


def figure(app: TuiTrainer, panel: str) -> str:
    return str(rows_screen(app).query_one(f"#{panel}", Panel).figure)


def position(app: TuiTrainer) -> str:
    return str(rows_screen(app).query_one("#position", Static).content)


class WithRows(FakeEngine):
    """Its last step had these rows."""

    def __init__(self, rows: StepRows) -> None:
        super().__init__([2.0] * 5)
        self.read: list[TrainSettings | None] = []
        self._given = rows

    def rows(self, settings: TrainSettings | None = None, made: int = 0) -> StepRows:
        self.read.append(settings)
        return self._given


async def test_before_a_run_v_shows_the_row_that_it_would_begin_with() -> None:
    async with with_engine(FakeEngine()) as (app, pilot):
        await pilot.press("v")
        await until(pilot, lambda: "step 1 · 1 row · 9 labels count" in shown(app))
        assert "no step yet: no loss" in shown(app)
        # Of one item there is no map: where it is beside the positions it is left out.
        assert "one item, nothing to hide" in " ".join(shown(app).split())
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "row 1 of 1" in shown(app))
        assert "who sees whom" not in shown(app)
        assert rows_screen(app).rows == FakeEngine().rows(TrainSettings())
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, RowsScreen))


async def test_there_one_only_looks_and_v_goes_back() -> None:
    async with with_engine(FakeEngine([4.0, 3.0, 2.0])) as (app, pilot):
        await pilot.press("full_stop")
        await until(pilot, lambda: "1/3" in shown(app))
        await pilot.press("v")
        await until(pilot, lambda: figure(app, "step").startswith("36 / 9 = 4 ✓ loss 4"))
        await pilot.press("b")  # what the next run would begin with
        await until(pilot, lambda: "no step yet" in figure(app, "step"))
        await pilot.press("b", "full_stop", "space")
        await until(pilot, lambda: "= 4 ✓" in figure(app, "step"))
        await pilot.press("v")
        await until(pilot, lambda: not isinstance(app.screen, RowsScreen))
        assert app.session.pending.steps_of("gsm8k") == 0
        await pilot.press("v")
        await until(pilot, lambda: figure(app, "step").startswith("36 / 9 = 4 ✓ loss 4"))


def test_no_key_of_the_rows_means_something_else_one_escape_further() -> None:
    def keys(of: Iterable[Binding]) -> set[str]:
        return {binding.key for binding in Binding.make_bindings(of)}

    assert keys(KEYS) & keys(GSM8K_KEYS) == {"v", "escape"}  # both of which lead there, and back


async def test_each_position_has_its_token_label_and_loss_and_who_it_sees() -> None:
    async with with_engine(WithRows(STEP), (120, 40)) as (app, pilot):
        await pilot.press("full_stop")
        await until(pilot, lambda: "1/5" in shown(app))
        await pilot.press("v")
        await until(pilot, lambda: "8 positions, 3 count" in shown(app))
        lines = [line.split() for line in shown(app).splitlines()]
        texts = [" ".join(words) for words in lines]
        assert any("0 11 a 8 0 1 12 ␣b 1.0000 0–0" in text for text in texts), texts
        assert any("2 13 ␛[2J 8 2 1 -100 0–2" in text for text in texts), texts
        assert any("4 21 c 13 0 1 22 d 3.0000 4–4" in text for text in texts), texts
        assert "✓ no leak" in figure(app, "sight")
        assert position(app).startswith("0: item 8, token 0 of 3 · label 12 ␣b, the token")
        await pilot.press("n")
        await until(pilot, lambda: position(app).startswith("4: item 13, token 0 of 2"))
        await pilot.press("p")
        await until(pilot, lambda: position(app).startswith("0: "))
        await pilot.press("end")
        await until(pilot, lambda: position(app).startswith("7: padding · label -100: nothing"))
        assert "attends by itself" in shown(app)


async def test_at_80_columns_a_shows_who_sees_whom_in_the_place_of_the_positions() -> None:
    async with with_engine(WithRows(STEP)) as (app, pilot):
        await pilot.press("full_stop")
        await until(pilot, lambda: "1/5" in shown(app))
        await pilot.press("v")
        await until(pilot, lambda: "= next" in shown(app))
        assert "── who sees whom" not in shown(app)
        await pilot.press("a")
        await until(pilot, lambda: "── who sees whom" in shown(app))
        assert "= next" not in shown(app)


async def test_shifted_letters_go_from_row_to_row() -> None:
    rows = tuple(replace(PACKED, forward_pass=n) for n in range(3))
    async with with_engine(WithRows(replace(STEP, rows=rows, all_rows=3))) as (app, pilot):
        await pilot.press("full_stop")
        await until(pilot, lambda: "1/5" in shown(app))
        await pilot.press("v")
        await until(pilot, lambda: "row 1 of 3" in shown(app))
        await pilot.press("N", "N", "N")
        await until(pilot, lambda: "row 3 of 3" in shown(app))
        await pilot.press("P")
        await until(pilot, lambda: "row 2 of 3" in shown(app))


async def test_a_row_of_2048_positions_costs_no_more_than_is_in_view(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def counting(row: BatchRow, n: int, styles: Ramp, *, wide: bool) -> tuple[object, ...]:
        asked.append(n)
        return position_cells(row, n, styles, wide=wide)

    monkeypatch.setattr(f"{RowsScreen.__module__}.position_cells", counting)
    long = replace(
        PACKED,
        input_ids=(5,) * 2048,
        token_texts=("a",) * 2048,
        position_ids=tuple(range(2048)),
        labels=(*(5,) * 2047, IGNORED),
        losses=(*(1.0,) * 2047, None),
        parts=(RowPart(8, 2048),),
        sights=(Sight("", (0,) * 2048, tuple(range(1, 2049)), ((2098176,),)),),
    )
    step = replace(STEP, rows=(long,) * 16, all_rows=16, counted=16 * 2047, summed=16 * 2047.0)
    async with with_engine(WithRows(replace(step, loss=1.0))) as (app, pilot):
        await pilot.press("full_stop")
        await until(pilot, lambda: "1/5" in shown(app))
        await pilot.press("v")
        await until(pilot, lambda: "row 1 of 16" in shown(app))
        asked.clear()
        await pilot.press("end")
        await until(pilot, lambda: position(app).startswith("2047: "))
        assert 2047 in asked
        assert len(asked) < 100


async def test_v_shows_the_batch_of_tokens_as_the_model_gets_it() -> None:
    async with running("a", "b", "escape", "b", engine=lambda progress: FakeEngine()) as (
        app,
        pilot,
    ):
        await until(pilot, lambda: "attention_mask" in shown(app))
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, RowsScreen))
        await until(pilot, lambda: rows_screen(app).rows is not None)
        assert present(rows_screen(app).rows).step is None
        assert app.session.loops.get("gsm8k") is not LoopState.RUNNING


# What is said


def test_a_sum_that_is_not_the_steps_loss_is_marked() -> None:
    assert str(sum_figure(STEP)) == "6 / 3 = 2 ✓ loss 2"
    assert describe_rows(STEP) == "step 7 · 1 row · 3 labels count"
    other = replace(STEP, loss=2.1)
    assert str(sum_figure(other)) == "6 / 3 = 2 ▲ loss 2.1"
    assert "do not come to the step's loss" in describe_rows(other)
    rounded = replace(STEP, loss=2.000001)
    assert str(sum_figure(rounded)) == "6 / 3 = 2 ✓ loss 2.000001"
    assert "differ by fp32's rounding" in describe_rows(rounded)


def test_an_item_that_sees_another_is_marked() -> None:
    (sight,) = PACKED.sights
    leaking = replace(
        PACKED,
        sights=(replace(sight, parts=((6, 0, 0, 0), (3, 1, 0, 0), (4, 1, 3, 0), (0, 0, 0, 3))),),
    )
    assert str(sight_figure(PACKED)) == "✓ no leak"
    assert str(sight_figure(leaking)) == "▲ 13 sees 8"
    assert str(draw_map(PACKED, sight, 0)) == "  8 ◣··\n 13 ·◣·\npad ··◣"
    assert str(draw_map(leaking, leaking.sights[0], 0)).splitlines()[1] == " 13 ▒◣·"
    assert str(sight_figure(replace(PACKED, sights=()))) == ""


def test_a_position_that_does_not_count_still_tells_its_loss() -> None:
    row = replace(PACKED, labels=(IGNORED, *PACKED.labels[1:]))
    assert "label -100: nothing counts here, loss 1.0000" in describe_position(row, 0)
    assert describe_position(row, 3).startswith("3: between two items · label -100")
    none = replace(PACKED, sights=())
    assert "attends in a way of its own" in describe_position(none, 0)
    assert MASKED not in describe_position(none, 0)
