"""Every key of the bench, in the order of the footer."""

from textual.binding import Binding

from tui_trainer.screens.work_screen import key

SELECT = Binding.Group("Select ", compact=True)
KEYS = (
    key("escape", "close", "Runs", "Back to Runs", drawn="esc"),
    key("b", "bench", "Bench", "Measure the loops on the loaded model now"),
    key("s", "stop", "Stop", "End the bench; nothing of it is kept"),
    key("enter", "settings", "Settings", "Seconds, rounds and items of the next bench", drawn="⏎"),
    key(
        "left_square_bracket",
        "select(1)",
        "Earlier",
        "The bench before",
        SELECT,
        drawn="[",
        id="earlier",
    ),
    key(
        "right_square_bracket",
        "select(-1)",
        "Later",
        "The next bench",
        SELECT,
        drawn="]",
        id="later",
    ),
)
