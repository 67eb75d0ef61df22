"""No source of a stylesheet is read twice, however many there are."""

from collections import Counter
from collections.abc import Callable, Iterable

import pytest
import textual.css.stylesheet
from textual.css.model import RuleSet
from textual.css.parse import parse

from tests.fake_engine import FakeEngine
from tests.pilot import running
from tui_trainer.terminal.stylesheet import ReadOnce

SOURCES = 70
"""More than Textual's own keeps."""
Read = Counter[object]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """How often each text was read: by its first selector."""
    parsed: Callable[..., Iterable[RuleSet]] = parse
    read = Read()

    def counted(scope: str, css: str, *args: object, **kwargs: object) -> Iterable[RuleSet]:
        read[css.split(maxsplit=1)[0]] += 1
        return parsed(scope, css, *args, **kwargs)

    monkeypatch.setattr(textual.css.stylesheet, "parse", counted)
    return read


def colours(stylesheet: ReadOnce) -> set[str]:
    return {rule.styles.color.css for rule in stylesheet.rules}


def test_each_source_is_read_once(read: Read) -> None:
    stylesheet = ReadOnce(variables={"mine": "#112233"})
    for number in range(SOURCES):
        stylesheet.add_source(f".read-once-{number} {{ color: $mine; }}")
    for _ in range(3):
        stylesheet.set_variables({"mine": "#112233"})
        stylesheet.reparse()
    stylesheet.add_source(".read-once-late { color: $mine; }")
    assert len(stylesheet.rules) == len(read) == SOURCES + 1
    assert set(read.values()) == {1}


def test_all_are_read_again_with_other_variables(read: Read) -> None:
    stylesheet = ReadOnce(variables={"mine": "#112234"})
    stylesheet.add_source(".read-again { color: $mine; }")
    assert colours(stylesheet) == {"rgb(17,34,52)"}
    stylesheet.set_variables({"mine": "#445566"})
    stylesheet.reparse()
    assert colours(stylesheet) == {"rgb(68,85,102)"}
    assert read == {".read-again": 2}


async def test_the_app_has_it() -> None:
    async with running(engine=lambda _: FakeEngine()) as (app, _):
        assert isinstance(app.stylesheet, ReadOnce)
