"""A text with the loss of each of its tokens, on a ramp of five steps from quiet to loud."""

from bisect import bisect

from textual.app import App
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.terminal_text import visible

TOKENS_AT_MOST = 400
LIMITS = 0.5, 1.0, 2.0, 4.0
"""Where a step of the ramp ends, in nats; p of the token was 0.61, 0.37, 0.14 and 0.02."""
Ramp = tuple[str, str, str, str, str]
"""A style for each step, the quietest first."""
COLOURED: Ramp = (
    "$token-1",
    "$token-2",
    "$token-3",
    "bold $token-4",
    "bold underline $token-5",
)
PLAIN: Ramp = "dim", "", "underline", "bold underline", "bold reverse"
"""Where there are no colours, or only the terminal's own 16, of which nothing is known."""
MANY_COLOURS = "256", "truecolor"


def ramp(app: App[object]) -> Ramp:
    """The styles of an app's tokens, by what its terminal or a picture, and its theme, can show."""
    return COLOURED if has_many_colours(app) else PLAIN


def has_many_colours(app: App[object]) -> bool:
    """Whether a ramp of them can be told apart."""
    many = app.is_headless or app.console.color_system in MANY_COLOURS
    return many and not app.no_color and not app.native_ansi_color


def level(loss: float | None, styles: Ramp) -> str:
    """The style of a token with this loss, in nats; without one it is the first token.

    A loss that is no number is the loudest.
    """
    if loss is None:
        return styles[0]
    return styles[bisect(LIMITS, loss) if loss == loss else -1]  # noqa: PLR0124 - nan


def legend(styles: Ramp) -> Content:
    """What each step means: of a panel's `hint`, or a line of its own."""
    names = *(f"<{limit:g}" for limit in LIMITS), "more"
    steps = (part for pair in zip(names, styles, strict=True) for part in (pair, " "))
    said = Content.assemble("loss of a token  ", *steps, "nats")
    return said.stylize_before("$foreground")  # what is dim is so of a text that can be read


class TokenLosses(Static):
    """Shows what the model knew and what surprised it.

    At least as high as what it scrolls in: to lay the screen out anew for a text that is a line
    longer took 13% of the interface's time while a loop ran.
    """

    DEFAULT_CSS = "TokenLosses { height: auto; min-height: 100%; }"

    def show(self, texts: tuple[str, ...], losses: tuple[float | None, ...]) -> None:
        """Draw the tokens of one text; a very long one is cut."""
        pairs = list(zip(texts, losses, strict=True))[:TOKENS_AT_MOST]
        styles = ramp(self.app)
        parts = [(visible(text, newline="⏎\n"), level(loss, styles)) for text, loss in pairs]
        cut = "…" if len(texts) > TOKENS_AT_MOST else ""
        self.write(Content.assemble(*parts, cut))

    def write(self, content: Content) -> None:
        """Draw `content`; the screen is laid out anew only where it needs another height."""
        lines = content.get_height({}, self.size.width) if self.size.width else 0
        room = self.parent.size.height if isinstance(self.parent, Widget) else 0
        self.update(content, layout=max(lines, room) != self.size.height)
