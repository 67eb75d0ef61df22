"""docs/settings.md says what the settings say."""

from pathlib import Path

import pytest

from tui_trainer.settings.fields import fields_of
from tui_trainer.settings.page import SECTIONS, page, section

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_is_what_stands_beside_the_settings() -> None:
    assert DOCS.read_text() == page(), "make docs"


@pytest.mark.parametrize(("heading", "kind"), SECTIONS)
def test_each_setting_has_a_line_with_its_flag_its_usual_value_and_its_meaning(
    heading: str, kind: type
) -> None:
    lines = [line for line in section(heading, kind).splitlines() if line.startswith("|")][2:]
    for line, field in zip(lines, fields_of(kind), strict=True):
        name, usually, can_be, means = line.strip("| ").split(" | ")
        assert name.startswith(field.label)
        assert (field.option in name) == (field.flag is not None)
        assert usually.startswith(field.as_typed(field.usual) or "empty")
        assert can_be.startswith(field.range or field.kind.value)
        assert field.unit in can_be
        assert field.meaning in means
