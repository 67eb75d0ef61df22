"""The app hears what the worker tells, and what other views of it do, on its own thread."""

from dataclasses import dataclass
from typing import TypeVar

from textual.app import App
from textual.message import Message

from tui_trainer.protocol.events import Event, Other
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.session.session import Session

Return = TypeVar("Return")


class HearsWorker(App[Return]):
    """An app whose session takes in what comes, in order."""

    session: Session

    @dataclass
    class Heard(Message):
        """Something the worker told."""

        event: Numbered[Event]

    @dataclass
    class HeardOther(Message):
        """Something was done at another view."""

        other: Other

    def hear(self, event: Numbered[Event]) -> None:
        """Called on another thread; does not wait for this one."""
        self.post_message(self.Heard(event))

    def hear_other(self, other: Other) -> None:
        """As `hear`."""
        self.post_message(self.HeardOther(other))

    def on_hears_worker_heard(self, message: Heard) -> None:
        was_loading = self.session.loading is not None
        self.session.hear(message.event)
        if was_loading is (self.session.loading is None):
            self.refresh_bindings()
        self.heard(message.event.what)

    def on_hears_worker_heard_other(self, message: HeardOther) -> None:
        self.session.others.hear(message.other)

    def heard(self, event: Event) -> None:
        """What there is to be done once the session has taken it in."""
