"""The themes: three of our own, and what our names for colours mean under each of Textual's.

Colour means one of four things, and a sign stands beside each of them (`words/signs.py`):

- `$better` and `$worse`: a loss that fell, a p that rose; and the other way round;
- `$attention`: a warning, a spike, a setting that differs;
- `$data` and `$data-2`: curves and bars, and a second series beside them.

`$context` is for what is only good to know, `$line` for a panel's line (never for text), `$cursor`
for the ground of the row in hand. `$token-1` to `$token-5` are the ramp of token losses, from quiet
to loud. All else is `$text`, or bold. Every one of them that is for text has a contrast of at least
`LEAST_CONTRAST` on every ground of its theme: `GROUNDS`.
"""

from dataclasses import dataclass
from typing import TypeVar

from textual.color import BLACK, WHITE, Color
from textual.reactive import Reactive
from textual.theme import Theme

from tui_trainer.configuration.options import USUAL_THEME
from tui_trainer.contrast import contrast
from tui_trainer.terminal.stylesheet import StyledOnce

Return = TypeVar("Return")

LEAST_CONTRAST = 4.5
"""What WCAG 2.2 asks of text (1.4.3)."""
GROUNDS = "background", "surface", "panel", "cursor"
MEANT = "better", "worse", "attention", "data", "data-2"


@dataclass(frozen=True)
class Colours:
    """What a theme's colours mean, as CSS has colours."""

    better: str
    worse: str
    attention: str
    data: str
    data_2: str
    context: str
    line: str
    cursor: str
    tokens: tuple[str, str, str, str, str]

    @property
    def variables(self) -> dict[str, str]:
        """The same by the names that a stylesheet, or the style of a `Content`, has for them."""
        named = {
            "better": self.better,
            "worse": self.worse,
            "attention": self.attention,
            "data": self.data,
            "data-2": self.data_2,
            "context": self.context,
            "line": self.line,
            "cursor": self.cursor,
        }
        return named | {f"token-{step}": ink for step, ink in enumerate(self.tokens, start=1)}


def _own(
    name: str,
    colours: Colours,
    *,
    dark: bool = True,
    background: str,
    surface: str,
    panel: str,
    foreground: str,
) -> Theme:
    """A theme in which Textual's own widgets say the same with colour as ours do."""
    return Theme(
        name,
        primary=colours.data,
        secondary=colours.data_2,
        accent=colours.attention,
        warning=colours.attention,
        error=colours.worse,
        success=colours.better,
        foreground=foreground,
        background=background,
        surface=surface,
        panel=panel,
        boost="#ffffff0a" if dark else "#0000000a",
        dark=dark,
        variables=colours.variables
        | TEXTS
        | {
            "foreground-muted": colours.context,
            "foreground-disabled": colours.context,
            "border": colours.data,
            "border-blurred": colours.line,
            "block-cursor-foreground": foreground,
            "block-cursor-background": colours.cursor,
            "block-cursor-blurred-foreground": foreground,
            "block-cursor-blurred-background": panel,
            "input-selection-background": colours.cursor,
            "screen-selection-background": colours.cursor,
            "footer-background": panel,
            # As the line of the panel in hand: what can be done. In that of attention it would
            # be the loudest of a screen.
            "footer-key-foreground": colours.data,
        },
    )


TEXTS = {"text-muted": "auto 75%", "text-disabled": "auto 72%"}
"""Textual has 60% and 38%, which are 2.9 and less on some of its own themes' grounds."""

DARK = _own(
    USUAL_THEME,
    Colours(
        better="#7ee787",
        worse="#ff5f6d",
        attention="#ffb454",
        data="#58b7ff",
        data_2="#d2a8ff",
        context="#8b98a8",
        line="#33404f",
        cursor="#17293b",
        tokens=("#8793a1", "#c9d1d9", "#ffd866", "#ff9d5c", "#ff5f6d"),
    ),
    background="#10151c",
    surface="#161d27",
    panel="#1b2430",
    foreground="#d5dde6",
)
LIGHT = _own(
    "trainer-light",
    Colours(
        better="#0f6b2b",
        worse="#b3152a",
        attention="#6f4300",
        data="#0757a8",
        data_2="#5c2a9e",
        context="#4f5b68",
        line="#b9c4cf",
        cursor="#cfe3f7",
        tokens=("#4c5763", "#1c2530", "#705200", "#8f2f00", "#b3152a"),
    ),
    dark=False,
    background="#f7f9fb",
    surface="#ffffff",
    panel="#e8edf2",
    foreground="#1c2530",
)
# Who does not see red or green apart sees blue, orange and yellow: tests/test_themes.py simulates.
COLOUR_BLIND = _own(
    "trainer-colour-blind",
    Colours(
        better="#5eb1ff",
        worse="#ff8a1f",
        attention="#ffec8f",
        data="#c2ccd6",
        data_2="#9d8cff",
        context="#8b98a8",
        line="#33404f",
        cursor="#1f2c39",
        tokens=("#8793a1", "#d5dde6", "#fff0a0", "#ffb733", "#ff7a14"),
    ),
    background="#10151c",
    surface="#161d27",
    panel="#1b2430",
    foreground="#d5dde6",
)
OURS = {theme.name: theme for theme in (DARK, LIGHT, COLOUR_BLIND)}

