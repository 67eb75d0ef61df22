"""The keys that are the same on every screen."""

from textual.binding import Binding

from tui_trainer.widgets import screen_tabs
from tui_trainer.widgets.keys import EVERYWHERE, LAST, SCREENS, WEIGHTS, key


def screen_keys(name: str, digit: str, title: str) -> tuple[Binding, Binding]:
    """Its digit, and with alt the same from inside a text box."""
    show, sentence = f"show_screen('{name}')", f"Open {title}"
    return (
        key(digit, show, title, sentence, SCREENS, id=name),
        key(
            f"alt+{digit}",
            show,
            title,
            sentence,
            SCREENS,
            id=f"{name}-too",
            system=True,
            priority=True,
        ),
    )


KEYS = (
    *(
        one
        for name, (digit, title) in screen_tabs.SCREENS.items()
        for one in screen_keys(name, digit, title)
    ),
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
        EVERYWHERE,
        main=LAST,
    ),
    key(
        "f1",
        "help",
        "keys",
        "Every key of this screen, and what to do on it",
        EVERYWHERE,
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
        EVERYWHERE,
        main=52,
        id="quit",
    ),
    key(
        "D",
        "detach",
        "detach",
        "Leave, and all goes on without a view: 'tui-trainer attach' is back",
        EVERYWHERE,
        main=53,
        id="detach",
    ),
    key(
        "ctrl+l",
        "redraw",
        "draw anew",
        "Draw the whole screen anew, where something else has written on it",
        EVERYWHERE,
        id="redraw",
    ),
    key(
        "ctrl+z",
        "suspend_process",
        "to shell",
        "To the shell, and back with fg",
        EVERYWHERE,
        id="suspend",
    ),
    key(
        "ctrl+c",
        "copy_or_quit",
        "copy",
        "Copy what is selected; where nothing is, quit",
        EVERYWHERE,
        id="quit-anywhere",
        system=True,
        priority=True,
    ),
    key(
        "ctrl+s",
        "save_view",
        "save view",
        "Save what is on show: its text, its picture, or its chart",
        EVERYWHERE,
        main=45,
        id="save-view",
        priority=True,
    ),
)
