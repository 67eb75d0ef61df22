"""Numbers as text: each kind in one way, at a width that does not move, with digits that tell."""

import math

from tui_trainer.settings.typed_numbers import POWERS_BELOW, by_power

LOSS_WIDTH = 7
SMALL = 0.001
"""Below it four decimals have fewer than two digits that tell."""


def probability(p: float) -> str:
    """A probability in six characters: 0.1234, or 3.1e-5 and 2e-10 where 0.0000 would show."""
    if not 0 < p < SMALL:  # also where weights that are no numbers any more made it none
        return f"{p:.4f}".rjust(6)
    return _fitting(p, 6).rjust(6)


def exponential(number: float, decimals: int) -> str:
    """3.1e-5: without the zeros that Python pads an exponent with."""
    mantissa, _, exponent = f"{number:.{decimals}e}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa  # nan and inf have none


def learning_rate(lr: float, digits: int = 4) -> str:
    """In one way everywhere: 1e-5, 1.2e-4, 0.5; so many digits at most, no zeros at the end."""
    return by_power(lr, digits) if 0 < lr < POWERS_BELOW else f"{lr:.{digits}g}"


def _fitting(number: float, width: int) -> str:
    """With two digits where `width` characters have room for them, else with one."""
    two = exponential(number, 1)
    return two if len(two) <= width else exponential(number, 0)


def nats(loss: float | None) -> str:
    """A loss in at most `LOSS_WIDTH` characters; `-` where there is none.

    As many decimals as there is room for, up to four, and never 0.0000 for what is not 0.
    """
    if loss is None:
        return "-"
    if 0 < abs(loss) < SMALL:
        return _fitting(loss, LOSS_WIDTH)
    plain = (f"{loss + 0.0:.{decimals}f}" for decimals in (4, 3, 2, 1, 0))  # -0.0 as 0.0
    return next((text for text in plain if len(text) <= LOSS_WIDTH), _fitting(loss, LOSS_WIDTH))


def nats_cell(loss: float | None) -> str:
    """A loss in exactly so many characters, so that nothing beside it moves."""
    return nats(loss).rjust(LOSS_WIDTH)


def signed(difference: float) -> str:
    """How much a loss or a slope moved, with its sign: +0.0123, -3.1e-5, and 0.0000 for nothing."""
    if difference == 0:
        return "0.0000"
    sign = "-" if difference < 0 else "+"
    return sign + nats(abs(difference))


def percent(share: float, decimals: int = 0) -> str:
    """A share of a whole, rounded; but 100% is said of all alone, and 0% of nothing alone."""
    step = 10.0**-decimals
    rounded = round(100 * share, decimals)
    if rounded >= 100 > 100 * share:
        rounded = 100 - step
    if rounded <= 0 < share:
        return f"<{step:.{decimals}f}%"
    return f"{rounded:.{decimals}f}%"


def per_second(number: float, seconds: float) -> float:
    """A pace; 0 while no time has passed."""
    return number / seconds if seconds > 0 else 0.0


def rate(pace: float) -> str:
    """A rate in six characters: slow ones keep two digits that tell."""
    if pace >= 999.95:
        return f"{pace:>6,.0f}"
    if pace >= 9.995:
        return f"{pace:>6.1f}"
    return f"{pace:>6.2f}" if pace >= 0.095 or pace == 0 else f"{pace:>6.2g}"


def duration(seconds: float | None) -> str:
    """Minutes and seconds, with hours where there are any: 1:02:03; seven characters or more."""
    if seconds is None:
        return "  -:--"
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours}:{minutes:02}:{whole % 60:02}"
    return f"{minutes:>3}:{whole % 60:02}"


def so_far(seconds: float) -> str:
    """How long something takes so far, in whole seconds: 12 s, then 2:05."""
    return f"{math.floor(seconds)} s" if seconds < 100 else duration(math.floor(seconds)).strip()


def seconds_of(seconds: float) -> str:
    """How long something took: 0.004 s, 0.25 s, 3.1 s, 12 s; never 0.0 s."""
    if seconds < 0.0005:
        return "<0.001 s"
    decimals = 3 if seconds < 0.1 else 2 if seconds < 1 else 1 if seconds < 10 else 0
    return f"{seconds:,.{decimals}f} s"


def short_count(number: int, *, down: bool = False) -> str:
    """A count in three digits: 950, 6.7M, 1.72B; `down` cuts it, so that what is made is made."""
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if number >= size * (1 if down else 0.9995):  # 999,999 is 1M, not 1e+03K
            return f"{_cut(number / size) if down else number / size:.3g}{unit}"
    return str(number)


def _cut(number: float) -> float:
    """The first three digits of a number from 1 to 999."""
    tenth = 100 if number < 10 else 10 if number < 100 else 1
    return math.floor(number * tenth) / tenth


def byte_count(number: int | None) -> str:
    """Bytes in decimal units: 16.0 MB."""
    if number is None:
        return "?"
    for size, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= 0.99995 * size:  # 999,999 bytes are 1.0 MB, not 1000.0 kB
            return f"{number / size:.1f} {unit}"
    return f"{number} B"


def gigabytes(number: int) -> str:
    """Of bytes, in three digits whatever the size: 0.28, 2.8, 28, 280."""
    size = number / 1e9
    return f"{size:.2f}" if size < 1 else f"{size:.1f}" if size < 10 else f"{size:,.0f}"


def tokens_per_second(pace: float) -> str:
    """At a width that does not move: `  1,765 tok/s`."""
    return f"{pace:>7,.0f} tok/s"


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number of things: 1 step, 1,000 steps."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def are(number: int) -> str:
    """The verb of so many."""
    return "is" if number == 1 else "are"
