"""Which token IDs and positions a model has a row for: looked at before they are sent to it.

On a CPU one that it has not raises an IndexError. On a GPU it is found by a kernel long after, and
ends everything that the process does there.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor

from tui_trainer.errors import InputError


@dataclass(frozen=True)
class InputRange:
    """What may be sent to a model."""

    name: str
    """Of the model."""
    rows: int
    """Of its embedding: an ID for each."""
    positions: int | None
    """How many; None where the model sets no limit."""

    def check_ids(self, ids: Iterable[int]) -> None:
        """InputError where the model has no row for one of them."""
        for extreme in (min(ids := tuple(ids), default=0), max(ids, default=0)):
            if not 0 <= extreme < self.rows:
                raise InputError(
                    f"A text has the token ID {extreme:,}, and the embedding of {self.name} has "
                    f"{self.rows:,} rows: leave that token out, or enlarge the model with "
                    "resize_token_embeddings."
                )

    def check_positions(self, largest: int) -> None:
        """InputError where the model has no position of that number."""
        if self.positions is not None and largest >= self.positions:
            raise InputError(
                f"A row has the position {largest:,}, counted from 0, and {self.name} has "
                f"{self.positions:,} positions: shorten the text, or the rows (pack)."
            )

    def check(self, input_ids: Tensor, position_ids: Tensor | None) -> None:
        """As both; the tensors, [row, position], are on the host, so that nothing is waited for."""
        self.check_ids(int(extreme) for extreme in input_ids.aminmax())
        last = input_ids.shape[-1] - 1 if position_ids is None else int(position_ids.max())
        self.check_positions(last)
