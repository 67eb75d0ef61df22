"""The built-in problems: a seeded generator of GSM8K-style word problems.

An answer has GSM8K's form: a sentence a step with its calculation annotated, as in
`48/2 = <<48/2=24>>24`, and a last line `#### 24`. They are far simpler than GSM8K's own.
"""

from random import Random

from tui_trainer.engine.data.word_scenes import Scene, Step
from tui_trainer.engine.data.word_stories import STORIES
from tui_trainer.reports.problem import Problem


def word_scene(seed: int, index: int) -> Scene:
    """The story behind problem `index`: a pure function of (seed, index), in constant time."""
    # Random's seeding from a string is the same on every platform and Python version.
    rng = Random(f"word problem {seed} {index}")
    return rng.choice(STORIES)(rng)


def word_problem(seed: int, index: int) -> Problem:
    """Problem `index` of the endless sequence that `seed` names."""
    scene = word_scene(seed, index)
    lines = [_annotated(step) for step in scene.steps]
    return Problem(
        question=f"{scene.story} {scene.question}",
        answer="\n".join([*lines, f"#### {scene.result}"]),
    )


def word_problems(count: int, seed: int = 0, start: int = 0) -> list[Problem]:
    """Problems `start` to `start + count - 1` of the sequence that `seed` names."""
    return [word_problem(seed, index) for index in range(start, start + count)]


def _annotated(step: Step) -> str:
    done = step.calculation
    formula = f"{done.left}{done.operator}{done.right}"
    sign = "$" if step.money else ""
    return step.sentence.replace("@", f"{formula} = {sign}<<{formula}={done.result}>>{done.result}")
