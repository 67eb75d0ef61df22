"""Keys that were pressed before what they ask for could be done: they wait in line, a few of them.

Whoever taps a key three times gets three of what it does, however long each takes; a key that is
held down does not go on for long after it is let go.
"""

AT_MOST = 8
TOO_MANY = f"{AT_MOST} are asked for already: wait for them."


def describe_waiting(number: int) -> str:
    """`3 waiting`; nothing of the one that is being done."""
    return f"{number} waiting" if number > 1 else ""
