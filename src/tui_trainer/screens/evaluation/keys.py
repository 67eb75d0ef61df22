"""Every key of an evaluation, by what it does; those of the footer with their place there."""

from tui_trainer.widgets.keys import SETTINGS_TOO, key

RUN, LOOK, COMPARE, FILES = "The evaluation", "Look", "Compare", "Files"
KEYS = (
    key("e", "evaluate", "evaluate", "Evaluate the weights as they are now", RUN, main=1),
    key("s", "stop", "stop", "Stop; what was scored is kept", RUN, main=2),
    key("enter", "settings", "settings", "Settings of the next evaluation", RUN, main=7),
    SETTINGS_TOO,
    key("t", "texts", "texts", "The item's raw texts", LOOK, main=4),
    key(
        "P",
        "select(-1)",
        "earlier",
        "The evaluation before",
        LOOK,
        main=5,
        pair="earlier, later",
        id="earlier",
    ),
    key(
        "N",
        "select(1)",
        "later",
        "The next evaluation",
        LOOK,
        main=5,
        pair="earlier, later",
        id="later",
    ),
    key("escape", "close", "loop", "Back to the loop", LOOK, main=3),
    key(
        "f",
        "filter",
        "filter",
        "All items, the fixed, the broken, those still right, still wrong",
        COMPARE,
        main=6,
    ),
    key(
        "b",
        "before",
        "baseline",
        "Make the selected evaluation what the others are compared with",
        COMPARE,
        main=8,
    ),
    key("d", "delete", "delete", "Delete this evaluation, its file too; asks first", FILES, main=9),
)
