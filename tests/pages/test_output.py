"""What is compared of a command's output, and what is not."""

import pytest

from tests.pages.output import missing

TABLE = """\
  step        loss   tokens   seconds
     1      2.8529      101     0.118
checkpoint step-000001, 51.6 MB in 0.21 s""".splitlines()


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        (1, "     1      2.8530      101     0.118"),
        (1, "     1      2.8529      101    12.118"),
        (2, "checkpoint step-000001, 51 kB in 12 s"),
    ],
)
def test_last_digits_times_and_sizes_may_be_others(line: int, instead: str) -> None:
    assert missing(TABLE, [*TABLE[:line], instead, *TABLE[line + 1 :]]) is None


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        (0, "  step        Loss   tokens   seconds"),
        (1, "     1      2.7529      101     0.118"),
        (1, "     1      2.8529      102     0.118"),
        (2, "checkpoint step-000002, 51.6 MB in 0.21 s"),
    ],
)
def test_words_losses_and_counts_are_the_same(line: int, instead: str) -> None:
    assert missing(TABLE, [*TABLE[:line], instead, *TABLE[line + 1 :]]) == TABLE[line]


def test_dots_stand_for_any_lines_and_for_any_rest() -> None:
    assert missing(["...", "checkpoint step-000001, ..."], TABLE) is None
    assert missing(["  step        loss   tokens   seconds", "..."], TABLE) is None
    assert missing(["...", "checkpoint step-000002, ..."], TABLE) == "checkpoint step-000002, ..."


def test_lines_that_a_page_leaves_out_are_missed() -> None:
    assert missing(TABLE[:2], TABLE) == "the end"
    assert missing(TABLE[1:], TABLE) == TABLE[1]


def test_a_run_may_be_of_another_day() -> None:
    assert missing(["run 2026-11-30-builtin-1"], ["run 2027-01-02-builtin-1"]) is None
    assert missing(["run 2026-11-30-builtin-1"], ["run 2027-01-02-builtin-2"]) is not None