# The terminal's own colours: what they look like is not known here, so that style tells steps apart
# (`widgets/token_losses.py`).
OF_THE_TERMINAL = Colours(
    better="ansi_green",
    worse="ansi_red",
    attention="ansi_yellow",
    data="ansi_cyan",
    data_2="ansi_magenta",
    context="ansi_default",
    line="ansi_bright_black",
    cursor="transparent",
    tokens=("ansi_default", "ansi_default", "ansi_yellow", "ansi_yellow", "ansi_red"),
)


def legible(ink: Color, grounds: tuple[Color, ...]) -> Color:
    """`ink`, as far towards black or white as it takes to be read on each of `grounds`."""
    furthest = max((WHITE, BLACK), key=lambda end: min(contrast(end, ground) for ground in grounds))
    for step in range(20):
        nearer = ink.blend(furthest, step / 20, alpha=1.0)
        if all(contrast(nearer, ground) >= LEAST_CONTRAST for ground in grounds):
            return nearer
    return furthest


def meanings(theme: Theme) -> Colours:
    """What our names mean under a theme that does not know them: its own colours, made legible."""
    if theme.ansi:
        return OF_THE_TERMINAL
    made = {name: Color.parse(value) for name, value in _plain_colours(theme).items()}
    background, foreground = made["background"], made["foreground"]
    cursor = background.blend(made["primary"], 0.15, alpha=1.0)
    grounds = background, made["surface"], made["panel"], cursor

    def ink(colour: Color) -> str:
        return legible(colour, grounds).hex

    attention, worse = made["warning"], made["error"]
    return Colours(
        better=ink(made["success"]),
        worse=ink(worse),
        attention=ink(attention),
        data=ink(made["primary"]),
        data_2=ink(made["secondary"]),
        context=ink(background.blend(foreground, 0.6, alpha=1.0)),
        line=background.blend(foreground, 0.25, alpha=1.0).hex,
        cursor=cursor.hex,
        tokens=(
            ink(background.blend(foreground, 0.5, alpha=1.0)),
            ink(foreground),
            ink(attention.blend(foreground, 0.3, alpha=1.0)),
            ink(attention.blend(worse, 0.4, alpha=1.0)),
            ink(worse),
        ),
    )


def _plain_colours(theme: Theme) -> dict[str, str]:
    names = "background", "surface", "panel", "foreground", "primary", "secondary"
    made = theme.to_color_system().generate()
    return {name: made[name] for name in (*names, "success", "warning", "error")}


class Themed(StyledOnce[Return]):
    """An app with our themes beside Textual's; `app.theme = name` sets one."""

    theme: Reactive[str] = Reactive(USUAL_THEME)

    @property
    def available_themes(self) -> dict[str, Theme]:
        """Ours first. Not registered: the theme is in use before an app can register any."""
        return OURS | super().available_themes

    def get_theme(self, theme_name: str) -> Theme | None:
        """As Textual's, which copies all themes to find one: each widget's style asks for it."""
        return OURS.get(theme_name) or super().get_theme(theme_name)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        theme = self.current_theme
        return {} if theme.name in OURS else meanings(theme).variables

    def get_css_variables(self) -> dict[str, str]:
        """Those of the theme; what Textual's leave too faint is made legible, and without colours
        what a colour would mean is as bright as any text."""
        variables = super().get_css_variables()
        theme = self.current_theme
        if theme.name not in OURS and not theme.ansi:
            variables |= TEXTS | _legible_footer(variables)
        if self.no_color and not theme.ansi:
            # Greys would tell of nothing, and those of red and orange are hard to read.
            variables |= dict.fromkeys(MEANT, variables["foreground"])
        self.theme_variables = variables
        return variables


def _legible_footer(variables: dict[str, str]) -> dict[str, str]:
    ground = Color.parse(variables["footer-background"])
    names = "footer-key-foreground", "footer-description-foreground"
    return {name: legible(Color.parse(variables[name]), (ground,)).hex for name in names}
