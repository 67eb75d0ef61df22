"""A text with the loss of each of its tokens."""

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.terminal_text import visible

TOKENS_AT_MOST = 400
LEVELS = ((0.5, "dim"), (2.0, ""), (4.0, "underline"))
WORST = "bold reverse"
LEGEND = Content.assemble(
    "loss of a token:  ",
    ("below 0.5", "dim"),
    "  to 2  ",
    ("to 4", "underline"),
    "  ",
    (" above ", WORST),
    "  nats",
)


def level(loss: float | None) -> str:
    """The style of a token with this loss; without one it is the first token."""
    if loss is None:
        return "dim"
    return next((style for limit, style in LEVELS if loss < limit), WORST)


class TokenLosses(Static):
    """Tells by style, not by colour, what the model knew and what surprised it.

    At least as high as what it scrolls in: to lay the screen out anew for a text that is a line
    longer took 13% of the interface's time while a loop ran.
    """

    DEFAULT_CSS = "TokenLosses { height: auto; min-height: 100%; }"

    def show(self, texts: tuple[str, ...], losses: tuple[float | None, ...]) -> None:
        """Draw the tokens of one text; a very long one is cut."""
        pairs = list(zip(texts, losses, strict=True))[:TOKENS_AT_MOST]
        parts = [(visible(text, newline="⏎\n"), level(loss)) for text, loss in pairs]
        cut = "…" if len(texts) > TOKENS_AT_MOST else ""
        self.write(Content.assemble(*parts, cut))

    def write(self, content: Content) -> None:
        """Draw `content`; the screen is laid out anew only where it needs another height."""
        lines = content.get_height({}, self.size.width) if self.size.width else 0
        room = self.parent.size.height if isinstance(self.parent, Widget) else 0
        self.update(content, layout=max(lines, room) != self.size.height)
