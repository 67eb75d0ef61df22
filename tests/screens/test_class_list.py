"""The edits of the Loss screen: whatever is pressed, there are classes, a label and a cursor."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.errors import InputError
from tui_trainer.reports.labelled_logits import LabelledLogits, read_logit
from tui_trainer.reports.predictions import Candidate, Position
from tui_trainer.screens.loss.class_list import (
    EXAMPLES,
    OTHERS,
    TAKEN_OVER,
    ClassList,
    from_position,
    typed,
)

THREE = ClassList("three", ("a", "b", "c"), LabelledLogits((1.0, 2.0, 3.0), 1), cursor=1)

Edit = Callable[[ClassList], ClassList]
EDITS: tuple[Edit, ...] = (
    lambda classes: classes.with_cursor(classes.cursor + 1),
    lambda classes: classes.with_cursor(classes.cursor - 1),
    ClassList.with_label,
    ClassList.with_class,
    ClassList.without_class,
    lambda classes: classes.raised(0.1),
    lambda classes: classes.raised(-700.0),
    lambda classes: classes.with_logits((1.0, 2.0)),
    lambda classes: classes.with_logits((0.0,) * 20),
)
edits = st.lists(st.sampled_from(EDITS), max_size=60)


@given(st.sampled_from(EXAMPLES), edits)
def test_any_edits_leave_a_question(classes: ClassList, pressed: list[Edit]) -> None:
    for edit in pressed:
        try:
            classes = edit(classes)
        except InputError as error:
            assert "2 to 20 logits" in str(error)
        assert len(classes.names) == len(classes.logits)
        assert 2 <= len(classes.logits) <= 20
        assert 0 <= classes.label < len(classes.logits)
        assert 0 <= classes.cursor < len(classes.logits)
        assert all(abs(logit) <= 1000 for logit in classes.logits)


def test_a_class_is_added_at_the_end_and_has_the_cursor() -> None:
    more = THREE.with_class()
    assert (more.names, more.logits) == (("a", "b", "c", ""), (1.0, 2.0, 3.0, 0.0))
    assert (more.label, more.cursor) == (1, 3)


@pytest.mark.parametrize(
    ("removed", "label", "label_after", "cursor_after"),
    [(0, 1, 0, 0), (2, 1, 1, 1), (1, 1, 1, 1), (2, 2, 1, 1), (0, 0, 0, 0)],
)
def test_removing_a_class_keeps_the_label_on_its_class(
    removed: int, label: int, label_after: int, cursor_after: int
) -> None:
    classes = THREE.with_cursor(label).with_label().with_cursor(removed).without_class()
    assert (classes.label, classes.cursor) == (label_after, cursor_after)
    if removed != label:
        assert classes.names[classes.label] == THREE.names[label]


def test_ten_tenths_are_one() -> None:
    classes = THREE
    for _ in range(10):
        classes = classes.raised(0.1)
    assert classes.logits == (1.0, 3.0, 3.0)


@given(st.floats(-1000, 1000, width=32))
def test_what_is_offered_for_typing_is_the_logit_itself(logit: float) -> None:
    assert read_logit(typed(logit)) == pytest.approx(logit, rel=1e-7)


def opened_position(logits: torch.Tensor, expected: int | None, top: int = 50) -> Position:
    """What Predict holds of a position with these logits [vocabulary]."""
    p = logits.softmax(dim=-1)

    def candidate(index: int) -> Candidate:
        return Candidate(index, f"t{index}", p[index].item(), logits[index].item())

    order = logits.argsort(descending=True).tolist()
    return Position(
        index=3,
        id=0,
        text=" the",
        expected=None if expected is None else candidate(expected),
        loss=None if expected is None else -p[expected].log().item(),
        entropy=0.0,
        top=tuple(map(candidate, order[:top])),
        expected_rank=None if expected is None else order.index(expected) + 1,
        p_sum=p.sum().item(),
    )


@pytest.mark.parametrize("rank", [1, 2, TAKEN_OVER, TAKEN_OVER + 1, 300])
def test_what_is_taken_over_from_predict_has_the_loss_of_the_whole_vocabulary(rank: int) -> None:
    logits = 3 * torch.randn(400, generator=torch.Generator().manual_seed(rank))
    expected = int(logits.argsort(descending=True)[rank - 1])
    classes = from_position(opened_position(logits, expected))

    assert len(classes.logits) == TAKEN_OVER + (rank > TAKEN_OVER) + 1
    assert classes.names[classes.label] == f"t{expected}"
    assert classes.names[-1] == OTHERS
    assert classes.cursor == classes.label
    whole = F.cross_entropy(logits, torch.tensor(expected))
    taken = F.cross_entropy(torch.tensor(classes.logits), torch.tensor(classes.label))
    assert taken.item() == pytest.approx(whole.item(), rel=1e-5)
    p = torch.tensor(classes.logits).softmax(dim=0)
    for name, share in zip(classes.names[:-1], p.tolist(), strict=False):
        assert share == pytest.approx(logits.softmax(dim=0)[int(name[1:])].item(), rel=1e-4)


def test_where_nothing_is_expected_the_likeliest_is_the_label() -> None:
    classes = from_position(opened_position(torch.tensor([1.0, 5.0, 2.0]), None))
    assert classes.names[classes.label] == "t1"
    assert "nothing is expected" in classes.title


def test_a_whole_vocabulary_leaves_no_others() -> None:
    classes = from_position(opened_position(torch.tensor([40.0, 2.0]), 1))
    assert (classes.names, classes.logits) == (("t0", "t1"), (40.0, 2.0))


def test_logits_that_are_no_numbers_are_refused() -> None:
    position = opened_position(torch.tensor([math.nan, 1.0, 2.0]), 1)
    with pytest.raises(InputError, match="not nan"):
        from_position(position)
