"""The keys that are the same on every screen."""

from textual.binding import Binding

from tui_trainer.screens.work_screen import WEIGHTS
from tui_trainer.widgets.keys import LAST, key
from tui_trainer.widgets.screen_tabs import SCREENS

SCREEN, APP = "Screens", "Everywhere"


def screen_keys(name: str, digit: str, title: str) -> tuple[Binding, Binding]:
    """Its digit, and with alt the same from inside a text box."""
    show, sentence = f"show_screen('{name}')", f"Open {title}"
    return (
        key(digit, show, title, sentence, SCREEN, id=name),
        key(
            f"alt+{digit}",
            show,
            title,
            sentence,
            SCREEN,
            id=f"{name}-too",
            system=True,
            priority=True,
        ),
    )


KEYS = (
    *(one for name, (digit, title) in SCREENS.items() for one in screen_keys(name, digit, title)),
    key("C", "cancel", "cancel load", "Cancel the load or download", WEIGHTS, main=1),
    key("R", "reload", "reload", "The loaded weights again", WEIGHTS, main=50),
    key(
        "m",
        "pick_model",
        "model",
        "Pick a model, a device and a precision",
        WEIGHTS,
        main=51,
        id="model",
    ),
    key(
        "question_mark",
        "help",
        "keys",
        "Every key of this screen, and what to do on it",
        APP,
        main=LAST,
    ),
    key(
        "f1",
        "help",
        "keys",
        "Every key of this screen, and what to do on it",
        APP,
        main=LAST,
        drawn="esc ?",
        id="help-in-text",
        system=True,
    ),
    key(
        "q",
        "ask_quit",
        "quit",
        "Quit; asks first where that loses something",
        APP,
        main=52,
        id="quit",
    ),
    key(
        "ctrl+z", "suspend_process", "to shell", "To the shell, and back with fg", APP, id="suspend"
    ),
    key(
        "ctrl+c",
        "ask_quit",
        "quit",
        "Quit, also from inside a text box",
        APP,
        id="quit-anywhere",
        system=True,
        priority=True,
    ),
)
