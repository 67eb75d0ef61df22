"""How many answers memory has room for at once."""

import math
from collections.abc import Sequence

from tui_trainer.engine.generation.batch_generation import longest_text
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.memory.generation_need import generation_need
from tui_trainer.engine.memory.room import lacking


def rows_with_room(
    learner: Learner, prompts: Sequence[Sequence[int]], max_tokens: int, wanted: int
) -> int:
    """As many of `prompts` as are `wanted` at once, or fewer, but at least one.

    What rows take grows in a line with their number, so that two numbers of them are looked at.
    """
    rows = min(wanted, len(prompts))
    longest = longest_text(learner, prompts, max_tokens)
    if rows == 1 or learner.has_ample_room(rows * longest):
        return rows

    def need(rows: int) -> int:
        prompt = min(max(map(len, prompts)), longest - 1)
        return generation_need(learner.dry_model, rows, prompt, longest)

    short = lacking(of_all := need(rows), learner.device)
    if not short:
        return rows
    each = (of_all - need(1)) / (rows - 1)
    return max(1, rows - math.ceil(short / each))
