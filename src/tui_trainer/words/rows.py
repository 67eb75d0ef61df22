"""The rows of a step in words: for the screen and the command alike."""

from tui_trainer.reports.rows import (
    IGNORED,
    MASKED,
    ONE_BY_ONE,
    WITHIN_ITEMS,
    WITHOUT_MASK,
    BatchRow,
    Sight,
    StepRows,
)
from tui_trainer.words.numbers import counted, nats

PADDING, SEPARATOR = "pad", "end"
WAYS = {
    WITHOUT_MASK: "no mask is made: each position sees all before it, and what fills a row is last",
    WITHIN_ITEMS: "no mask is made: each item attends by itself, cut at the ends of the items",
    ONE_BY_ONE: "each item has a forward pass of its own: what lies around it is not given at all",
}
BY_MASK = "the model makes its masks of attention_mask"
BY_POSITIONS = "transformers makes the mask of position_ids, which begin anew with each item"
BY_ORDER = "one item, nothing to hide: each position sees all before it"


def describe_step(rows: StepRows) -> str:
    """Which step, how many rows in how many passes, and how many labels count."""
    step = [] if rows.step is None else [f"step {rows.step:,}"]
    many = counted(rows.all_rows, "row")
    if rows.passes > 1:
        many += f" in {rows.passes:,} passes"
    shown = len(rows.rows)
    left = [f"the first {shown:,} here"] if shown < rows.all_rows else []
    return " · ".join([*step, many, *left, f"{counted(rows.counted, 'label')} count"])


def describe_sum(rows: StepRows) -> str:
    """The sum by hand, what it is divided by, and what comes of it."""
    if rows.summed is None or rows.by_hand is None:
        return ""
    return f"sum {digits(rows.summed)} / {rows.counted:,} labels = {digits(rows.by_hand)}"


def describe_agreement(rows: StepRows) -> str:
    """The loss that the step reported, and whether the sum by hand is the same."""
    if rows.loss is None or rows.by_hand is None:
        return ""
    loss = f"the step's loss {digits(rows.loss)}"
    if not rows.agrees:
        return f"{loss}, which is another"
    same = digits(rows.loss) == digits(rows.by_hand)
    return loss if same else f"{loss}, the same but for fp32's rounding"


def digits(loss: float | None) -> str:
    """As many as fp32 has."""
    return "-" if loss is None else f"{loss:.7g}"


def describe_way(rows: StepRows, row: BatchRow) -> str:
    """How the row is kept to its items."""
    if rows.way != MASKED:
        return WAYS[rows.way]
    if row.attention_mask is not None:
        return BY_MASK
    return BY_ORDER if row.position_ids is None else BY_POSITIONS


def mask_of(row: BatchRow, position: int) -> int:
    """1 too where the model is given no mask: it takes every position for text then."""
    return 1 if row.attention_mask is None else row.attention_mask[position]


def part_of(row: BatchRow, position: int) -> int:
    """Which of the row's parts the position is in."""
    return max(n for n, start in enumerate(row.starts) if start <= position)


def part_name(row: BatchRow, number: int) -> str:
    """Its item, or what it is where it is none."""
    part = row.parts[number]
    if part.problem is not None:
        return str(part.problem)
    is_between = 0 < number < len(row.parts) - 1
    return SEPARATOR if is_between and part.tokens == 1 else PADDING


def seen_from(sight: Sight, position: int) -> str:
    """The first and the last position that are seen, or how many where some between are not."""
    first, seen = sight.first[position], sight.seen[position]
    if not seen:
        return "none"
    whole = first + seen - 1 == position
    return f"{first}–{position}" if whole else f"{seen} from {first}"


def describe_sight(row: BatchRow, position: int) -> str:
    """Whom a position sees, in the layers of each kind."""
    if not row.sights:
        return "this model attends in a way of its own, which cannot be looked at"
    kinds = [
        f"sees {seen_from(sight, position)}"
        + (f" in its layers of {sight.layers.replace('_', ' ')}" if sight.layers else "")
        for sight in row.sights
    ]
    return ", ".join(kinds)


def describe_label(row: BatchRow, position: int, text: str) -> str:
    """What the position is to predict, `text` fit for a terminal, and what that cost."""
    label, loss = row.labels[position], row.losses[position]
    cost = "" if loss is None else f", loss {nats(loss)}"
    if label == IGNORED:
        return f"label {IGNORED}: nothing counts here{cost}"
    return f"label {label} {text}, the token at {position + 1}{cost}"


def leaks(row: BatchRow) -> tuple[tuple[int, int], ...]:
    """Items that see another item of their row: the two, by their numbers."""
    items = [n for n, part in enumerate(row.parts) if part.problem is not None]
    pairs = {
        (one, other)
        for sight in row.sights
        for one in items
        for other in items
        if one != other and sight.parts[one][other]
    }
    names = sorted((row.parts[one].problem, row.parts[other].problem) for one, other in pairs)
    return tuple((one, other) for one, other in names if one is not None and other is not None)
