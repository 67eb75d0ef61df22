"""The edits of the Loss screen: whatever is pressed, there are classes, a label and a cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.engine.errors import InputError
from tui_trainer.engine.labelled_logits import LabelledLogits, read_logit
from tui_trainer.screens.class_list import EXAMPLES, ClassList, typed

THREE = ClassList("three", ("a", "b", "c"), LabelledLogits((1.0, 2.0, 3.0), 1), cursor=1)

edits = st.lists(
    st.sampled_from(
        [
            lambda classes: classes.with_cursor(classes.cursor + 1),
            lambda classes: classes.with_cursor(classes.cursor - 1),
            ClassList.with_label,
            ClassList.with_class,
            ClassList.without_class,
            lambda classes: classes.raised(0.1),
            lambda classes: classes.raised(-700.0),
            lambda classes: classes.with_logits((1.0, 2.0)),
            lambda classes: classes.with_logits((0.0,) * 20),
        ]
    ),
    max_size=60,
)


@given(st.sampled_from(EXAMPLES), edits)
def test_any_edits_leave_a_question(classes: ClassList, pressed) -> None:
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
