"""The ramp of token losses: five steps that differ wherever they are shown."""

import math

import pytest
from rich.color import ColorSystem
from textual.color import Color
from textual.style import Style

from tui_trainer.themes import OURS, Themed
from tui_trainer.widgets.token_losses import COLOURED, LIMITS, PLAIN, legend, level, ramp

LOSSES = 0.1, 0.7, 1.5, 3.0, 5.0


def test_a_step_ends_where_the_legend_says_and_what_is_no_number_is_loud() -> None:
    assert [level(loss, COLOURED) for loss in LOSSES] == list(COLOURED)
    assert [level(limit, COLOURED) for limit in LIMITS] == list(COLOURED[1:])
    assert level(None, COLOURED) == COLOURED[0]
    assert level(math.nan, COLOURED) == level(math.inf, COLOURED) == COLOURED[-1]
    assert legend(PLAIN).plain == "loss of a token  <0.5 <1 <2 <4 more nats"


def test_without_colours_each_step_has_a_style_of_its_own() -> None:
    assert len({Style.parse(style) for style in PLAIN}) == len(PLAIN)
    assert not any("$" in style for style in PLAIN)


def test_underline_bold_and_reverse_take_the_place_of_colours_the_theme_does_not_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    app = Themed[object]()
    assert ramp(app) is COLOURED
    app.theme = "ansi-dark"
    assert ramp(app) is PLAIN
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("COLORTERM", raising=False)
    assert ramp(Themed[object]()) is PLAIN
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    assert ramp(Themed[object]()) is PLAIN


@pytest.mark.parametrize("name", OURS)
def test_on_256_colours_each_step_still_looks_different(name: str) -> None:
    inks = [OURS[name].variables[f"token-{step}"] for step in range(1, 6)]
    drawn = [Color.parse(ink).rich_color.downgrade(ColorSystem.EIGHT_BIT).number for ink in inks]
    styles = [style.replace(f"$token-{step}", "") for step, style in enumerate(COLOURED, 1)]
    assert len(set(zip(drawn, styles, strict=True))) == len(COLOURED)
