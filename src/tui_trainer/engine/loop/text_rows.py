"""Texts as one padded batch, as a model gets it: the rows of no loop, without losses."""

from tui_trainer.engine.data.batching import pad
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.row_layout import parts_of
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.row_attention import RowAttention
from tui_trainer.engine.loop.step_rows import report_row, sights_in
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.errors import InputError
from tui_trainer.reports.rows import MASKED, Sight, StepRows

NO_TOKENS = "No item has a token: type a line of text."


def report_texts(
    vocabulary: Vocabulary, texts: tuple[str, ...], side: str, learner: Learner | None
) -> StepRows:
    """A text a row, padded on that `side`; an item without a token has no row.

    Who sees whom is told where there is a `learner` of this vocabulary that takes so many
    positions. InputError where no text has a token.
    """
    examples = _examples_of(vocabulary, texts, side)
    if not examples:
        raise InputError(NO_TOKENS)
    batch = pad(examples, side, vocabulary.pad_id)
    parts = [parts_of(batch, row) for row in range(len(examples))]
    sights: list[tuple[Sight, ...]] = [()] * len(parts)
    if learner is not None and _takes(learner, batch.input_ids.shape[1]):
        sights = sights_in(learner, learner.model, learner.send(batch), RowAttention(), parts)
    rows = (
        report_row(vocabulary, batch, row, 0, parts[row], sights[row], None)
        for row in range(len(examples))
    )
    return StepRows(
        step=None,
        rows=tuple(rows),
        all_rows=len(examples),
        passes=1,
        counted=batch.counted,
        way=MASKED,
    )


def _examples_of(vocabulary: Vocabulary, texts: tuple[str, ...], side: str) -> list[Example]:
    """The texts with tokens, by the IDs that the batch has of each."""
    batch = vocabulary.batch(texts, side)
    kept = [
        tuple(number for number, is_token in zip(ids, mask, strict=True) if is_token)
        for ids, mask in zip(batch.input_ids, batch.attention_mask, strict=True)
    ]
    return [
        Example(number, text, ids, len(ids), first_counted=1, truncated=False)
        for number, (text, ids) in enumerate(zip(texts, kept, strict=True))
        if ids
    ]


def _takes(learner: Learner, positions: int) -> bool:
    context = learner.report.context
    return context is None or positions <= context
