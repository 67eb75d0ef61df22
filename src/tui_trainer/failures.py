"""What went wrong, as text for the user: nothing of the thread where it happened is kept alive."""

import traceback

from tui_trainer.device_errors import (
    NO_MEMORY,
    is_of_the_device,
    not_deterministic,
    shortage,
    words_of,
)
from tui_trainer.errors import CancelledError, InputError, UnfinishedError


class Failure(Exception):  # noqa: N818  # what the interface is told, not an error of its own
    """What went wrong on the worker's thread, as text: nothing of the thread is kept alive.

    `traceback` is None where the user can mend it: then the sentence says how.
    """

    def __init__(
        self, sentence: str, traceback: str | None = None, *, cancelled: bool = False
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.traceback = traceback
        self.cancelled = cancelled

    def __eq__(self, other: object) -> bool:
        """Whether the user is told the same."""
        return isinstance(other, Failure) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self._told())

    def _told(self) -> tuple[str, str | None, bool]:
        return self.sentence, self.traceback, self.cancelled


def describe_failure(error: BaseException) -> Failure:
    """The user's words for an error; a traceback only for what the user cannot mend."""
    if isinstance(error, InputError | UnfinishedError):
        return Failure(str(error))
    if isinstance(error, CancelledError):
        return Failure(str(error), cancelled=True)
    if (short := shortage(error)) is not None:
        return Failure(f"{NO_MEMORY} {short.remedy}")
    if (operation := not_deterministic(error)) is not None:
        return Failure(
            f"{operation} has no kernel on this device that gives the same bits each time: load "
            "the model without --deterministic, or on a CPU."
        )
    words = words_of(error)
    sentence = f"{type(error).__name__}: {words}"
    if is_of_the_device(error):
        # What torch says after the first line is for whoever wrote the kernel.
        sentence = f"The device failed: {words.strip().partition(chr(10))[0]}"
    return Failure(sentence, "".join(traceback.format_exception(error)))
