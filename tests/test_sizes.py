"""A file is a subject: none has grown past what one can keep in mind."""

from pathlib import Path

import tui_trainer

LINES = 400
APP_LINES = 250
SOURCE = Path(tui_trainer.__file__).parent


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_no_file_is_longer_than_one_can_keep_in_mind() -> None:
    sizes = {str(path.relative_to(SOURCE)): lines_of(path) for path in SOURCE.rglob("*.py")}
    assert len(sizes) > 300
    assert not {name: lines for name, lines in sizes.items() if lines > LINES}
    assert sizes["app.py"] < APP_LINES
