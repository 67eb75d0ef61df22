"""What the Predict screen says of a prediction, fit for a terminal."""

from tui_trainer.reports.generation import GeneratedToken, Inspection
from tui_trainer.reports.predictions import Candidate, Position
from tui_trainer.settings.sampling import Sampling
from tui_trainer.widgets.cell_text import Fit, piece, shortened
from tui_trainer.widgets.line_table import Column
from tui_trainer.words.numbers import nats, probability

POSITION_COLUMNS = (
    Column("#", 4, right=True),
    Column("token", 10, share=2),
    Column("expected next", 13, share=2),
    Column("p", 6, right=True),
    Column("most likely", 11, share=2),
    Column("p", 6, right=True),
    Column("loss", 7, right=True),
    Column("entropy", 7, right=True),
)
RIGHT, LAST, CUT = "✓", "—", "·"
EIGHTHS = " ▏▎▍▌▋▊▉"
BAR = 8
BAR_WIDE = 40


def position_cells(position: Position, generated_from: int) -> tuple[str, ...]:
    """A row of the table of positions; a plus marks a token that was generated."""
    expected, best = position.expected, position.top[0]
    index = f"+{position.index}" if position.index >= generated_from else str(position.index)
    return (
        index,
        piece(position.text),
        piece(expected.text) if expected else LAST,
        probability(expected.p) if expected else "",
        marked(best, position),
        probability(best.p),
        "" if position.loss is None else nats(position.loss),
        nats(position.entropy),
    )


def marked(candidate: Candidate, position: Position) -> str:
    """A candidate's text; a tick marks the token that really comes next."""
    right = position.expected is not None and candidate.id == position.expected.id
    return f"{RIGHT} {piece(candidate.text)}" if right else f"  {piece(candidate.text)}"


def bar(p: float, width: int) -> str:
    """A bar of `width` cells at p = 1, to an eighth of a cell."""
    eighths = round(8 * width * p) if 0 <= p <= 1 else 0
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def candidate_columns(sampling: Sampling, bar_width: int) -> tuple[Column, ...]:
    """The table of the most likely tokens; its last columns are the steps of sampling."""
    top_k = "k all" if sampling.top_k is None else f"k {sampling.top_k}"
    return (
        Column("rank", 4, right=True),
        Column("token", 9, share=1),
        Column("ID", 6, right=True),
        Column("logit", 7, right=True),
        Column("p", 6, right=True),
        Column("", bar_width),
        Column(f"T {sampling.temperature:g}", 6, right=True),
        Column(top_k, 6, right=True),
        Column(f"p {sampling.top_p:g}", 6, right=True),
    )


def candidate_cells(inspection: Inspection, rank: int, bar_width: int) -> tuple[str, ...]:
    """The row of the candidate at `rank`, from 0; a dot where a step has cut it."""
    candidate = inspection.position.top[rank]
    steps = [
        next((c.p for c in step.candidates if c.id == candidate.id), None)
        for step in inspection.steps[1:]
    ]
    return (
        str(rank + 1),
        marked(candidate, inspection.position),
        str(candidate.id),
        f"{candidate.logit:.3f}",
        probability(candidate.p),
        bar(candidate.p, bar_width),
        *(CUT if p is None else probability(p) for p in steps),
    )


def describe_shapes(inspection: Inspection) -> str:
    """The forward pass: what went in, what came out, and the loss."""
    prediction = inspection.prediction
    rows, columns = prediction.shape
    logits = ", ".join(map(str, prediction.logits_shape))
    loss = prediction.loss
    mean = "no loss: one token has no next" if loss is None else f"loss {nats(loss)} nats"
    return f"input_ids ({rows}, {columns}) → logits ({logits}) · {mean}"


def describe_sampling(sampling: Sampling, token: GeneratedToken | None, width: int) -> str:
    """How the next token is chosen, and which it would be; of a long token what has room."""
    return shortened(lambda fit: _describe_sampling(sampling, token, fit), width)


def _describe_sampling(sampling: Sampling, token: GeneratedToken | None, fit: Fit) -> str:
    top_k = "all" if sampling.top_k is None else sampling.top_k
    settings = f"T {sampling.temperature:g}, k {top_k}, p {sampling.top_p:g}, seed {sampling.seed}"
    chosen = "" if token is None else f" · next: {describe_choice(token, fit)}"
    if sampling.greedy:
        return f"greedy{chosen} · g samples: {settings}"
    return f"sampled: {settings}{chosen}"


def describe_choice(token: GeneratedToken, fit: Fit) -> str:
    drawn = "" if token.draw is None else f", draw {token.draw:.4f}"
    ends = " (ends the text)" if token.ends else ""
    return f"{fit(piece(token.text))}, p {probability(token.p).strip()}{drawn}{ends}"


def describe_opened(inspection: Inspection, width: int) -> str:
    """The opened position: the rank of the expected token, the sum, and who survives.

    Of long tokens as much as `width` cells have room for: the figures are told whole.
    """
    position, vocabulary = inspection.position, inspection.prediction.logits_shape[-1]
    left = " → ".join(f"{step.survivors:,}" for step in inspection.steps[1:])
    return (
        f"{shortened(lambda fit: _describe_expected(inspection, fit), width)}\n"
        f"sum of all {vocabulary:,} p: {position.p_sum:.4f} · left by T, top-k, top-p: {left}"
    )


def _describe_expected(inspection: Inspection, fit: Fit) -> str:
    position, vocabulary = inspection.position, inspection.prediction.logits_shape[-1]
    expected = position.expected
    if expected is None:
        found = "the last token, nothing is expected"
    else:
        found = (
            f"expected {fit(piece(expected.text))} has rank {position.expected_rank:,} of "
            f"{vocabulary:,}, logit {expected.logit:.3f}, p {probability(expected.p).strip()}"
        )
    return f"{position.index} {fit(piece(position.text))}: {found}"
