"""Every key of the rows, by what it does; those of the footer with their place there."""

from tui_trainer.widgets.keys import key

LOOK, RUN = "Look", "The run"
KEYS = (
    key(
        "P",
        "row(-1)",
        "row before",
        "The row before",
        LOOK,
        main=2,
        pair="row",
        id="row-before",
    ),
    key(
        "N",
        "row(1)",
        "row after",
        "The row after",
        LOOK,
        main=2,
        pair="row",
        id="row-after",
    ),
    key("n", "item(1)", "next item", "To the next item of the row", LOOK, main=3, id="next-item"),
    key("p", "item(-1)", "item before", "To the item before", LOOK, main=7, id="item-before"),
    key(
        "a",
        "sight",
        "sees whom",
        "Who sees whom in the row, item by item",
        LOOK,
        main=4,
        id="who-sees-whom",
    ),
    key("r", "read", "read again", "The rows of the last step as it is now", RUN, main=5),
    key(
        "b",
        "other",
        "other step",
        "The last step, one that alarmed, or the first of the next run",
        RUN,
        main=6,
        id="which-step",
    ),
    key("escape,v", "close", "back", "Back to where you came from", LOOK, main=1),
)
