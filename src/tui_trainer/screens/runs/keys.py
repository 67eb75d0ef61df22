"""Every key of Runs, by what it does; those of the footer with their place there."""

from tui_trainer.widgets.chart_keys import LEAVE
from tui_trainer.widgets.keys import CHART, WEIGHTS, key

FILES, LOOK = "Files", "Look"

KEYS = (
    key(
        "enter",
        "details",
        "details",
        "All settings of the run, its model, data and versions",
        LOOK,
        main=1,
    ),
    key("b", "benches", "bench", "The training loops side by side on this machine", LOOK, main=8),
    key(
        "space",
        "mark",
        "mark",
        "Lay this run's curve over the others that are marked; again takes it away",
        CHART,
        main=2,
    ),
    key("a", "axis", "x axis", "Losses by step, by token, by time", CHART, main=7),
    key("y", "log", "log axis", "Logarithmic loss axis", CHART),
    key(
        "r",
        "resume",
        "resume",
        "Resume the run from a checkpoint; it goes on on GSM8K",
        WEIGHTS,
        main=3,
    ),
    key("l", "load", "load", "Load a checkpoint as the model of all screens", WEIGHTS, main=4),
    key(
        "e",
        "evaluate",
        "evaluate",
        "Load a checkpoint and evaluate it on held-out items",
        WEIGHTS,
        main=5,
    ),
    key(
        "x",
        "export",
        "export",
        "Write the steps of this run as CSV, or the curves on show as PNG",
        FILES,
        main=6,
    ),
    LEAVE,
    key("d", "delete", "delete", "Delete this run; asks first", FILES, main=9),
)
OF_A_RUN = frozenset(binding.id for binding in KEYS) - {"benches", LEAVE.id}
"""The names of those that need a run at the cursor."""
