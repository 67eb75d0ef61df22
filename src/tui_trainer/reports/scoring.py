"""Whether an answer to a GSM8K problem is right, as lm-evaluation-harness decides it.

The rules are those of its task `gsm8k`, version 3.0 (lm_eval/tasks/gsm8k/gsm8k.yaml): the filters
`strict-match` and `flexible-extract`, and `exact_match` with its `regexes_to_ignore`. No torch.
"""

import math
import re

STOP_STRINGS = "Question:", "</s>", "<|im_end|>"
"""Where an answer ends, whatever follows."""
STRICT = re.compile(r"#### (\-?[0-9\.\,]+)")
FLEXIBLE = re.compile(r"(-?[$0-9.,]{2,})|(-?[0-9]+)")
IGNORED = tuple(re.compile(pattern) for pattern in (",", r"\$", r"(?s).*#### ", r"\.$"))
"""Deleted in this order from both sides before they are compared."""
Z_95 = 1.959963984540054
"""The standard normal distribution has 95% of its mass within this of 0."""


def cut_at_stop(text: str) -> tuple[str, str | None]:
    """`text` up to the first stop string in it, and which that is; None where there is none."""
    found = [(text.index(stop), stop) for stop in STOP_STRINGS if stop in text]
    if not found:
        return text, None
    at, stop = min(found)
    return text[:at], stop


def strict_answer(text: str) -> str | None:
    """The number after the first `#### `; None where there is none: a format failure."""
    match = STRICT.search(text)
    return match[1] if match else None


def flexible_answer(text: str) -> str | None:
    """The last thing in `text` that may be a number; None where there is none."""
    found = [match[0] for match in FLEXIBLE.finditer(text)]
    return found[-1] if found else None


def is_exact_match(extracted: str | None, reference: str) -> bool:
    """Whether an extracted answer is that of `reference`, a problem's whole worked answer."""
    return extracted is not None and compared(extracted) == compared(reference)


def compared(text: str) -> str:
    """What of an answer is compared: no `,`, no `$`, nothing up to `#### `, no dot at its end."""
    for pattern in IGNORED:
        text = pattern.sub("", text)
    return text.lower()


def wilson_interval(right: int, items: int, z: float = Z_95) -> tuple[float, float]:
    """The interval of a share, `right` of `items`, at 95% (Wilson 1927); all of 0..1 for no items.

    Unlike the textbook interval it has a width at none or all right, and never leaves 0..1.
    """
    if not items:
        return 0.0, 1.0
    p = right / items
    middle = p + z * z / (2 * items)
    spread = z * math.sqrt(p * (1 - p) / items + z * z / (4 * items * items))
    scale = 1 + z * z / items
    low, high = (middle - spread) / scale, (middle + spread) / scale
    # Exact at the ends, where rounding would leave 1e-17
    return (0.0 if right == 0 else low), (1.0 if right == items else high)


def paired_interval(
    both: int, only_before: int, only_after: int, neither: int, z: float = Z_95
) -> tuple[float, float]:
    """The interval, at 95%, of how much the share of right answers rose on the same items.

    Made from the Wilson intervals of the two shares and how much they go together: method 10 of
    Newcombe, Statistics in Medicine 17 (1998), 2635. Where it lies above 0, so does the rise.
    """
    items = both + only_before + only_after + neither
    if not items:
        return -1.0, 1.0
    before, after = (both + only_before) / items, (both + only_after) / items
    low_before, high_before = wilson_interval(both + only_before, items, z)
    low_after, high_after = wilson_interval(both + only_after, items, z)
    phi = _agreement(both, only_before, only_after, neither)

    def spread(towards_after: float, towards_before: float) -> float:
        product = 2 * phi * towards_after * towards_before
        return math.sqrt(max(0.0, towards_after**2 - product + towards_before**2))

    rise = after - before
    return (
        rise - spread(after - low_after, high_before - before),
        rise + spread(high_after - after, before - low_before),
    )


def _agreement(both: int, only_before: int, only_after: int, neither: int) -> float:
    """The correlation of the two, lessened by half an item; 0 where one of them never varies."""
    items = both + only_before + only_after + neither
    margins = (
        (both + only_before)
        * (only_after + neither)
        * (both + only_after)
        * (only_before + neither)
    )
    if not margins:
        return 0.0
    product = both * neither - only_before * only_after
    if product > 0:
        product = max(product - items / 2, 0)  # type: ignore[assignment]
    return product / math.sqrt(margins)
