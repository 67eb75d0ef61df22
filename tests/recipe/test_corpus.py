"""What the model is trained on: nothing held out, and nothing of what the GSM8K loop teaches."""

import re
import warnings
from random import Random

import numpy as np
import pytest

from tui_trainer.recipe import corpus
from tui_trainer.recipe.corpus import Section, documents, held_out_modules, modules
from tui_trainer.recipe.prose import calculation, prose_document
from tui_trainer.recipe.token_store import SHARES, TokenStore


@pytest.fixture(scope="module")
def texts() -> dict[Section, list[str]]:
    """The corpus less the docstrings of other packages, with two thousand generated documents."""
    found: dict[Section, list[str]] = {name: [] for name in SHARES}
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr(corpus, "_DOCUMENTED", ())
        patch.setattr(corpus, "PROSE_DOCUMENTS", 2000)
        for section, text in documents():
            found[section].append(text)
    return found


@pytest.mark.long
def test_each_section_has_text(texts: dict[Section, list[str]]) -> None:
    assert sum(map(len, texts["code"])) > 5_000_000
    assert sum(map(len, texts["english"])) > 1_000_000
    assert len(texts["generated"]) == 2000


@pytest.mark.long
def test_the_problems_format_is_not_in_it(texts: dict[Section, list[str]]) -> None:
    for text in (text for section in texts.values() for text in section):
        assert "Question:" not in text
        assert "Answer:" not in text
        assert not re.search(r"<<[^<>\n]*>>", text)
        assert not re.search(r"^\s*#### *[-$]?\d", text, re.MULTILINE)


@pytest.mark.long
def test_no_generated_text_has_any_of_the_marks(texts: dict[Section, list[str]]) -> None:
    assert not [text for text in texts["generated"] if "<<" in text or "#" in text]


def test_a_line_with_the_format_is_dropped_and_its_neighbours_stay() -> None:
    assert corpus.without_format("a\nQuestion: b\nc\n#### 7\n#### Title\n") == "a\nc\n#### Title\n"


@pytest.mark.long
def test_held_out_modules_are_not_trained_on(texts: dict[Section, list[str]]) -> None:
    held_out = held_out_modules()
    names = {module.name for module in held_out}
    assert len(held_out) >= 10
    assert len(modules()) - len(held_out) == len(texts["code"])
    assert not names & {module.name for module in modules() if not module.held_out}
    trained = set(texts["code"])
    assert not [module.name for module in held_out if module.source in trained]


@pytest.mark.long
def test_every_sum_in_the_prose_is_right(texts: dict[Section, list[str]]) -> None:
    sums = re.findall(r"(\d+) ?([-+*/]) ?(\d+) ?= ?\$?(\d+)", "\n".join(texts["generated"]))
    assert len(sums) > 3000
    for left, operator, right, result in sums:
        a, b = int(left), int(right)
        assert {"+": a + b, "-": a - b, "*": a * b, "/": a / b}[operator] == int(result)


def test_prose_is_a_function_of_seed_and_index() -> None:
    assert prose_document(3, 9) == prose_document(3, 9)
    assert prose_document(3, 9) != prose_document(4, 9)


def test_sums_are_whole_and_not_negative() -> None:
    rng = Random(0)
    assert all(calculation(rng).result >= 0 for _ in range(3000))


def test_rows_are_a_function_of_seed_and_step() -> None:
    ids = np.arange(3000, dtype=np.uint16)
    ranges: dict[Section, tuple[int, int]] = {
        "code": (0, 1000),
        "english": (1000, 2000),
        "generated": (2000, 3000),
    }
    starts = {name: np.array([low + 10, low + 500]) for name, (low, _) in ranges.items()}
    store = TokenStore(ids, ranges, starts)
    rows = store.rows(1, 5, 64, 32)
    assert rows.shape == (64, 32)
    assert (rows == store.rows(1, 5, 64, 32)).all()
    assert (rows != store.rows(1, 6, 64, 32)).any()
    assert (np.diff(rows, axis=1) == 1).all()
    for name in ("english", "generated"):
        low, high = ranges[name]
        begins = {int(row[0]) for row in rows if low <= row[0] < high}
        assert begins == set(starts[name])
