"""The parts of a word problem: people, things, calculations and the scene that holds them."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

Operator = Literal["+", "-", "*", "/"]


@dataclass(frozen=True)
class Calculation:
    """Two whole numbers and what is done with them; the result is a whole number too."""

    left: int
    operator: Operator
    right: int

    @property
    def result(self) -> int:
        """The value; raises ValueError where a division leaves a remainder."""
        match self.operator:
            case "+":
                return self.left + self.right
            case "-":
                return self.left - self.right
            case "*":
                return self.left * self.right
        quotient, remainder = divmod(self.left, self.right)
        if remainder:
            raise ValueError(f"{self.left} is not a multiple of {self.right}")
        return quotient


@dataclass(frozen=True)
class Step:
    """One sentence of a solution; `@` in it stands for the calculation."""

    sentence: str
    calculation: Calculation
    money: bool = False


@dataclass(frozen=True)
class Scene:
    """A story, what is asked about it, and the steps that lead to the number asked for."""

    story: str
    question: str
    steps: tuple[Step, ...]

    @property
    def result(self) -> int:
        return self.steps[-1].calculation.result


@dataclass(frozen=True)
class Person:
    name: str
    they: str
    their: str

    @property
    def They(self) -> str:  # noqa: N802 - the capital is the point
        return self.they.capitalize()


SceneMaker = Callable[[Random], Scene]

_SHE = "Maria Ana Lucy Nora Emma Priya Julia Hannah Sofia Grace Mei Clara Ruth Amina Olga Zoe"
_HE = "Tom Ben Omar Leo David Sam Carlos Jack Peter Ivan Noah Kofi Raj Felix Hugo Adam"
PEOPLE = (
    *(Person(name, "she", "her") for name in _SHE.split()),
    *(Person(name, "he", "his") for name in _HE.split()),
)

THINGS = (
    "apples",
    "oranges",
    "pears",
    "plums",
    "lemons",
    "marbles",
    "stickers",
    "pencils",
    "shells",
    "stamps",
    "coins",
    "cards",
    "buttons",
    "beads",
    "balloons",
    "postcards",
    "cookies",
    "muffins",
    "peaches",
    "walnuts",
    "erasers",
    "ribbons",
    "crayons",
)

GOODS = (
    ("book", "books"),
    ("notebook", "notebooks"),
    ("pen", "pens"),
    ("cup", "cups"),
    ("plate", "plates"),
    ("scarf", "scarves"),
    ("ticket", "tickets"),
    ("sandwich", "sandwiches"),
    ("lamp", "lamps"),
    ("brush", "brushes"),
    ("candle", "candles"),
    ("basket", "baskets"),
    ("toy", "toys"),
    ("hat", "hats"),
    ("shirt", "shirts"),
    ("puzzle", "puzzles"),
)

MONTHS = ("January", "March", "April", "May", "June", "July", "August", "October", "November")


def two_people(rng: Random) -> tuple[Person, Person]:
    first, second = rng.sample(PEOPLE, 2)
    return first, second


def three_people(rng: Random) -> tuple[Person, Person, Person]:
    first, second, third = rng.sample(PEOPLE, 3)
    return first, second, third
