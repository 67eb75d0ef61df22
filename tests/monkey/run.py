"""A number of actions of one seed, and the shortest sequence that shows what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.monkey.actions import Action, draw
from tests.monkey.play import Beat, Episode, Wrong, unheard
from tests.monkey.shrink import shrink

EPISODE = 400
"""Actions until the app is begun anew: what goes wrong is found again among so many."""
TOLD_EVERY = 10
"""Of so many apps, how far it is is printed once."""
TRIES = 2
"""For what depends on when a reply comes."""


@dataclass(frozen=True)
class Report:
    """What came of it."""

    seed: int
    made: int
    wrong: Wrong | None = None
    shortest: tuple[Action, ...] = ()

    def __str__(self) -> str:
        if self.wrong is None:
            return f"seed {self.seed}: nothing wrong in {self.made:,} actions"
        steps = "\n".join(f"  {action}" for action in self.shortest)
        return (
            f"seed {self.seed}, after {self.made:,} actions: {self.wrong.what}\n"
            f"{self.wrong.details}\nThe shortest sequence found:\n{steps}"
        )


async def find_wrong(
    actions: int,
    seed: int,
    model: str,
    seconds: float,
    beat: Beat = unheard,
) -> Report:
    """Play so many; where something is wrong, take up to `seconds` to find what shows it."""
    random, made, apps = Random(seed), 0, 0
    while made < actions:
        episode = [draw(random) for _ in range(min(EPISODE, actions - made))]
        done, wrong = await Episode(model, beat).run(episode)
        made, apps = made + done, apps + 1
        if wrong is not None:
            print(
                f"seed {seed}, after {made:,} actions: {wrong.what}; looking for the shortest way"
            )
            shortest = await shortest_of(episode[:done], wrong, model, seconds, beat)
            return Report(seed, made, wrong, tuple(shortest))
        if apps % TOLD_EVERY == 0:
            print(f"seed {seed}: {made:,} actions", flush=True)
    return Report(seed, made)


async def shortest_of(
    actions: Sequence[Action], wrong: Wrong, model: str, seconds: float, beat: Beat = unheard
) -> list[Action]:
    async def fails(fewer: Sequence[Action]) -> bool:
        for _ in range(TRIES):
            _, found = await Episode(model, beat).run(fewer)
            if found is not None and found.what == wrong.what:
                return True
        return False

    return await shrink(actions, fails, seconds)
