"""How the next token of a generation is chosen. No torch here."""

from dataclasses import dataclass
from typing import ClassVar

from tui_trainer.settings.fields import SAMPLING, check_settings, setting

LARGEST_SEED = 2**63 - 1  # what torch.Generator takes


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen from the logits: temperature, then top-k, then top-p."""

    TAKES_EFFECT: ClassVar[str] = "with the next token"

    greedy: bool = setting(
        True,
        "take the most likely token; the other settings then change nothing",
        group=SAMPLING,
        flag="--sample",
        flag_meaning="draw at random, not greedily",
    )
    temperature: float = setting(
        1.0,
        "the logits are divided by it: below 1 the likely become likelier",
        group=SAMPLING,
        least=0.01,
        most=100,
        called="The temperature",
        refusal="{called} must be {range}, not {told}; greedy choice is what it goes to at 0.",
        such_as="0.5",
        flag="--temperature T",
    )
    top_k: int | None = setting(
        None,
        "keep the K most likely",
        group=SAMPLING,
        unit="tokens",
        least=1,
        none_is="all",
        refusal="Top-k must keep at least 1 token, not {told}.",
        flag="--top-k K",
    )
    top_p: float = setting(
        1.0,
        "keep the most likely until their probabilities sum to P; 1: all",
        group=SAMPLING,
        above=0,
        most=1,
        called="Top-p",
        such_as="0.5",
        flag="--top-p P",
    )
    seed: int = setting(
        0,
        "of the random draws",
        group=SAMPLING,
        least=0,
        most=LARGEST_SEED,
        refusal="The seed must be from 0 to 2^63 - 1, not {told}.",
        flag="--seed S",
    )

    def __post_init__(self) -> None:
        check_settings(self)
