"""What can go wrong through the user's input or the machine's limits, told in the user's words."""


class InputError(Exception):
    """Something the user gave cannot be used; the message is one sentence that says what to do."""


class CancelledError(Exception):
    """The user cancelled what the worker was doing; nothing was changed."""


class UnfinishedError(Exception):
    """A part of what was asked for failed; the message is one sentence that says which and why."""
