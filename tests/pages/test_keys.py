"""docs/keys.md has every key there is, as it is."""

from textual.binding import Binding

from tests.pages.console import ROOT
from tests.pages.keys import bindings_of, kinds, page, rows_of, section
from tui_trainer.app import TuiTrainer
from tui_trainer.screens.step.screen import StepScreen


def test_the_page_is_made_of_the_keys_as_they_are() -> None:
    assert (ROOT / "docs" / "keys.md").read_text(encoding="utf-8") == page(), "make docs"


def test_every_class_with_keys_that_do_something_is_on_it() -> None:
    found = list(kinds())
    assert TuiTrainer in found
    assert StepScreen in found
    assert len(found) == len(set(found))


def test_a_key_that_screens_share_says_where_it_is_another_one() -> None:
    follow, enter = "The last part of the chart, as it grows", "Edit the text"
    told = page()
    assert f"{follow}; on Step once the chart has the focus, by tab |" in told
    (row,) = (line for line in told.splitlines() if f"| {enter}; not on " in line)
    assert row.endswith("| `enter-text` |")
    assert all(name in row for name in ("GSM8K", "Runs", "Evaluation"))


def test_a_key_has_its_name_its_sentence_and_what_stands_for_it_too() -> None:
    bindings = Binding.make_bindings(
        [
            Binding("full_stop,f5", "phase", "Phase", id="phase", tooltip="The next phase"),
            Binding("f1", "help"),
        ]
    )
    assert list(rows_of(bindings)) == [["`.` `f5`", "Phase", "The next phase", "`phase`"]]
    told = section(("Step", [StepScreen]))
    assert any(line.startswith("| `u` |") and "`undo`" in line for line in told.splitlines())
    assert any(binding.key == "u" for binding in bindings_of(StepScreen))
