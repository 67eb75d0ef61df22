"""The next screen is drawn once it is what it should be, sooner than after Textual's fixed time."""

from typing import TypeVar

from textual.app import App

Return = TypeVar("Return")


class SwitchesAtOnce(App[Return]):
    """An app whose next screen is one frame, drawn when that screen knows that it is on show."""

    def delay_update(self, delay: float = 0.05) -> None:
        """Draw nothing until the screen that comes has resumed, and `delay` at most.

        Textual draws nothing for all of `delay`, by which every switch of screens was later.
        """
        self._begin_batch()
        waiting = [self._end_delay]

        def end() -> None:
            if waiting:
                waiting.pop()()

        self.set_timer(delay, end)
        # The app has switched by then, and the screen takes what it was sent in order.
        self.call_later(lambda: self.screen.call_later(end))

    def _end_delay(self) -> None:
        self._end_batch()
        if not self._batch_count:
            self.screen.refresh()
