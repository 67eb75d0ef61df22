"""The built-in problems: right arithmetic, GSM8K's form, a pure function of seed and index."""

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.engine.data.word_problems import word_problem, word_problems
from tui_trainer.engine.data.word_scenes import Calculation, SceneMaker
from tui_trainer.engine.data.word_stories import STORIES

ANNOTATION = re.compile(r"(\d+)([-+*/])(\d+) = \$?<<\1([-+*/])\3=(\d+)>>(\d+)")
MANY = word_problems(3000, seed=5)


def evaluate(left: int, operator: str, right: int) -> float:
    return {"+": left + right, "-": left - right, "*": left * right, "/": left / right}[operator]


def test_every_annotation_is_right() -> None:
    for problem in MANY:
        for left, operator, right, again, annotated, written in ANNOTATION.findall(problem.answer):
            assert operator == again
            assert annotated == written
            assert evaluate(int(left), operator, int(right)) == int(written)


def test_an_answer_is_two_to_four_lines_and_the_last_repeats_the_last_result() -> None:
    for problem in MANY:
        *steps, last = problem.answer.split("\n")
        assert 1 <= len(steps) <= 3
        assert all(len(ANNOTATION.findall(step)) == 1 for step in steps)
        assert last == f"#### {ANNOTATION.findall(steps[-1])[0][-1]}"


def test_every_number_of_a_step_is_in_the_story_or_found_before() -> None:
    for problem in MANY:
        known = set(re.findall(r"\d+", problem.question)) | {"2"}  # `half`, `both`, `twice`
        for left, _, right, _, _, result in ANNOTATION.findall(problem.answer):
            assert {left, right} <= known, problem
            known.add(result)


def test_no_result_is_below_two_so_that_plurals_are_right() -> None:
    results = [int(found[-1]) for p in MANY for found in ANNOTATION.findall(p.answer)]
    assert min(results) >= 2
    assert max(results) < 1000


@given(st.integers(0, 2**31), st.integers(0, 10**9))
def test_a_problem_is_a_function_of_seed_and_index(seed: int, index: int) -> None:
    assert word_problem(seed, index) == word_problem(seed, index)


def test_a_sequence_is_its_problems_one_by_one() -> None:
    assert word_problems(5, seed=3, start=10) == [word_problem(3, i) for i in range(10, 15)]
    assert word_problems(5, seed=3) != word_problems(5, seed=4)


def test_the_sequence_stays_as_it_is() -> None:
    # The figures in the README are of these very problems.
    problem = word_problem(0, 0)
    assert problem.question.startswith("A hall has 10 rows of chairs with 11 chairs in each row.")
    assert problem.answer.endswith("<<110-25=85>>85 empty chairs.\n#### 85")


def test_there_are_many_kinds_and_few_repeats() -> None:
    assert len(STORIES) >= 12
    openings = {re.sub(r"\d+", "0", p.answer.split(" = ")[0])[-12:] for p in MANY}
    assert len(openings) > 20
    assert len({p.question for p in MANY}) > 0.97 * len(MANY)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_each_kind_ends_in_a_question_and_the_steps_lead_to_its_result(story: SceneMaker) -> None:
    for number in range(300):
        scene = story(Random(number))
        assert scene.question.endswith("?")
        assert scene.story.endswith(".")
        assert all(step.sentence.count("@") == 1 for step in scene.steps)
        assert scene.result == scene.steps[-1].calculation.result


def test_a_division_with_a_remainder_is_refused() -> None:
    with pytest.raises(ValueError, match="7 is not a multiple of 2"):
        _ = Calculation(7, "/", 2).result
