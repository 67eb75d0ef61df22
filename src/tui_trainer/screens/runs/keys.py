"""Every key of Runs, in the order of the footer."""

from textual.binding import Binding

from tui_trainer.screens.work_screen import key

WEIGHTS = Binding.Group("Weights ", compact=True)
FILES = Binding.Group("Files ", compact=True)
CHART = Binding.Group("Chart ", compact=True)
KEYS = (
    key("r", "resume", "Resume", "Resume the run from a checkpoint; it goes on on GSM8K", WEIGHTS),
    key("l", "load", "Load", "Load a checkpoint as the model of all screens", WEIGHTS),
    key(
        "e", "evaluate", "Evaluate", "Load a checkpoint and evaluate it on held-out items", WEIGHTS
    ),
    key(
        "enter",
        "details",
        "Info",
        "All settings of the run, its model, data and versions",
        drawn="⏎",
    ),
    key(
        "x",
        "export",
        "Export",
        "Write the steps of this run as CSV, or the curves on show as PNG",
        FILES,
    ),
    key("d", "delete", "Delete", "Delete this run; asks first", FILES),
    key(
        "space",
        "mark",
        "Mark",
        "Lay this run's curve over the others that are marked; again takes it away",
        CHART,
        drawn="␣",
    ),
    key("a", "axis", "Axis", "Losses by step, by token, by time", CHART),
    key("y", "log", "Log", "Logarithmic loss axis", CHART),
    key("b", "benches", "Bench", "The training loops side by side on this machine"),
)
