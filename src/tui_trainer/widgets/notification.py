"""What `notify` says, without the trap of Textual's own."""

from typing import TypeVar

from textual.app import App
from textual.notifications import Notification, Notify, SeverityLevel

Return = TypeVar("Return")

A_MOMENT = 0.001  # seconds


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
    """An app that notifies so, and says the same thing once."""

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
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.post_message(
            Notify(SafeNotification(message, title, severity, seconds, markup=markup))
        )

    def on_notify(self, event: Notify) -> None:
        """What is said again takes the place of itself: a key held down would fill the screen."""
        words = event.notification.message
        for told in [told for told in self._notifications if told.message == words]:
            self._unnotify(told, refresh=False)
