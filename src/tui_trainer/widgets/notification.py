"""What `notify` says, without the trap of Textual's own."""

from textual.notifications import Notification

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
