"""Every key of the bench, by what it does; those of the footer with their place there."""

from tui_trainer.widgets.keys import SETTINGS_TOO, key

BENCH, LOOK = "The bench", "Look"
KEYS = (
    key("b", "bench", "bench", "Measure the loops on the loaded model now", BENCH, main=1),
    key("s", "stop", "stop", "End the bench; nothing of it is kept", BENCH, main=2),
    key(
        "enter",
        "settings",
        "settings",
        "Seconds, rounds and items of the next bench",
        BENCH,
        main=4,
    ),
    SETTINGS_TOO,
    key(
        "P",
        "select(1)",
        "earlier",
        "The bench before",
        LOOK,
        main=5,
        pair="earlier, later",
        id="earlier",
    ),
    key(
        "N",
        "select(-1)",
        "later",
        "The next bench",
        LOOK,
        main=5,
        pair="earlier, later",
        id="later",
    ),
    key("escape", "close", "runs", "Back to Runs", LOOK, main=3),
)
