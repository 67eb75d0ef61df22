"""What every part of Step is that asks the engine for what it shows: a panel that tells when it is
there to be filled."""

from dataclasses import dataclass

from textual.message import Message

from tui_trainer.widgets.panel import Panel


class View(Panel):
    """A panel of Step. One that is not on show asks for nothing: it costs an update nothing."""

    @dataclass
    class Opened(Message):
        """It is on show now: by a key, or because the terminal has room for it."""

        view: "View"

    def on_show(self) -> None:
        self.post_message(self.Opened(self))
