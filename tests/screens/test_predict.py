"""Predict: each key, and that its numbers are those of a forward pass written out."""

import asyncio
import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Static
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.known import present, the
from tests.pilot import Running, loaded, reload, running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.errors import InputError
from tui_trainer.protocol.events import LoopState
from tui_trainer.reports.predictions import Candidate
from tui_trainer.screens.predict.position_chart import PositionChart
from tui_trainer.screens.predict.sampling_ladders import (
    change_seed,
    change_temperature,
    change_top_k,
    change_top_p,
)
from tui_trainer.screens.predict.screen import PredictScreen
from tui_trainer.screens.predict.words import (
    CandidateTable,
    describe_opened,
    describe_sampling,
    describe_sum,
    token_losses,
)
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.sampling import Sampling
from tui_trainer.widgets.cell_text import piece
from tui_trainer.widgets.line_table import MARK, LineTable, gap_for, share_out
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.text_box import TextBox
from tui_trainer.words.numbers import nats, probability

NOTEBOOK_TEXT = "def hello():\n\treturn"
OPEN = "escape", "2"


def forward(text: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The IDs [position] and the logits [position, vocabulary] of the built-in model."""
    model = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER, dtype=torch.float32).eval()
    ids = AutoTokenizer.from_pretrained(MODEL_FOLDER)(text, return_tensors="pt").input_ids
    with torch.no_grad():
        return ids[0], model(ids).logits[0]


def screen_of(app: TuiTrainer) -> PredictScreen:
    screen = app.screen_stack[0]
    assert isinstance(screen, PredictScreen)
    return screen


def generated(app: TuiTrainer) -> str:
    return "".join(token.text for token in screen_of(app).generated)


def rows(app: TuiTrainer, name: str) -> list[tuple[str, ...]]:
    table = screen_of(app).query_one(f"#{name}", LineTable)
    return [tuple(map(str, table._row(row))) for row in range(table.rows)]


def line(app: TuiTrainer, name: str) -> str:
    return str(screen_of(app).query_one(f"#{name}", Static).render())


def figure(app: TuiTrainer, panel: str) -> str:
    return str(screen_of(app).query_one(f"#{panel}", Panel).figure)


def with_engine(engine: FakeEngine, *keys: str, size: tuple[int, int] = (80, 24)) -> Running:
    return running(*OPEN, *keys, engine=lambda progress: engine, size=size)


async def opened(app: TuiTrainer, pilot: Pilot[int], index: int) -> None:
    await until(
        pilot,
        lambda: (inspection := screen_of(app).inspection) and inspection.position.index == index,
    )


# The forward pass


def test_of_a_long_token_a_line_has_what_there_is_room_for_and_every_figure() -> None:
    spaces = " " * 81
    inspection = FakeEngine().inspect("1 + 1", (), 0, Sampling())
    far = Candidate(5, spaces, 2e-10, -10.544)
    position = replace(inspection.position, text=spaces, expected=far, expected_rank=151_936)
    prediction = replace(inspection.prediction, logits_shape=(1, 5, 151_936))
    inspection = replace(inspection, position=position, prediction=prediction)
    sampling = Sampling(greedy=False, temperature=0.85, top_k=50, top_p=0.95, seed=12)
    token = replace(inspection.next_token, text=spaces, p=0.1234, draw=0.5678)
    for width in (78, 118, 198):
        expected = describe_opened(inspection, width - 20)
        drawn = describe_sampling(sampling, token, width)
        assert expected.endswith("…  p 2e-10  rank 151,936 of 151,936")
        assert drawn.endswith("…, p 0.1234, draw 0.5678")
        assert max(len(expected), len(drawn)) <= width
    assert f"→ {'␣' * 39}…  p" in describe_opened(inspection, 198)
    total = describe_sum(inspection, sampling, 118)
    assert total.startswith("logit -10.544 · sum of all 151,936 p: ")
    assert total.endswith(describe_sum(inspection, sampling, 50))
    assert describe_sum(inspection, sampling, 50).startswith("left by T, top-k, top-p: ")
    assert describe_sum(inspection, Sampling(), 30) == "sum of all 151,936 p: 1.0000"


async def test_a_row_a_position_as_a_forward_pass_has_it() -> None:
    async with running(*OPEN, size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: screen_of(app).inspection)
        ids, logits = forward(NOTEBOOK_TEXT)
        decode = AutoTokenizer.from_pretrained(MODEL_FOLDER).decode

        def text_of(token: int) -> str:
            return the(str, decode([token]))

        p = logits.softmax(dim=-1)
        entropy = torch.distributions.Categorical(logits=logits).entropy()
        for n, cells in enumerate(rows(app, "positions")):
            best = int(logits[n].argmax())
            assert cells[:2] == (str(n), piece(text_of(int(ids[n]))))
            assert cells[4].strip() == piece(text_of(best))
            assert cells[5] == probability(p[n, best].item())
            assert float(cells[7]) == pytest.approx(entropy[n].item(), abs=1e-3)
            if n + 1 < len(ids):
                expected = p[n, ids[n + 1]].item()
                assert cells[2] == piece(text_of(int(ids[n + 1])))
                assert float(cells[3]) == pytest.approx(expected, rel=0.1, abs=1e-4)
                assert float(cells[6]) == pytest.approx(-math.log(expected), abs=1e-2)
        assert rows(app, "positions")[-1][2:4] == ("—", "")
        loss = torch.nn.functional.cross_entropy(logits[:-1], ids[1:]).item()
        facts = f"input_ids (1, 7) → logits (1, 7, 4096) · loss {loss:.4f} nats"
        assert facts in shown(app)


async def test_the_selected_row_opens_its_most_likely_tokens() -> None:
    async with running(*OPEN, size=(120, 40)) as (app, pilot):
        await opened(app, pilot, 6)
        await pilot.press("home", "down", "down")
        await opened(app, pilot, 2)
        ids, logits = forward(NOTEBOOK_TEXT)
        p, order = logits[2].softmax(dim=-1).sort(descending=True)
        expected = int(ids[3])
        cells = rows(app, "candidates")
        assert len(cells) == 50
        for n, row in enumerate(cells):
            token = int(order[n])
            mark = "✓" if token == expected else " "
            assert (row[0], row[1][0], row[2]) == (str(n + 1), mark, str(token))
            assert float(row[3]) == pytest.approx(logits[2, token].item(), abs=2e-3)
            assert float(row[4]) == pytest.approx(p[n].item(), abs=1e-4)
            assert len(row[5]) == math.ceil(round(8 * 60 * (p[n] / p[0]).item()) / 8)
            assert len(row) == 6  # greedy: what sampling leaves would be p again
        rank = order.tolist().index(expected) + 1
        said = f"{figure(app, 'row')} {line(app, 'opened')}"
        assert f"rank {rank} of 4,096" in said
        assert f"logit {logits[2, expected].item():.3f}" in said
        assert "sum of all 4,096 p: 1.0000" in said


async def test_the_steps_of_sampling_are_columns() -> None:
    keys = "g", "t", "t", "k", "k", "k", "n", "n"
    async with running(*OPEN, *keys, size=(120, 40)) as (app, pilot):
        sampling = Sampling(greedy=False, temperature=0.8, top_k=50, top_p=0.95)
        await until(
            pilot,
            lambda: (asked := screen_of(app).asking.asked) and asked.sampling == sampling,
        )
        await pilot.press("home")
        await opened(app, pilot, 0)
        _, logits = forward(NOTEBOOK_TEXT)
        scaled = (logits[0].double() / 0.8).softmax(dim=-1).sort(descending=True).values
        kept = scaled[:50] / scaled[:50].sum()
        left = next(n for n in range(1, 51) if kept[:n].sum() >= 0.95)
        nucleus = kept[:left] / kept[:left].sum()
        for n, row in enumerate(rows(app, "candidates")):
            assert float(row[6]) == pytest.approx(scaled[n].item(), abs=1e-4)
            assert float(row[7]) == pytest.approx(kept[n].item(), abs=1e-4)
            if n < left:
                assert float(row[8]) == pytest.approx(nucleus[n].item(), abs=1e-4)
            else:
                assert row[8] == "·"
        assert f"left by T, top-k, top-p: 4,096 → 50 → {left}" in line(app, "opened")
        assert "T 0.8" in shown(app)
        assert "T 0.8, k 50, p 0.95, seed 0" in line(app, "sampling")


async def test_the_opened_position_is_there_for_other_screens() -> None:
    async with running(*OPEN) as (app, pilot):
        await opened(app, pilot, 6)
        last = present(app.session.chosen_position)
        assert last == present(screen_of(app).inspection).position
        assert len(last.top) == 50
        await pilot.press("up")
        await opened(app, pilot, 5)
        assert present(app.session.chosen_position).index == 5
        assert "next:" in line(app, "sampling")
        screen_of(app).query_one(TextBox).text = ""
        await until(pilot, lambda: app.session.chosen_position is None)
        assert "The text is empty" in shown(app)
        assert rows(app, "positions") == rows(app, "candidates") == []
        assert "next:" not in line(app, "sampling")
        assert not figure(app, "text-panel")


async def test_typing_changes_the_rows_and_forgets_what_was_generated() -> None:
    async with with_engine(FakeEngine()) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: "a" in line(app, "continuation"))
        await pilot.press("enter", "x")
        await until(pilot, lambda: rows(app, "positions")[0][1] == "x")
        assert screen_of(app).generated == ()
        assert not screen_of(app).query_one("#generated").display
        await pilot.press("escape", "down")
        assert screen_of(app).query_one("#positions").has_focus


# Generation


async def test_tokens_are_appended_one_by_one_and_taken_back() -> None:
    async with running(*OPEN) as (app, pilot):
        model = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER, dtype=torch.float32).eval()
        tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)
        ids = tokenizer(NOTEBOOK_TEXT, return_tensors="pt").input_ids
        for number in range(1, 4):
            with torch.no_grad():
                ids = torch.cat([ids, model(ids).logits[:, -1:].argmax(-1)], dim=1)
            await pilot.press("space")
            await opened(app, pilot, ids.shape[1] - 1)
            screen = screen_of(app)
            assert [token.id for token in screen.generated] == ids[0, -number:].tolist()
        assert rows(app, "positions")[-1][0] == f"+{ids.shape[1] - 1}"
        assert rows(app, "positions")[6][0] == "6"
        continuation = the(str, tokenizer.decode(ids[0, -3:]))
        assert continuation.strip() in line(app, "continuation").replace("⏎", "")
        await pilot.press("u")
        await opened(app, pilot, ids.shape[1] - 2)
        assert len(screen.generated) == 2
        await pilot.press("u", "u", "u")
        await opened(app, pilot, 6)
        assert screen_of(app).generated == ()


async def test_the_loss_of_the_text_stays_what_it_is_while_the_model_generates() -> None:
    """Its own greedy tokens are the likely ones: in one mean the loss would fall by generating."""
    async with running(*OPEN) as (app, pilot):
        await opened(app, pilot, 6)
        loss = figure(app, "pass").partition(" · ")[2]
        await pilot.press("space", "space", "space")
        await opened(app, pilot, 9)
        assert figure(app, "pass").partition(" · ")[2].startswith(f"{loss}, generated ")
        positions = present(screen_of(app).inspection).prediction.positions
        own = [present(position.loss) for position in positions[6:9]]
        assert figure(app, "pass").endswith(f" generated {nats(sum(own) / 3)}")
        assert figure(app, "text-panel") == "10 tokens, 3 generated"


async def test_of_generated_tokens_is_told_which_earlier_weights_made() -> None:
    async with with_engine(FakeEngine(), "space", "space") as (app, pilot):
        await until(pilot, lambda: figure(app, "text-panel").endswith(", 2 generated"))
        await pilot.press("4", "space")
        await until(pilot, lambda: loaded(app).updates == 1)
        await pilot.press("2")
        told = ", 2 generated by earlier weights"
        await until(pilot, lambda: figure(app, "text-panel").endswith(told))
        await pilot.press("space")
        told = ", 3 generated, 2 by earlier weights"
        await until(pilot, lambda: figure(app, "text-panel").endswith(told))


async def test_sampled_tokens_follow_the_seed(
    model_folder: Callable[[str], Path],
) -> None:
    async with running(*OPEN, source=str(model_folder("Qwen3"))) as (app, pilot):
        await until(pilot, lambda: screen_of(app).inspection)

        async def sample() -> list[int]:
            for number in range(1, 5):
                await pilot.press("space")
                await until(pilot, lambda n: len(screen_of(app).generated) == n, number)
            ids = [token.id for token in screen_of(app).generated]
            await pilot.press("u", "u", "u", "u")
            await until(pilot, lambda: not screen_of(app).generated)
            return ids

        greedy = await sample()
        await pilot.press("g")
        first = await sample()
        assert await sample() == first
        await pilot.press("S")
        second = await sample()
        await pilot.press("s")
        assert await sample() == first
        await pilot.press("g")
        assert await sample() == greedy
        assert len({tuple(greedy), tuple(first), tuple(second)}) == 3


async def test_what_comes_next_is_told_and_is_what_is_appended() -> None:
    async with running(*OPEN, "g") as (app, pilot):
        await until(pilot, lambda: "draw" in line(app, "sampling"))
        promised = present(screen_of(app).inspection).next_token
        assert f"draw {promised.draw:.4f}" in line(app, "sampling")
        await pilot.press("space")
        await until(pilot, lambda: screen_of(app).generated)
        assert screen_of(app).generated == (promised,)


async def test_a_run_goes_to_the_end_of_the_text() -> None:
    async with with_engine(FakeEngine(), "p") as (app, pilot):
        await until(pilot, lambda: app.session.loops.get("predict") is LoopState.FINISHED)
        await until(pilot, lambda: generated(app) == "abcdefghijklmnopqrstuvwxyz")
        await until(pilot, lambda: "wxyz" in line(app, "continuation"))
        assert rows(app, "positions")[-1][1] == "z"


async def test_the_end_of_a_long_text_is_in_sight() -> None:
    async with with_engine(FakeEngine(), "p", size=(12, 24)) as (app, pilot):
        area = screen_of(app).query_one("#generated")
        await until(pilot, lambda: "z" in line(app, "continuation") and area.max_scroll_y)
        await until(pilot, lambda: area.scroll_y == area.max_scroll_y)


async def test_a_run_is_stopped_by_its_key_and_goes_on_from_there() -> None:
    engine = FakeEngine(gated=True)
    async with with_engine(engine, "p") as (app, pilot):
        engine.gate.release(3)
        await until(pilot, lambda: generated(app) == "abc")
        app.simulate_key("p")
        await until(pilot, lambda: not screen_of(app).generation.takes_run)
        engine.gate.release()  # for the token that was being made
        await until(pilot, lambda: app.session.loops["predict"] is LoopState.STOPPED)
        await until(pilot, lambda: "abc" in line(app, "continuation"))
        await asyncio.sleep(0.3)
        assert generated(app) == "abc"
        app.simulate_key("p")
        engine.gate.release(2)
        # One more where the run was stopped before it came to the gate.
        await until(pilot, lambda: generated(app).startswith("abcde"))
        app.simulate_key("space")
        await until(pilot, lambda: not screen_of(app).generation.takes_run)
        engine.gate.release()
        await until(pilot, lambda: not app.session.is_live("predict"))
        assert "abcdefg".startswith(generated(app))


async def test_undo_while_it_generates_stops_it_first() -> None:
    engine = FakeEngine(gated=True)
    async with with_engine(engine, "p") as (app, pilot):
        engine.gate.release(3)
        await until(pilot, lambda: generated(app) == "abc")
        app.simulate_key("u")
        await until(pilot, lambda: generated(app) == "ab")
        engine.gate.release()
        await until(pilot, lambda: app.session.loops["predict"] is LoopState.STOPPED)
        await asyncio.sleep(0.3)
        assert generated(app) == "ab"


async def test_typing_while_it_generates_stops_it() -> None:
    engine = FakeEngine(gated=True)
    async with with_engine(engine, "p") as (app, pilot):
        engine.gate.release(2)
        await until(pilot, lambda: generated(app) == "ab")
        screen_of(app).query_one(TextBox).text = "new"
        await until(pilot, lambda: not screen_of(app).generation.takes_run)
        engine.gate.release()
        await until(pilot, lambda: app.session.loops["predict"] is LoopState.STOPPED)
        await until(pilot, lambda: len(rows(app, "positions")) == 3)
        assert generated(app) == ""


async def test_settings_hold_from_the_next_token_of_a_run() -> None:
    engine = FakeEngine(gated=True)
    async with with_engine(engine, "p") as (app, pilot):
        engine.gate.release()
        await until(pilot, lambda: generated(app) == "a")
        app.simulate_key("g")
        await until(pilot, lambda: not screen_of(app).generation.sampling.greedy)
        engine.gate.release(2)
        await until(pilot, lambda: generated(app) == "abc")
        draws = [token.draw for token in screen_of(app).generated]
        assert (draws[0], draws[2]) == (None, 0.5)
        app.simulate_key("p")
        await until(pilot, lambda: not screen_of(app).generation.takes_run)
        engine.gate.release(2)
        await until(pilot, lambda: not app.session.is_live("predict"))


async def test_a_run_that_cannot_begin_says_why() -> None:
    refused = InputError("The text fills the 64 tokens that fake takes.")
    async with with_engine(FakeEngine(refuse=refused), "p") as (app, pilot):
        await until(pilot, lambda: "fills the 64 tokens" in shown(app))
        assert generated(app) == ""


async def test_held_space_does_not_pile_up() -> None:
    async with with_engine(FakeEngine()) as (app, pilot):
        for _ in range(20):
            app.simulate_key("space")
        await until(pilot, lambda: generated(app) and not screen_of(app).generation.asked)
        assert "abcdefghijklmnopqrstuvwxyz".startswith(generated(app))
        assert [token.index for token in screen_of(app).generated] == [
            len(NOTEBOOK_TEXT) + n for n in range(len(generated(app)))
        ]


# Other screens


def loss_of(app: TuiTrainer) -> float:
    """The loss of the text as it is shown."""
    return present(present(screen_of(app).inspection).prediction.loss)


async def test_an_update_on_step_is_seen_here() -> None:
    async with running(*OPEN) as (app, pilot):
        await until(pilot, lambda: screen_of(app).inspection)
        before = loss_of(app)
        await pilot.press("4", "space")
        await until(pilot, lambda: loaded(app).updates == 1)
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, PredictScreen))
        await until(pilot, lambda: loss_of(app) < before)
        await reload(app, pilot)
        await until(pilot, lambda: loss_of(app) == before)


async def test_the_weights_of_a_running_loop_are_shown_at_a_bounded_rate() -> None:
    engine = FakeEngine([3.0] * 200, gated=True)
    async with with_engine(engine) as (app, pilot):
        await until(pilot, lambda: screen_of(app).inspection)
        loss = loss_of(app)
        await pilot.press("5", "space", "2")
        await until(pilot, lambda: app.session.is_running("gsm8k"))
        for _ in range(10):
            engine.gate.release()
            await asyncio.sleep(0.1)
        await until(pilot, lambda: loss_of(app) < loss / 5)
        assert engine.inspected <= 8
        app.worker.stop_loop("gsm8k")
        engine.gate.release(3)
        await until(pilot, lambda: not app.session.is_live("gsm8k"))


async def test_it_looks_at_nothing_once_the_app_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its widgets are gone some time before its workers are cancelled."""
    async with with_engine(FakeEngine()) as (app, pilot):
        await until(pilot, lambda: screen_of(app).inspection)
        monkeypatch.setattr(app, "_running", False)
        await screen_of(app).query_one(TextBox).remove()
        screen_of(app)._on_status(loaded(app))
        await app.workers.wait_for_complete()
        monkeypatch.undo()


async def test_it_shows_the_weights_of_the_real_loop_while_it_runs() -> None:
    async with running(*OPEN) as (app, pilot):
        await until(pilot, lambda: screen_of(app).inspection)
        screen, losses = screen_of(app), set()
        await pilot.press("5", "space")
        await until(pilot, lambda: app.session.is_running("gsm8k"))
        app.simulate_key("2")

        def two_losses() -> bool:
            losses.add(present(screen.inspection).prediction.loss)
            return len(losses) == 2

        await until(pilot, two_losses)
        assert app.session.is_running("gsm8k")
        app.worker.stop_loop("gsm8k")
        await until(pilot, lambda: not app.session.is_live("gsm8k"))


async def test_another_model_forgets_the_tokens_of_the_one_before() -> None:
    async with with_engine(FakeEngine(), "space") as (app, pilot):
        await until(pilot, lambda: generated(app) == "a")
        await app.session.load(ModelChoice("other"))
        await until(pilot, lambda: "other" in shown(app))
        await until(pilot, lambda: len(rows(app, "positions")) == len(NOTEBOOK_TEXT))
        assert generated(app) == ""


async def test_quitting_while_it_generates_asks_nothing() -> None:
    engine = FakeEngine(gated=True)
    async with with_engine(engine, "p") as (app, pilot):
        await until(pilot, lambda: app.session.is_running("predict"))
        app.simulate_key("q")
        await until(pilot, lambda: app.return_code == 0)
        app.worker.stop_loop("predict")
        engine.gate.release(5)


async def test_alt_2_shows_it_from_inside_a_text_box_and_its_tab_by_mouse() -> None:
    async with running(engine=lambda progress: FakeEngine()) as (app, pilot):
        await pilot.press("alt+2")
        assert "[2 Predict]" in shown(app)
        await pilot.press("1")
        await pilot.click(offset=(shown(app).index("2 Predict"), 0))
        assert "[2 Predict]" in shown(app)


# What is drawn


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40), (20, 8), (1, 1)))
async def test_it_fits(size: tuple[int, int]) -> None:
    async with with_engine(FakeEngine(), "space", size=size) as (app, pilot):
        await until(pilot, lambda: generated(app) == "a")
        if size[0] >= 80:
            assert "entropy" in shown(app)
            for key in ("space token", "p run", "u undo", "g sample"):
                assert key in shown(app)
            assert "temperature" not in shown(app)
            await pilot.press("g")
            await until(pilot, lambda: "t T temperature" in shown(app) and "g greedy" in shown(app))


