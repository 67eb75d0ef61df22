"""What went wrong, as text for the user: nothing of the thread where it happened is kept alive."""

import traceback

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
    if _is_out_of_memory(error):
        return Failure(
            "There is not enough memory for this; the weights are as they were. Use a shorter "
            "text, a smaller model or a lower precision."
        )
    sentence = f"{type(error).__name__}: {_words(error)}"
    return Failure(sentence, "".join(traceback.format_exception(error)))


def _words(error: BaseException) -> str:
    """What an exception says of itself, which a broken one may not even be able to."""
    try:
        return str(error)
    except Exception as unreadable:
        return f"it cannot say what it is ({type(unreadable).__name__})"


def _is_out_of_memory(error: BaseException) -> bool:
    """torch raises OutOfMemoryError on CUDA and a plain RuntimeError on a CPU."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or any(words in _words(error) for words in ("not enough memory", "can't allocate memory"))
    )
