"""Loss: each key, and that its figures are those of plain torch."""

import math
import threading

import pytest
import torch
import torch.nn.functional as F
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.known import present
from tests.pilot import Running, running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.engine.start import make_engine
from tui_trainer.errors import InputError
from tui_trainer.reports.labelled_logits import CrossEntropyReport, LabelledLogits
from tui_trainer.screens.loss.class_list import EXAMPLES
from tui_trainer.screens.loss.descent import LR, DescentPanel
from tui_trainer.screens.loss.screen import LossScreen
from tui_trainer.screens.loss.words import COLUMNS, large
from tui_trainer.settings.model import ModelChoice
from tui_trainer.widgets.cell_text import piece
from tui_trainer.widgets.chart.cross_entropy_curve import CrossEntropyCurve
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.words.numbers import nats, signed
from tui_trainer.worker import in_this_process


def faked(size: tuple[int, int] = (80, 24)) -> Running:
    return running("escape", "3", engine=lambda progress: FakeEngine(), size=size)


def loss_screen(app: TuiTrainer) -> LossScreen:
    screen = app.screen
    assert isinstance(screen, LossScreen)
    return screen


async def figures(app: TuiTrainer, pilot: Pilot[int]) -> LossScreen:
    """Wait until the figures on show are those of the logits on show."""
    screen = loss_screen(app)
    await until(
        pilot,
        lambda: screen.report is not None and screen.report.question == screen.shown.question,
    )
    return screen


async def type_in(app: TuiTrainer, pilot: Pilot[int], key: str, line: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: app.screen.query(Input))
    app.screen.query_one(Input).value = line
    await pilot.press("enter")


def assert_shows_plain_torch(text: str, row: list[float], label: int) -> None:
    """Every figure of `row` is on the screen, as a few lines of torch compute it."""
    logits = torch.tensor(row, requires_grad=True)
    loss = F.cross_entropy(logits, torch.tensor(label))
    loss.backward()
    p = logits.detach().softmax(dim=0)
    onehot = F.one_hot(torch.tensor(label), len(row))
    lines = text.splitlines()
    assert f"label {label}) = {loss:.4f}" in text
    first = next(n for n, line in enumerate(lines) if "logits.grad" in line) + 1
    for n in range(len(row)):
        cells = lines[first + n].replace("▶", " ").split()
        assert int(cells[0]) == n
        assert ("●" in cells) == (n == label)
        assert f"{p[n]:.4f}" in cells
        assert f"{-p[n].log():.4f}" in cells
        assert cells[-2] == f"{p[n] - onehot[n]:+.4f}"
        assert cells[-1] == f"{present(logits.grad)[n]:+.4f}"
    assert f"loss = -log {p[label]:.4f} = {loss:.4f} nats" in text
    assert f"logsumexp {logits.detach().logsumexp(dim=0):.4f} - logit {row[label]:g}" in text
    assert f"exp(loss) = {math.exp(loss.item()):.4f} = 1/p" in text
    assert f"sums: p {p.sum():.6f} · gradient 0.000000" in text


async def test_it_opens_with_a_worked_example_that_plain_torch_agrees_with() -> None:
    async with running("escape", "3") as (app, pilot):
        await figures(app, pilot)
        assert_shows_plain_torch(shown(app), [3.0, 2.0, 0.5, -1.0], 0)
        assert "Never negative: p is at most 1" in shown(app)
        await pilot.press("down", "space", "plus", "right", "up", "minus")
        await figures(app, pilot)
        assert_shows_plain_torch(shown(app), [2.0, 3.1, 0.5, -1.0], 1)


async def test_the_examples_of_the_notebook_show_0_and_100() -> None:
    async with running("escape", "3", "e") as (app, pilot):
        screen = await figures(app, pilot)
        assert "cross_entropy([0, 100, 0], label 1) = 0.0000" in shown(app)
        assert present(screen.report).loss == F.cross_entropy(
            torch.tensor([0.0, 100.0, 0.0]), torch.tensor(1)
        )
        assert "perplexity exp(loss) = 1.0000" in shown(app)
        assert "This is the least" in shown(app)
        await pilot.press("e")
        await figures(app, pilot)
        assert "cross_entropy([100, 0, 0], label 1) = 100.000" in shown(app)
        assert present(screen.report).loss == F.cross_entropy(
            torch.tensor([100.0, 0.0, 0.0]), torch.tensor(1)
        )
        assert "perplexity exp(loss) = 2.688e43" in shown(app)
        words = app.screen.query_one("#words", Static)  # a note of the guide may lie over them
        assert "Sure and wrong is what costs most" in str(words.content)