@pytest.mark.parametrize("greedy", [True, False])
@pytest.mark.parametrize("room", [52, 64, 78, 118])
def test_the_table_of_a_row_fits_and_its_highest_p_has_the_longest_bar(
    room: int, *, greedy: bool
) -> None:
    sampling = Sampling(greedy=greedy)
    inspection = FakeEngine().inspect("1 + 1", (), 0, sampling)
    top = tuple(Candidate(n, str(n), p, 1.0) for n, p in enumerate((0.09, 0.045, 0.0)))
    inspection = replace(inspection, position=replace(inspection.position, top=top))
    table = CandidateTable(sampling, room)
    rows = [tuple(map(str, table.cells(inspection, rank))) for rank in range(3)]
    columns = [column.title for column in table.columns]
    gaps = len(gap_for(table.columns, room)) * (len(columns) - 1)
    assert len(MARK) + sum(share_out(table.columns, room)) + gaps <= room
    at = columns.index("")
    assert [len(row[at]) for row in rows] == [table.bar, math.ceil(table.bar / 2), 0]
    assert all(len(row) == len(columns) for row in rows)
    assert ("T 1" in columns) is not greedy
    assert ("ID" in columns) is (greedy or room > 64)
    assert ("logit" in columns) is (greedy or room > 52)


