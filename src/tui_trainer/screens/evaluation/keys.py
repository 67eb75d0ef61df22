"""Every key of an evaluation, in the order of the footer."""

from textual.binding import Binding

from tui_trainer.screens.work_screen import key

RUN = Binding.Group("Eval ", compact=True)
LOOK = Binding.Group("Look", compact=True)
SELECT = Binding.Group("Select ", compact=True)
KEYS = (
    key("escape", "close", "Loop", "Back", drawn="esc"),
    key("e", "evaluate", "Eval", "Evaluate the weights as they are now", RUN),
    key("s", "stop", "Stop", "Stop; what was scored is kept", RUN),
    key("enter", "settings", "Settings", "Settings of the next evaluation", drawn="⏎"),
    key("t", "texts", "Texts", "The item's raw texts", LOOK),
    key(
        "f",
        "filter",
        "Filter",
        "All items, the fixed, the broken, those still right, still wrong",
        LOOK,
    ),
    key("b", "before", "Before", "Compare later evaluations with the selected one", LOOK),
    key(
        "left_square_bracket",
        "select(-1)",
        "Earlier",
        "The evaluation before",
        SELECT,
        drawn="[",
        id="earlier",
    ),
    key(
        "right_square_bracket",
        "select(1)",
        "Later",
        "The next evaluation",
        SELECT,
        drawn="]",
        id="later",
    ),
)
