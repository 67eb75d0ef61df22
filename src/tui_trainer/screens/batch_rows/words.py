"""What the screen of the rows says; no widget."""

from textual.content import Content

from tui_trainer.reports.rows import IGNORED, BatchRow, StepRows
from tui_trainer.widgets.cell_text import piece
from tui_trainer.widgets.line_table import Cell, Column
from tui_trainer.widgets.token_losses import Ramp, level
from tui_trainer.words.numbers import LOSS_WIDTH, nats
from tui_trainer.words.rows import (
    PADDING,
    describe_label,
    describe_sight,
    describe_step,
    digits,
    leaks,
    mask_of,
    part_name,
    part_of,
    seen_from,
)
from tui_trainer.words.signs import CONTEXT, RIGHT, WARNING

COLUMNS = (
    Column("#", 5, right=True),
    Column("ID", 6, right=True),
    Column("token", 9, share=1),
    Column("item", 5, right=True),
    Column("pos", 4, right=True),
    Column("mask", 4, right=True),
    Column("label", 6, right=True),
    Column("= next", 9, share=1),
    Column("loss", LOSS_WIDTH, right=True),
)
"""The label is the token of the next position, which stands below."""
SEES = Column("sees", 9, right=True)
LEAKS_SHOWN = 3


def columns(*, wide: bool) -> tuple[Column, ...]:
    return (*COLUMNS, SEES) if wide else COLUMNS


def position_cells(row: BatchRow, n: int, styles: Ramp, *, wide: bool) -> tuple[Cell, ...]:
    """One position; what does not count is context, and so is what is no text of an item.

    `styles` are those of a loss that counts, by its size.
    """
    part = part_of(row, n)
    of_item = CONTEXT if row.parts[part].problem is None else ""
    label, loss = row.labels[n], row.losses[n]
    counts = label != IGNORED
    positions = row.position_ids
    no_positions = CONTEXT if positions is None else ""
    no_mask = CONTEXT if row.attention_mask is None else ""
    cells: tuple[Cell, ...] = (
        str(n),
        str(row.input_ids[n]),
        _said(piece(row.token_texts[n]), of_item),
        _said(part_name(row, part), of_item),
        _said(str(n if positions is None else positions[n]), no_positions),
        _said(str(mask_of(row, n)), no_mask),
        _said(str(label), "" if counts else CONTEXT),
        piece(row.token_texts[n + 1]) if counts else "",
        "" if loss is None else _said(nats(loss), level(loss, styles) if counts else CONTEXT),
    )
    return (*cells, _sees(row, n)) if wide else cells


def _said(text: str, style: str) -> Cell:
    return Content.styled(text, style) if style else text


def _sees(row: BatchRow, n: int) -> str:
    return seen_from(row.sights[0], n) if row.sights else "?"


def describe_position(row: BatchRow, n: int) -> str:
    """What the cursor's position is, predicts and sees."""
    number = part_of(row, n)
    part, token = row.parts[number], n - row.starts[number]
    what = f"item {part.problem}, token {token} of {part.tokens}"
    if part.problem is None:
        what = "padding" if part_name(row, number) == PADDING else "between two items"
    following = piece(row.token_texts[n + 1]) if n + 1 < len(row.labels) else ""
    return f"{n}: {what} · {describe_label(row, n, following)} · {describe_sight(row, n)}"


def sum_figure(rows: StepRows) -> Content:
    """The sum by hand beside the step's loss, with the sign of whether they are the same."""
    if rows.agrees is None or rows.summed is None or rows.by_hand is None:
        return Content.styled("no step yet: no loss", "$context")
    sum_by_hand = f"{digits(rows.summed)} / {rows.counted:,} = {digits(rows.by_hand)}"
    sign = RIGHT if rows.agrees else WARNING
    return Content.assemble((sum_by_hand, "bold"), " ", sign.said(f"loss {digits(rows.loss)}"))


def describe_rows(rows: StepRows) -> str:
    """Which rows they are, and how far the sum by hand is the step's loss."""
    told = describe_step(rows)
    if rows.agrees is None:
        return told
    if not rows.agrees:
        return f"{told} · the losses that count do not come to the step's loss"
    same = digits(rows.by_hand) == digits(rows.loss)
    return told if same else f"{told} · the two losses differ by fp32's rounding"


def row_figure(row: BatchRow) -> str:
    return f"{len(row.input_ids):,} positions, {row.counted:,} count"


def sight_figure(row: BatchRow) -> Content:
    """Whether an item sees another: with a right mask none does."""
    if not row.sights:
        return Content("")
    seen = leaks(row)
    if not seen:
        return Content.assemble(RIGHT.said("no leak"))
    pairs = ", ".join(f"{one} sees {other}" for one, other in seen[:LEAKS_SHOWN])
    more = f" and {len(seen) - LEAKS_SHOWN} more" if len(seen) > LEAKS_SHOWN else ""
    return Content.assemble(WARNING.said(f"{pairs}{more}"))
