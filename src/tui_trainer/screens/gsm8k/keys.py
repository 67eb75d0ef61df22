"""Every key of GSM8K, in the order of the footer."""

from textual.binding import Binding

from tui_trainer.screens.dialogs.export_script import export_binding
from tui_trainer.screens.learning_rate import lr_bindings
from tui_trainer.screens.work_screen import key, save_binding

RUN = Binding.Group("Run", compact=True)
EVALUATE = Binding.Group("Eval", compact=True)
LR = Binding.Group("lr", compact=True)
LOOK = Binding.Group("Look ", compact=True)
KEYS = (
    key("space", "start_or_pause", "Run", "Start, pause, go on", RUN, drawn="␣", id="toggle"),
    key("full_stop", "one_step", "Step", "One step", RUN, drawn="."),
    key("s", "stop", "Stop", "Stop the run, with a checkpoint or not", RUN),
    save_binding(RUN),
    export_binding(RUN),
    key("e", "evaluate", "Evaluate", "Evaluate the weights as they are now, zero-shot", EVALUATE),
    key("E", "evaluations", "Evaluations", "The evaluations there are, before and after", EVALUATE),
    *lr_bindings(LR, "from the next step on"),
    key("enter", "settings", "Settings", "Settings of the next run", drawn="⏎"),
    key("v", "view", "View", "The last item, best, worst, samples", LOOK),
    key("y", "log", "Log", "Logarithmic loss axis", LOOK),
    key("i", "items", "Items", "Look at the items: search, text, tokens, labels", LOOK),
)
