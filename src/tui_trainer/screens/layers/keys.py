"""Every key of the layers, by what it does; those of the footer with their place there."""

from tui_trainer.widgets.keys import MOVE, key

LOOK = "Look"
KEYS = (
    key("tab", "figure(1)", "figure", "The next of the four figures", LOOK, main=2, id="figure"),
    key("shift+tab", "figure(-1)", "figure before", "The figure before", LOOK, id="figure-before"),
    key("V", "large", "large", "The figure in hand alone, or all four", LOOK, main=6),
    key("w", "last_part", "last part", "The last steps one by one, or all", LOOK, main=3),
    key(
        "left", "step(-1)", "earlier", "An earlier step", LOOK,
        main=4, pair="step", drawn="←", id="earlier-step",
    ),
    key(
        "right", "step(1)", "later", "A later step", LOOK,
        main=4, pair="step", drawn="→", id="later-step",
    ),
    key(
        "up,k", "layer(-1)", "layer before", "The layer before", LOOK,
        main=5, pair="layer", drawn="↑", id="layer-before",
    ),
    key(
        "down,j", "layer(1)", "layer after", "The layer after", LOOK,
        main=5, pair="layer", drawn="↓", id="layer-after",
    ),
    key("home", "first_step", "first step", "The first step", MOVE),
    key("end", "last_step", "last step", "The last step, and those that come", MOVE),
    key("escape,h", "close", "back", "Back to where you came from", LOOK, main=1),
)  # fmt: skip
