"""Every key of GSM8K, by what it does; those of the footer with their place there."""

from tui_trainer.screens.dialogs.export_script import EXPORT
from tui_trainer.screens.learning_rate import SETTINGS, lr_bindings
from tui_trainer.screens.work_screen import save_binding
from tui_trainer.widgets.chart_keys import LEAVE
from tui_trainer.widgets.keys import CHART, SETTINGS_TOO, key

RUN, EVALUATE, LOOK = "The run", "Evaluate", "Look"

KEYS = (
    key("space", "start_or_pause", "start", "Start, pause, go on", RUN, main=1, id="toggle"),
    key("full_stop", "one_step", "step", "One step", RUN, main=2),
    key(
        "greater_than_sign",
        "several_steps",
        "n steps",
        "So many steps as are typed, then pause",
        RUN,
    ),
    key("s", "stop", "stop", "Stop the run, with a checkpoint or not", RUN, main=6),
    key(
        "e",
        "evaluate",
        "evaluate",
        "Evaluate the weights as they are now, zero-shot",
        EVALUATE,
        main=4,
    ),
    key(
        "E",
        "evaluations",
        "evaluations",
        "The evaluations there are, before and after",
        EVALUATE,
        main=12,
    ),
    key(
        "enter",
        "settings",
        "settings",
        "Settings of the next run: preset, data, batch, optimizer, schedule, validation, speed",
        SETTINGS,
        main=8,
    ),
    SETTINGS_TOO,
    *lr_bindings("from the next step on", 5),
    key(
        "v", "rows", "row", "The step's rows as the model gets them, and their losses", LOOK, main=7
    ),
    key("B", "alarmed", "alarm", "What alarmed: look at its row, or go back", RUN, main=14),
    key("h", "layers", "layers", "What its steps did to each layer, as a heat map", LOOK, main=13),
    key("V", "view", "view", "The last item, best, worst, samples", LOOK, main=11),
    key("i", "items", "items", "Look at the items: search, text, tokens, labels", LOOK, main=10),
    key("y", "log", "log axis", "Logarithmic loss axis", LOOK),
    key("tab", "next_chart(1)", "chart", "The next of the charts", CHART, main=9, id="chart-next"),
    key("shift+tab", "next_chart(-1)", "chart before", "The chart before", CHART, id="chart-back"),
    key("o", "overlay", "overlay", "Lay the runs marked on Runs over this one, or not", CHART),
    LEAVE,
    save_binding(3),
    EXPORT,
)
