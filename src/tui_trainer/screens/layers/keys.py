"""Every key of the layers, by what it does; those of the footer with their place there."""

from tui_trainer.widgets.keys import MOVE, key

LOOK = "Look"
KEYS = (
    key("v", "figure(1)", "figure", "The next figure", LOOK, main=2, id="next-figure"),
    key("V", "figure(-1)", "figure before", "The figure before", LOOK, id="figure-before"),
    key("up,k", "move(-1, 0)", "layer before", "The layer before", MOVE, id="layer-before"),
    key("down,j", "move(1, 0)", "layer after", "The layer after", MOVE, id="layer-after"),
    key("left", "move(0, -1)", "earlier", "An earlier step", MOVE, id="earlier-step"),
    key("right", "move(0, 1)", "later", "A later step", MOVE, id="later-step"),
    key("escape,h", "close", "back", "Back to where you came from", LOOK, main=1),
)
