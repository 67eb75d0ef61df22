"""A checkpoint's folder on disk: whole or not at all."""

from pathlib import Path

import pytest

from tui_trainer.engine.errors import InputError
from tui_trainer.runs.checkpoints import whole_or_not_at_all


def test_one_that_cannot_take_its_place_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = tmp_path / "step-000001"
    with whole_or_not_at_all(checkpoint) as beside:
        (beside / "weights").write_text("before")
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name.endswith(".part"):
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(InputError, match="Permission denied"), whole_or_not_at_all(checkpoint) as b:
        (b / "weights").write_text("after")
    assert [path.name for path in tmp_path.iterdir()] == ["step-000001"]
    assert (checkpoint / "weights").read_text() == "before"
