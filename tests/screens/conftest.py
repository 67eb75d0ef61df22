"""For tests of screens: what the app writes to its terminal, byte for byte."""

import pytest
from textual.drivers.headless_driver import HeadlessDriver


@pytest.fixture
def terminal_output(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that the app writes to a terminal, in the order it is written.

    The headless driver drops its output; here it keeps it, and says that it is a terminal, so
    that Textual draws for it as it does for a real one.
    """
    written: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "write", lambda self, data: written.append(data))
    monkeypatch.setattr(HeadlessDriver, "is_headless", property(lambda self: False))
    return written
