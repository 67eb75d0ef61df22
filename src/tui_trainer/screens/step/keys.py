"""Every key of Step, by what it does; those of the footer with their place there."""

from tui_trainer.screens.dialogs.export_script import EXPORT
from tui_trainer.screens.learning_rate import SETTINGS, lr_bindings
from tui_trainer.screens.step.phase_words import PHASE_KEYS
from tui_trainer.screens.work_screen import leave_text_binding, save_binding
from tui_trainer.widgets.chart_keys import LEAVE
from tui_trainer.widgets.keys import key

UPDATE, PHASES, BACK, LOOK = "Update", "The training cell", "Back and forth", "Look"

KEYS = (
    key("space", "update", "update", "One update", UPDATE, main=1),
    key("p", "play", "play", "Update after update; again stops", UPDATE, main=3),
    key(
        "f", "fork", "fork", "Try the next update at three learning rates, pick one", UPDATE, main=6
    ),
    key("full_stop", "phase", "phase", "The next phase of the training cell alone", PHASES, main=2),
    *(
        key(letter, f"phase('{phase}')", phase, f"Run {phase} alone", PHASES, id=f"phase-{letter}")
        for phase, letter in PHASE_KEYS.items()
    ),
    key("u", "undo", "undo", "Take the last update back", BACK, main=4),
    key(
        "r",
        "redo",
        "redo",
        "Make the undone update again, at the learning rate it had",
        BACK,
        main=5,
    ),
    key("h", "undo_memory", "undo memory", "How much memory undo may take", BACK),
    *lr_bindings("of the next update", 7),
    key(
        "comma",
        "settings",
        "settings",
        "Settings of the next update as a form: lr, optimizer, mode, dropout, undo memory",
        SETTINGS,
        main=12,
    ),
    key("o", "optimizer", "optimizer", "AdamW or SGD, a fresh one", SETTINGS, main=10),
    key("t", "mode", "mode", "Train mode (dropout on) or eval mode", SETTINGS, main=11),
    key(
        "d",
        "dropout",
        "dropout",
        "Dropout of train mode, and two forward passes in each mode",
        SETTINGS,
    ),
    key(
        "v",
        "view",
        "view",
        "Predictions, phases, layers, probes, train and eval mode: one after another, large",
        LOOK,
        main=8,
    ),
    key(
        "e",
        "edit_probes",
        "probes",
        "Edit the probes: other strings that are followed",
        LOOK,
        main=13,
    ),
    key("y", "log", "log axis", "Logarithmic loss axis", LOOK),
    leave_text_binding(14),
    LEAVE,
    save_binding(9),
    EXPORT,
)
UPDATES = frozenset({"update", "play", "phase", "undo", "redo", "fork"})
"""The names of those that make an update, or take one back."""