async def test_examples_come_round_and_say_when_they_were_edited() -> None:
    async with faked() as (app, pilot):
        screen = loss_screen(app)
        for number, example in enumerate(EXAMPLES[1:], start=2):
            await pilot.press("e")
            await figures(app, pilot)
            assert screen.shown == example
            assert f"Example {number} of {len(EXAMPLES)}: {example.title}" in shown(app)
        await pilot.press("e", "plus")
        await until(pilot, lambda: "Example 1 of 4, edited" in shown(app))
        await pilot.press("minus")
        await until(pilot, lambda: "Example 1 of 4: " in shown(app))


async def test_arrows_move_between_classes_and_change_the_logit() -> None:
    async with faked() as (app, pilot):
        screen = loss_screen(app)
        await pilot.press("down", "down", "up")
        assert screen.shown.cursor == 1
        await pilot.press("end")
        assert screen.shown.cursor == 3
        await pilot.press("down", "home", "up")
        assert screen.shown.cursor == 0
        await pilot.press("right", "right", "left", "plus", "equals_sign", "minus")
        assert screen.shown.logits == (4.1, 2.0, 0.5, -1.0)


async def test_a_click_moves_the_cursor_and_the_keys_go_on_working() -> None:
    async with faked() as (app, pilot):
        screen = loss_screen(app)
        await figures(app, pilot)
        await pilot.click(LineTable, offset=(10, 3))
        assert screen.shown.cursor == 2
        await pilot.press("right", "down", "space")
        assert screen.shown.logits[2] == 0.6
        assert screen.shown.label == 3


async def test_classes_from_2_to_20_by_key() -> None:
    async with faked(size=(120, 40)) as (app, pilot):
        screen = loss_screen(app)
        await pilot.press(*["a"] * 16)
        assert len(screen.shown.logits) == 20
        await figures(app, pilot)
        assert "▶19" in shown(app)
        await pilot.press("a")
        await until(pilot, lambda: "Give 2 to 20 logits" in shown(app))
        assert len(screen.shown.logits) == 20
        await pilot.press(*["d"] * 9, *["delete"] * 9)
        assert len(screen.shown.logits) == 2
        await pilot.press("d")
        assert len(screen.shown.logits) == 2
        await figures(app, pilot)
        assert screen.shown.logits == (3.0, 2.0)


async def test_twenty_classes_scroll_at_80x24() -> None:
    async with faked() as (app, pilot):
        await pilot.press(*["a"] * 16)
        await figures(app, pilot)
        assert "▶19" in shown(app)
        await pilot.press("home")
        await until(pilot, lambda: "▶ 0" in shown(app))


async def test_nine_classes_leave_the_chart_its_room_at_80x24() -> None:
    async with faked() as (app, pilot):
        await pilot.press(*["a"] * 5)
        await figures(app, pilot)
        table = app.screen.query_one(LineTable)
        assert table.size.height == 6, "the heading and five rows, which scroll"
        assert app.screen.query_one(CrossEntropyCurve).size.height >= 4
        await until(pilot, lambda: "▶ 8" in shown(app))
        await until(pilot, lambda: "⠉" in shown(app))


async def test_from_110_columns_the_words_stand_beside_the_table_and_say_more() -> None:
    async with faked(size=(120, 40)) as (app, pilot):
        await figures(app, pilot)
        table, words = app.screen.query_one(LineTable), app.screen.query_one("#words")
        assert table.region.right < words.region.x
        assert all(column.title in shown(app) for column in COLUMNS)
        assert "exp(loss), the perplexity" in shown(app)
        assert screen_holds(app.screen, "#lesson")


def screen_holds(screen: Screen[object], part: str) -> bool:
    """Whether all of a part can be seen."""
    region = screen.query_one(part).region
    parent = screen.query_one(part).parent
    return isinstance(parent, Widget) and parent.content_region.contains_region(region)


