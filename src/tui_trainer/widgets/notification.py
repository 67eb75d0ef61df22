"""What `notify` says, without the trap of Textual's own."""

from typing import TypeVar

from textual.app import App
from textual.events import Event, Key
from textual.notifications import Notification, Notify, SeverityLevel
from textual.screen import ModalScreen, Screen
from textual.widgets._toast import ToastRack

Return = TypeVar("Return")

A_MOMENT = 0.001  # seconds
AT_MOST = 2
"""At once: what is more hides what they are about."""
ROWS_BELOW = 4
"""Of the screen, from the last one on: where they are, with the lines below them."""
NOTICED, A_WORD, LONGEST = 1.5, 0.3, 8.0
"""Seconds until somebody looks, for each word to read, and for which one stays."""
CHARACTERS = 5
"""Of a word, with the blank after it."""


def reading_seconds(message: str) -> float:
    """How long it takes to see and to read; a path is one word, and no less to read for that."""
    words = max(len(message.split()), len(message) / CHARACTERS)
    return min(NOTICED + A_WORD * words, LONGEST)


class SafeNotification(Notification):
    """A notification whose toast can be mounted at the very moment that it expires.

    A toast sets a timer to the time that is left. Where there is none, Textual 8.2's timer looks
    for its next tick for ever, and the app never draws again.
    """

    @property
    def time_left(self) -> float:
        return max(super().time_left, A_MOMENT)

    @property
    def has_expired(self) -> bool:
        return super().time_left <= 0


class Notifying(App[Return]):
    """An app that notifies so: two things at most, each once, away from what is in hand, until they
    are read or escape is pressed."""

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """As Textual's, with a notification that cannot stop the app."""
        seconds = reading_seconds(f"{title} {message}") if timeout is None else timeout
        self.post_message(
            Notify(SafeNotification(message, title, severity, seconds, markup=markup))
        )

    def on_notify(self, event: Notify) -> None:
        """What is said again takes the place of itself: a key held down would fill the screen."""
        words = event.notification.message
        for told in [told for told in self._notifications if told.message == words]:
            self._unnotify(told, refresh=False)
        for told in self._too_many():
            self._unnotify(told, refresh=False)
        for screen in self.screen_stack[-1:]:
            for rack in screen.query(ToastRack):
                rack.set_class(self._is_in_hand_below(screen), "-on-top")

    def _too_many(self) -> list[Notification]:
        """What makes room for one more: the oldest, failures last."""
        told = sorted(self._notifications, key=lambda one: (one.severity == "error", one.raised_at))
        return told[: max(0, len(told) + 1 - AT_MOST)]

    def _is_in_hand_below(self, screen: Screen[object]) -> bool:
        """Whether a dialog, or what has the focus, reaches down to where they are else told."""
        in_hand = screen.focused
        if isinstance(screen, ModalScreen):
            in_hand = screen.query_one_optional(".dialog") or in_hand
        return in_hand is not None and in_hand.region.bottom > self.size.height - ROWS_BELOW

    async def on_event(self, event: Event) -> None:
        """Escape takes them away, whatever else it does."""
        if isinstance(event, Key) and event.key == "escape" and self._notifications:
            self.clear_notifications()
        await super().on_event(event)
