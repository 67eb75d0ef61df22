"""Every key of Step, in the order of the footer."""

from textual.binding import Binding

from tui_trainer.screens.dialogs.export_script import export_binding
from tui_trainer.screens.learning_rate import lr_bindings
from tui_trainer.screens.step.phase_view import PHASE_KEYS
from tui_trainer.screens.work_screen import key, save_binding

SET = Binding.Group("Set", compact=True)
LOOK = Binding.Group("Look", compact=True)
UPDATE = Binding.Group("Update ", compact=True)


KEYS = (
    *lr_bindings(SET, "of the next update"),
    key("o", "optimizer", "Optimizer", "AdamW or SGD, a fresh one", SET),
    key("t", "mode", "Mode", "Train mode (dropout on) or eval mode", SET),
    key(
        "d", "dropout", "Dropout", "Dropout of train mode, and two forward passes in each mode", SET
    ),
    key("y", "log", "Log", "Logarithmic loss axis", LOOK),
    key(
        "v",
        "view",
        "View",
        "Predictions, phases, which weights moved, probes, train and eval mode",
        LOOK,
    ),
    key("e", "edit_probes", "Probes", "Edit the probes: other strings that are followed", LOOK),
    key("space", "update", "Update", "One update", UPDATE, drawn="␣"),
    key("p", "play", "Play", "Play, or pause: update after update", UPDATE),
    save_binding(UPDATE),
    key(
        "full_stop",
        "phase",
        "Phase",
        "The next phase of the training cell alone",
        UPDATE,
        drawn=".",
    ),
    *(
        Binding(letter, f"phase('{phase}')", f"{phase} alone", show=False, id=f"phase-{letter}")
        for phase, letter in PHASE_KEYS.items()
    ),
    key("u", "undo", "Undo", "Take the last update back", UPDATE),
    key("r", "redo", "Redo", "Make the undone update again", UPDATE),
    key("h", "undo_memory", "Memory", "How much memory undo may take", UPDATE),
    key("f", "fork", "Fork", "Try the next update at three learning rates, pick one", UPDATE),
    export_binding(UPDATE),
)