async def test_with_room_the_steps_against_the_gradient_are_those_of_torch() -> None:
    """From 110 columns, as many as fit; a narrow terminal asks for none."""
    for size, has_all in (((120, 24), False), ((200, 60), True)):
        async with running("escape", "3", "down", "space", size=size) as (app, pilot):
            screen = await figures(app, pilot)
            panel = screen.query_one(DescentPanel)
            await until(pilot, goes_down, panel, screen)
            # No row is left empty, in the room that there is in the end.
            await until(pilot, lambda p: len(p.reports) == p.table.size.height - 1 > 8, panel)
            logits = torch.tensor(screen.shown.logits, requires_grad=True)
            optimizer = torch.optim.SGD([logits], lr=LR)
            for row, report in enumerate(panel.reports):
                optimizer.zero_grad()
                loss = F.cross_entropy(logits, torch.tensor(1))
                assert report.loss == pytest.approx(loss.item(), abs=1e-5)
                assert panel.table._row(row)[1] == nats(report.loss)
                loss.backward()
                optimizer.step()
            assert ("all logits" in shown(app)) is has_all
            await pilot.press("right")
            await until(pilot, lambda screen: screen.shown.logits[1] == 2.1, screen)
            await until(pilot, goes_down, panel, screen)


def goes_down(panel: DescentPanel, screen: LossScreen) -> bool:
    """Whether its steps are from the logits on show."""
    return bool(panel.reports) and panel.reports[0].question == screen.shown.question


async def test_a_narrow_terminal_asks_for_no_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine()
    compute = engine.cross_entropy
    asked: list[LabelledLogits] = []

    def counted(question: LabelledLogits) -> CrossEntropyReport:
        asked.append(question)
        return compute(question)

    monkeypatch.setattr(engine, "cross_entropy", counted)
    async with running("escape", "3", engine=lambda progress: engine) as (app, pilot):
        await figures(app, pilot)
        assert len(asked) == 1


async def test_an_edit_says_which_way_the_loss_went() -> None:
    async with faked() as (app, pilot):
        await figures(app, pilot)
        assert "↓" not in shown(app)
        await pilot.press("plus")
        await until(pilot, lambda: "nats ↓ " in shown(app))
        await pilot.press("minus")
        await until(pilot, lambda: "nats ↑ " in shown(app))
        await pilot.press("e")
        await until(pilot, lambda: "Example 2" in shown(app) and "↑" not in shown(app))


async def test_a_logit_is_typed() -> None:
    async with faked() as (app, pilot):
        await type_in(app, pilot, "enter", "high")
        await until(pilot, lambda: "A logit takes a number" in shown(app))
        app.screen.query_one(Input).value = "1e9"
        await pilot.press("enter")
        told = "A logit here is a number from -1000 to 1000"
        await until(pilot, lambda: told in shown(app))
        app.screen.query_one(Input).value = "-12.25"
        await pilot.press("enter")
        await figures(app, pilot)
        assert loss_screen(app).shown.logits == (-12.25, 2.0, 0.5, -1.0)
        await pilot.press("enter", "escape")
        assert loss_screen(app).shown.logits == (-12.25, 2.0, 0.5, -1.0)


async def test_all_logits_are_typed_at_once() -> None:
    async with faked() as (app, pilot):
        await pilot.press("end", "space")
        await type_in(app, pilot, "v", "[100]")
        await until(pilot, lambda: "Give 2 to 20 logits" in shown(app))
        app.screen.query_one(Input).value = "[5, -5, 5]"
        await pilot.press("enter")
        screen = await figures(app, pilot)
        assert screen.shown.logits == (5.0, -5.0, 5.0)
        assert (screen.shown.label, screen.shown.cursor) == (2, 2)


async def test_the_axis_of_p_is_logarithmic_by_key() -> None:
    async with faked() as (app, pilot):
        await figures(app, pilot)
        await pilot.press("y")
        assert app.screen.query_one(CrossEntropyCurve).log_axis
        await until(pilot, lambda: "p, log" in shown(app))
        await pilot.press("y")
        await until(pilot, lambda: "p, log" not in shown(app))


