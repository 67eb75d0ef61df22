"""Every key of Predict, by what it does; those of the footer with their place there."""

from textual.binding import Binding

from tui_trainer.widgets.keys import key

GENERATE, SAMPLING = "Generate", "Sampling"


def pair(keys: tuple[str, str], what: str, thing: str, main: int) -> tuple[Binding, ...]:
    """Two keys for one setting, the second of which raises it."""
    return tuple(
        key(
            name,
            f"change('{what}', {up})",
            f"{verb} {what}",
            f"{verb.capitalize()} {thing}",
            SAMPLING,
            main=main,
            pair=what,
            id=f"{verb}-{what}",
        )
        for name, verb, up in zip(keys, ("lower", "raise"), (False, True), strict=True)
    )


KEYS = (
    key("space", "append", "token", "Append one token", GENERATE, main=1),
    key(
        "p",
        "play",
        "run",
        "Generate to the end of the text, 200 tokens at most; again stops",
        GENERATE,
        main=2,
        id="run",
    ),
    key("u", "undo", "undo", "Take the last token back", GENERATE, main=3, id="undo-token"),
    key(
        "comma",
        "settings",
        "settings",
        "Settings of sampling as a form: temperature, top-k, top-p, seed",
        SAMPLING,
        main=9,
    ),
    key("g", "greedy", "sample", "Greedy, or sampled at random", SAMPLING, main=4),
    *pair(("t", "T"), "temperature", "the temperature", 5),
    *pair(("k", "K"), "top-k", "top-k, how many tokens are kept", 6),
    *pair(("n", "N"), "top-p", "top-p, the probability that is kept (nucleus)", 7),
    *pair(("s", "S"), "seed", "the seed of the draws", 8),
)
SETTINGS = frozenset(
    f"{verb}-{what}"
    for verb in ("lower", "raise")
    for what in ("temperature", "top-k", "top-p", "seed")
)
"""The names of those that only sampling looks at."""