@pytest.mark.parametrize(
    ("width", "right", "below"),
    first_is_quick(pytest.param(140, True, False), pytest.param(120, False, True)),
)
async def test_the_opened_row_is_beside_the_table_from_140_columns(
    width: int, *, right: bool, below: bool
) -> None:
    async with with_engine(FakeEngine(), size=(width, 40)) as (app, pilot):
        await until(pilot, lambda: screen_of(app).inspection)
        table, row = (screen_of(app).query_one(f"#{name}").region for name in ("pass", "row"))
        assert (row.x == table.right, row.y == table.bottom) == (right, below)
        assert {"loss", "entropy", "logit"} <= set(shown(app).split())
        assert ("loss of each token" in shown(app)) is right


async def test_from_140_columns_loss_and_entropy_are_a_chart_that_follows_the_opened_row() -> None:
    async with with_engine(FakeEngine(), size=(140, 40)) as (app, pilot):
        await until(pilot, lambda: screen_of(app).inspection)
        chart = screen_of(app).query_one(PositionChart)
        positions = present(screen_of(app).inspection).prediction.positions
        for index in (0, 1, len(positions) - 1):
            await pilot.press("home", *["down"] * index)
            await opened(app, pilot, index)
            loss = positions[index - (index == len(positions) - 1)].loss  # the last has none
            told = f"loss {nats(loss)}  e entropy {nats(positions[index].entropy)}"
            await until(pilot, lambda told, n: f"token {n}  {told}" in shown(app), told, index)
        total = sum(present(position.loss) for position in positions[:-1])
        assert figure(app, "losses") == f"sum {nats(total)} nats = -log p of the text"
        assert chart.region.height > screen_of(app).query_one("#losses").region.height