async def test_the_position_opened_on_predict_is_taken_over() -> None:
    async with running("escape", "2", size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: app.session.chosen_position is not None)
        await pilot.press("home", "down", "down")
        await until(pilot, lambda: present(app.session.chosen_position).index == 2)
        position = present(app.session.chosen_position)
        await pilot.press("3", "f")
        screen = await figures(app, pilot)
        assert f"From Predict: after token 2, {piece(position.text)}" in shown(app)
        label = present(position.expected)
        assert present(screen.report).loss == pytest.approx(position.loss, rel=1e-5)
        assert present(screen.report).label_probability == pytest.approx(label.p, rel=1e-5)
        assert screen.shown.logits[screen.shown.label] == label.logit
        assert f"{label.logit:.6g}" in shown(app)
        assert "all others" in shown(app)
        await pilot.press("plus")
        await until(pilot, lambda: "From Predict, edited: after" in shown(app))
        await pilot.press("e")
        await until(pilot, lambda: "Example 1 of 4: " in shown(app))


async def test_without_an_opened_position_it_says_where_to_open_one() -> None:
    async with faked() as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: "Press 2 first" in shown(app))
        assert loss_screen(app).shown == EXAMPLES[0]


async def test_alt_3_shows_it_from_inside_a_text_box_and_its_tab_by_mouse() -> None:
    async with running(engine=lambda progress: FakeEngine()) as (app, pilot):
        await pilot.press("alt+3")
        assert "[3 Loss]" in shown(app)
        await pilot.press("1")
        await pilot.click(offset=(shown(app).index("3 Loss"), 0))
        assert "[3 Loss]" in shown(app)


async def test_it_works_where_no_model_could_be_loaded() -> None:
    app = TuiTrainer(ModelChoice("./nowhere"), in_this_process(make_engine))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("escape", "3")
        screen = await figures(app, pilot)
        assert app.session.status is None
        assert present(screen.report).loss == F.cross_entropy(
            torch.tensor([3.0, 2.0, 0.5, -1.0]), torch.tensor(0)
        )
    assert app.worker.stop(10)


class SlowEngine(FakeEngine):
    """Its figures wait for a gate, as they do while the thread loads a model."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.asked = 0

    def cross_entropy(self, question: LabelledLogits) -> CrossEntropyReport:
        self.asked += 1
        assert self.open.wait(30)
        return super().cross_entropy(question)


async def test_an_edit_shows_at_once_and_never_beside_figures_of_another() -> None:
    engine = SlowEngine()
    async with running("escape", "3", engine=lambda progress: engine) as (app, pilot):
        await until(pilot, lambda: "= …" in shown(app))
        engine.open.set()
        await figures(app, pilot)
        await until(pilot, lambda: "label 0) = 0.3841" in shown(app))
        engine.open.clear()
        asked = engine.asked
        await pilot.press(*["plus"] * 10)
        await until(pilot, lambda: "[13, 2, 0.5, -1], label 0) = …" in shown(app))
        assert "0.6811" not in shown(app)
        engine.open.set()
        await figures(app, pilot)
        await until(pilot, lambda: "label 0) = 2.1e-5" in shown(app))
        assert engine.asked <= asked + 2, "edits that were overtaken are not computed"


async def test_what_the_worker_cannot_do_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine()
    monkeypatch.setattr(engine, "cross_entropy", lambda question: fail("Not today."))
    async with running("escape", "3", engine=lambda progress: engine) as (app, pilot):
        await until(pilot, lambda: "Not today." in shown(app))
        assert "label 0) = …" in shown(app)


def fail(sentence: str) -> None:
    raise InputError(sentence)


@pytest.mark.long
@pytest.mark.parametrize("size", first_is_quick((1, 1), (10, 4), (40, 12), (200, 60)))
async def test_any_size(size: tuple[int, int]) -> None:
    async with faked(size=size) as (app, pilot):
        await pilot.press("e", "a", "plus", "y")
        await figures(app, pilot)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "Example 2 of 4, edited" in shown(app))
        await pilot.resize_terminal(*size)


def test_figures_keep_the_digits_that_tell() -> None:
    assert [nats(x) for x in (-0.0, 2.1e-5, 0.3841, 100.0, 2000.0)] == [
        "0.0000",
        "2.1e-5",
        "0.3841",
        "100.000",
        "2000.00",
    ]
    assert [signed(x) for x in (0.0, 0.25, -0.31891, -1.2e-7)] == [
        "0.0000",
        "+0.2500",
        "-0.3189",
        "-1.2e-7",
    ]
    assert [large(x) for x in (1.0, 1234.5, 2.6881e43, math.inf)] == [
        "1.0000",
        "1234.50",
        "2.688e43",
        "more than 1e308",
    ]
