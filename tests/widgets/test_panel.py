"""A panel: a rule with its figure where there are 80 columns, a box from 110."""

import pytest
from textual.app import ComposeResult
from textual.content import Content
from textual.strip import Strip
from textual.widgets import Input, Label

from tests.pilot import shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.themes import Themed
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.signs import change


class Two(Themed[int]):
    """Two panels, the second with something that takes the focus."""

    CSS_PATH = [path for path in TuiTrainer.CSS_PATH if str(path).endswith("panel.tcss")]  # noqa: RUF012
    CSS = "Panel { height: 4; }"
    HORIZONTAL_BREAKPOINTS = TuiTrainer.HORIZONTAL_BREAKPOINTS
    AUTO_FOCUS = ""

    def compose(self) -> ComposeResult:
        with Panel(title="loss", figure="2.31 nats", hint="w follow", id="loss"):
            yield Label("inside")
        with Panel(title="text [b]", id="text"):
            yield Input()


def top(app: Two) -> str:
    """The first line of the first panel."""
    return shown(app).splitlines()[0]


async def test_below_110_columns_it_is_a_rule_with_the_figure_at_its_right_end() -> None:
    app = Two()
    async with app.run_test(size=(40, 12)) as pilot:
        lines = shown(app).splitlines()
        assert lines[0] == "── loss ─────────────────── 2.31 nats ──"
        assert lines[1].startswith(" inside")
        assert lines[4] == "── text [b] " + 28 * "─"
        panel = app.query_one("#loss", Panel)
        panel.title, panel.figure = "the loss of the text and of the item", "0.42 nats"
        await until(pilot, lambda: top(app) == "── the loss of the text a…  0.42 nats ──")
        await pilot.resize_terminal(60, 12)
        await until(pilot, lambda: top(app).endswith("of the item ─────── 0.42 nats ──"))


async def test_from_110_columns_it_is_a_box_with_a_hint_in_its_lower_right() -> None:
    app = Two()
    async with app.run_test(size=(110, 12)) as pilot:
        lines = shown(app).splitlines()
        assert lines[0].startswith("╭─ loss  2.31 nats ──")
        assert lines[1].startswith("│ inside")
        assert lines[3].endswith("── w follow ─╯")
        panel = app.query_one("#loss", Panel)
        parts = ["w follow", "+ - zoom", "y log axis", "x" * 80]
        panel.hint = "  ".join(parts)  # what has no room is left out, not cut
        told = "── w follow  + - zoom  y log axis ─╯"
        await until(pilot, lambda: shown(app).splitlines()[3].endswith(told))
        panel.hint = " · ".join(parts)
        told = "── w follow · + - zoom · y log axis ─╯"
        await until(pilot, lambda: shown(app).splitlines()[3].endswith(told))
        panel.hint = "w follow"
        await pilot.resize_terminal(80, 12)
        await until(pilot, lambda: top(app).endswith("─ 2.31 nats ──"))
        await pilot.resize_terminal(110, 12)
        await until(pilot, lambda: top(app).startswith("╭─ loss  2.31 nats ──"))


@pytest.mark.parametrize("width", [80, 110])
async def test_where_the_focus_is_the_line_is_that_of_data_and_heavy_without_colours(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Two()
    async with app.run_test(size=(width, 12)) as pilot:
        panel = app.query_one("#text", Panel)
        at_rest = panel.styles.border_top[1]
        app.query_one(Input).focus()
        await pilot.pause()
        assert panel.styles.border_top[0] == "heavy"
        assert panel.styles.border_top[1] != at_rest
        assert "━━" in shown(app).splitlines()[4]
        assert "━━" not in shown(app).splitlines()[0]


async def test_the_styles_of_a_figure_are_drawn() -> None:
    app = Two()
    async with app.run_test(size=(60, 12)) as pilot:
        app.query_one("#loss", Panel).figure = Content.assemble("0.42 ", change(0.5, 0.42))
        await pilot.pause()
        strip = app.screen._compositor.render_strips()[0]
        colour = next(s.style.color for s in strip if s.style and "↓" in s.text)
        assert colour is not None
        assert colour.name == app.theme_variables["better"].lower()


@pytest.mark.parametrize("width", range(1, 12))
async def test_any_width(width: int) -> None:
    app = Two()
    async with app.run_test(size=(width, 3)):
        assert len(shown(app).splitlines()[0]) == width


@pytest.mark.parametrize("width", [60, 110])
async def test_other_words_are_drawn_in_the_line_alone(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    draw = Panel.render_line

    def noted(panel: Panel, y: int) -> Strip:
        drawn.append(y)
        return draw(panel, y)

    app = Two()
    async with app.run_test(size=(width, 12)) as pilot:
        await until(pilot, lambda: "2.31 nats" in top(app))
        monkeypatch.setattr(Panel, "render_line", noted)
        app.query_one("#loss", Panel).figure = "0.42 nats"
        await until(pilot, lambda: "0.42 nats" in top(app))
        assert drawn == []  # what is between the first row and the last