async def test_the_table_is_as_high_as_the_text_is_long() -> None:
    """What it leaves is the opened row's, which has 50 tokens to show."""
    async with with_engine(FakeEngine(), size=(120, 40)) as (app, pilot):
        for text in ("ab", "abc" * 40):
            screen_of(app).query_one(TextBox).text = text
            await until(pilot, lambda text: len(rows(app, "positions")) == len(text), text)
            high = min(len(text) + 3, int(0.36 * 40))  # head and box, or what there is for it
            await until(pilot, lambda high: region(app, "pass").height == high, high)
            panels = [region(app, name) for name in ("pass", "row", "next")]
            assert all(a.bottom == b.y for a, b in itertools.pairwise(panels))
            assert panels[1].height >= 15


def region(app: TuiTrainer, name: str) -> Region:
    return screen_of(app).query_one(f"#{name}").region


def test_the_loss_of_a_token_is_that_of_the_position_before_it() -> None:
    inspection = FakeEngine().inspect("abc", (), 0, Sampling())
    texts, losses = token_losses(inspection)
    assert texts == ("a", "b", "c")
    assert losses == (None, *(p.loss for p in inspection.prediction.positions[:2]))


def test_the_ladders_go_up_and_down_and_end() -> None:
    one = Sampling()
    assert change_temperature(one, False).temperature == 0.9
    assert change_temperature(one, True).temperature == 1.1
    assert change_temperature(Sampling(temperature=10), True).temperature == 10
    assert change_temperature(Sampling(temperature=0.05), False).temperature == 0.1
    assert change_top_k(one, True) == one
    assert change_top_k(one, False).top_k == 200
    assert change_top_k(Sampling(top_k=200), True).top_k is None
    assert change_top_k(Sampling(top_k=7), False).top_k == 5
    assert change_top_k(Sampling(top_k=1), False).top_k == 1
    assert change_top_p(one, True) == one
    assert change_top_p(one, False).top_p == 0.99
    assert change_seed(one, False).seed == 0
    assert change_seed(one, True).seed == 1
