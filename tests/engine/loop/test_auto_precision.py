"""What `auto` takes for the precision: by what Step and the loops need, and said where less."""

import pytest
import torch

from tests.cards import put_in
from tests.models import BYTE_LEVEL
from tui_trainer.engine.loop.auto_precision import choose_precision
from tui_trainer.engine.loop.usual_needs import USES, usual_needs
from tui_trainer.engine.memory.dry_model import DryModel
from tui_trainer.errors import InputError


def test_auto_is_fp32_on_a_cpu_and_mixed_on_a_card_with_room_for_every_usual_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twenty bytes a weight, as was counted before, are a tenth of what this model takes."""
    config = BYTE_LEVEL["Qwen3"](400)
    assert choose_precision("auto", torch.device("cpu"), config).name == "fp32"
    needs = usual_needs(DryModel.of(config, "mixed"), torch.device("cuda"))
    assert tuple(needs) == USES
    use = max(needs, key=lambda name: needs[name])
    put_in(monkeypatch, needs[use], needs[use] - 1)
    enough, short = (choose_precision("auto", torch.device("cuda", n), config) for n in (0, 1))
    assert (enough.name, enough.notes) == ("mixed", ())
    assert short.name == "bf16-sr"
    (note,) = short.notes
    assert note.startswith("Precision auto is bf16-sr here: in mixed this model needs about 0.0")
    assert note.endswith(f"GB for {use}, and cuda:1 has 0.0{note[-12]} GB for it.")
    assert choose_precision("fp32", torch.device("cuda:1"), config).name == "fp32"


def test_where_a_device_has_no_bf16_auto_is_fp32_and_others_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mps, config = torch.device("mps"), BYTE_LEVEL["Qwen3"](400)
    monkeypatch.setattr(torch.backends.mps, "is_macos_or_newer", lambda major, minor: False)
    assert {choose_precision(wanted, mps, config).name for wanted in ("auto", "fp32")} == {"fp32"}
    for precision in "mixed", "bf16", "bf16-sr":
        with pytest.raises(InputError, match=r"mps does not compute in bf16.* Use precision fp32"):
            choose_precision(precision, mps, config)
    monkeypatch.setattr(torch.backends.mps, "is_macos_or_newer", lambda major, minor: True)
    assert choose_precision("mixed", mps, config).name == "mixed"
