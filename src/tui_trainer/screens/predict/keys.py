"""Every key of Predict, in the order of the footer."""

from textual.binding import Binding

SET = Binding.Group("Set ", compact=True)


def pair(keys: tuple[str, str], what: str, tooltip: str) -> tuple[Binding, ...]:
    """Two keys for one setting, the second of which raises it."""
    return tuple(
        Binding(
            key,
            f"change('{what}', {up})",
            f"{'Raise' if up else 'Lower'} {what}",
            id=f"{'raise' if up else 'lower'}-{what}",
            tooltip=f"{'Raise' if up else 'Lower'} {tooltip}",
            group=SET,
        )
        for key, up in zip(keys, (False, True), strict=True)
    )


KEYS = (
    Binding("space", "append", "Token", key_display="␣", id="append", tooltip="Append one token"),
    Binding("p", "play", "Run", id="run", tooltip="Generate to the end of the text, or stop there"),
    Binding("u", "undo", "Undo", id="undo-token", tooltip="Take the last token back"),
    Binding("g", "greedy", "Mode", id="greedy", tooltip="Greedy, or sampled at random"),
    *pair(("t", "T"), "temperature", "the temperature"),
    *pair(("k", "K"), "top-k", "top-k, how many tokens are kept"),
    *pair(("n", "N"), "top-p", "top-p, the probability that is kept (nucleus)"),
    *pair(("s", "S"), "seed", "the seed of the draws"),
)
