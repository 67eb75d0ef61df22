"""Generated English for pre-training: sums, and small stories with their arithmetic in the prose.

The stories are of the kinds that the built-in problems have, told through to the end as a person
would tell them. What the GSM8K loop is to teach is left out: no `Question:` and `Answer:`, no
`<<48/2=24>>`, no `#### 24`. The sequence has its own seed, so that no problem's numbers are drawn
from the problems' own sequence.
"""

from random import Random

from tui_trainer.engine.data.word_scenes import PEOPLE, THINGS, Calculation, Operator, Scene, Step
from tui_trainer.engine.data.word_stories import STORIES

_NAMES: dict[Operator, tuple[str, str]] = {
    "+": ("plus", "the sum of {} and {}"),
    "-": ("minus", "the difference of {} and {}"),
    "*": ("times", "the product of {} and {}"),
    "/": ("divided by", "the quotient of {} and {}"),
}


def prose_document(seed: int, index: int) -> str:
    """Document `index`: a story, a page of sums, or a few sentences; a pure function of both."""
    rng = Random(f"prose {seed} {index}")
    kind = rng.random()
    if kind < 0.55:
        return _told(rng.choice(STORIES)(rng), rng)
    if kind < 0.85:
        return _sums(rng)
    return " ".join(_small_story(rng) for _ in range(rng.randint(1, 4)))


def _told(scene: Scene, rng: Random) -> str:
    """The story with its steps; half of the time with the question asked in passing."""
    spaced = rng.random() < 0.5
    steps = [_spoken(step, spaced) for step in scene.steps]
    asked = [scene.question] if rng.random() < 0.5 else []
    between = rng.choice((" ", "\n"))
    return between.join([scene.story, *asked, *steps])


def _spoken(step: Step, spaced: bool) -> str:
    sign = "$" if step.money else ""
    done = step.calculation
    return step.sentence.replace("@", f"{_formula(done, spaced)} = {sign}{done.result}")


def _formula(calculation: Calculation, spaced: bool = True) -> str:
    gap = " " if spaced else ""
    return f"{calculation.left}{gap}{calculation.operator}{gap}{calculation.right}"


def calculation(rng: Random) -> Calculation:
    """A sum of the size that the stories have, products as often as sums and differences."""
    operator: Operator = rng.choice(("+", "-", "*", "/"))
    if operator in "*/":
        small, large = rng.randint(2, 12), rng.randint(2, 12)
        if rng.random() < 0.3:
            large = rng.randint(2, 90)
        if operator == "*":
            return Calculation(
                *((small, "*", large) if rng.random() < 0.5 else (large, "*", small))
            )
        return Calculation(small * large, "/", small)
    first, second = rng.randint(2, 99), rng.randint(2, 99)
    if rng.random() < 0.3:
        first = rng.randint(50, 400)
    if operator == "-":
        first, second = max(first, second), min(first, second)
    return Calculation(first, operator, second)


def _sums(rng: Random) -> str:
    """A page of sums in one notation."""
    notation = rng.choice((_plain, _plain, _tight, _in_words, _by_name))
    gap = rng.choice(("\n", "\n", ", ", "; "))
    return gap.join(notation(calculation(rng)) for _ in range(rng.randint(3, 12)))


def _plain(sum_: Calculation) -> str:
    return f"{_formula(sum_)} = {sum_.result}"


def _tight(sum_: Calculation) -> str:
    return f"{_formula(sum_, spaced=False)}={sum_.result}"


def _in_words(sum_: Calculation) -> str:
    return f"{sum_.left} {_NAMES[sum_.operator][0]} {sum_.right} is {sum_.result}"


def _by_name(sum_: Calculation) -> str:
    return f"{_NAMES[sum_.operator][1].format(sum_.left, sum_.right)} is {sum_.result}"


def _small_story(rng: Random) -> str:
    """One or two sentences about things counted, the result in the same breath."""
    who, friend = rng.sample(PEOPLE, 2)
    things = rng.choice(THINGS)
    had, other = rng.randint(10, 90), rng.randint(2, 40)
    if rng.random() < 0.5:
        total = Calculation(had, "+", other)
        return (
            f"{who.name} had {had} {things}. {who.They} got {other} more from {friend.name}, "
            f"so {who.they} had {_formula(total)} = {total.result} {things}."
        )
    given = Calculation(max(had, other) + 1, "-", min(had, other))
    return (
        f"{who.name} had {given.left} {things} and lost {given.right} on {who.their} way home. "
        f"{who.They} had {_formula(given)} = {given.result} {things} left."
    )
