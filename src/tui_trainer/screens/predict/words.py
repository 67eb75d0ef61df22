"""What the Predict screen says of a prediction, fit for a terminal."""

from textual.content import Content

from tui_trainer.reports.generation import GeneratedToken, Inspection
from tui_trainer.reports.predictions import Candidate, Position, Prediction
from tui_trainer.screens.typed_ahead import describe_waiting
from tui_trainer.settings.sampling import Sampling
from tui_trainer.widgets.cell_text import Fit, first_fitting, piece, shortened
from tui_trainer.widgets.line_table import GAP, MARK, Cell, Column
from tui_trainer.words.bars import bar
from tui_trainer.words.numbers import counted, nats, probability
from tui_trainer.words.signs import RIGHT

POSITION_COLUMNS = (
    Column("#", 4, right=True),
    Column("token", 8, share=2),
    Column("expected", 8, share=2),
    Column("p", 6, right=True),
    Column("most likely", 11, share=2),
    Column("p", 6, right=True),
    Column("loss", 7, right=True),
    Column("entropy", 7, right=True),
)
LAST, CUT = "—", "·"


def position_cells(position: Position, generated_from: int) -> tuple[Cell, ...]:
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


def marked(candidate: Candidate, position: Position) -> Cell:
    """A candidate's text; a tick marks the token that really comes next."""
    text = piece(candidate.text)
    right = position.expected is not None and candidate.id == position.expected.id
    return Content.assemble(RIGHT, " ", text) if right else f"  {text}"


class CandidateTable:
    """The table of the most likely tokens, in the cells that there are for it.

    The steps of sampling are columns where a token is sampled: else they would be p again. Where
    they leave no room for bars the IDs go, and then the logits.
    """

    LEAST, MOST = 4, 60
    """Cells of a bar."""
    BESIDE_TOKEN = (Column("ID", 6, right=True), Column("logit", 7, right=True))

    def __init__(self, sampling: Sampling, room: int) -> None:
        self._steps = () if sampling.greedy else sampling_columns(sampling)
        self._facts: tuple[Column, ...] = self.BESIDE_TOKEN
        self.bar = room - self._width()
        while self._facts and self.bar < self.LEAST:
            self._facts = self._facts[1:]
            self.bar = room - self._width()
        self.bar = max(self.LEAST, min(self.bar, self.MOST))

    def _width(self) -> int:
        """Cells of all but the bars."""
        columns = self._columns(0)
        return sum(column.width + len(GAP) for column in columns) - len(GAP) + len(MARK)

    def _columns(self, bar: int) -> tuple[Column, ...]:
        first = Column("rank", 4, right=True), Column("token", 10, share=1)
        return *first, *self._facts, Column("p", 6, right=True), Column("", bar), *self._steps

    @property
    def columns(self) -> tuple[Column, ...]:
        return self._columns(self.bar)

    def cells(self, inspection: Inspection, rank: int) -> tuple[Cell, ...]:
        """The row of the candidate at `rank`, from 0; a dot where a step has cut it.

        The highest p has the longest bar there is: of one in ten little is seen beside 1.
        """
        position = inspection.position
        candidate, highest = position.top[rank], position.top[0].p
        share = candidate.p / highest if highest > 0 else 0.0
        facts = str(candidate.id), f"{candidate.logit:.3f}"
        return (
            str(rank + 1),
            marked(candidate, position),
            *facts[len(facts) - len(self._facts) :],
            probability(candidate.p),
            Content.styled(bar(share, self.bar), "$data"),
            *(sampled_cells(inspection, candidate) if self._steps else ()),
        )


def sampling_columns(sampling: Sampling) -> tuple[Column, ...]:
    """The probabilities after each step."""
    top_k = "k all" if sampling.top_k is None else f"k {sampling.top_k}"
    titles = f"T {sampling.temperature:g}", top_k, f"p {sampling.top_p:g}"
    return tuple(Column(title, 6, right=True) for title in titles)


def sampled_cells(inspection: Inspection, candidate: Candidate) -> tuple[str, ...]:
    left = [
        next((c.p for c in step.candidates if c.id == candidate.id), None)
        for step in inspection.steps[1:]
    ]
    return tuple(CUT if p is None else probability(p) for p in left)


def describe_text(inspection: Inspection, generated: int, by_earlier: int, waiting: int) -> str:
    """How many tokens the text has, how many of them the model made, how many of those it made with
    other weights than it has now, and how many more were asked for."""
    parts = [counted(len(inspection.prediction.positions), "token")]
    if generated and by_earlier == generated:
        parts.append(f"{generated:,} generated by earlier weights")
    elif generated:
        parts.append(f"{generated:,} generated")
        parts += [f"{by_earlier:,} by earlier weights"] if by_earlier else []
    return ", ".join(filter(None, (*parts, describe_waiting(waiting))))


def describe_shapes(inspection: Inspection, generated: int, width: int) -> str:
    """The forward pass: what went in, what came out, and the loss; of it what `width` cells have
    room for."""
    prediction = inspection.prediction
    rows, columns = prediction.shape
    logits = ", ".join(map(str, prediction.logits_shape))
    loss = _describe_loss(prediction, generated)
    lines = (
        f"input_ids ({rows}, {columns}) → logits ({logits}) · {loss}",
        f"logits ({logits}) · {loss}",
    )
    return first_fitting(lines, width)


def _describe_loss(prediction: Prediction, generated: int) -> str:
    """Of the text that was typed: the model's own choices are likely ones, which lower the mean."""
    if prediction.loss is None:
        return "no loss: one token has no next"
    typed, own = split_losses(prediction, generated)
    text = f"loss {nats(sum(typed) / len(typed))} nats" if typed else "no loss of the text"
    return f"{text}, generated {nats(sum(own) / len(own))}" if own else text


def split_losses(prediction: Prediction, generated: int) -> tuple[list[float], list[float]]:
    """Those of the tokens that were typed, and of the last `generated`, in nats.

    The loss of a token is that of the position before it.
    """
    losses = [position.loss for position in prediction.positions]
    first_own = max(0, len(losses) - generated - 1)
    typed, own = losses[:first_own], losses[first_own:]
    return [one for one in typed if one is not None], [one for one in own if one is not None]


def describe_text_p(prediction: Prediction, generated: int) -> str:
    """What the losses come to: the text's own probability."""
    losses, _ = split_losses(prediction, generated)
    return f"sum {nats(sum(losses))} nats = -log p of the text" if losses else ""


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


def describe_sum(inspection: Inspection, sampling: Sampling, width: int) -> str:
    """The logit of the expected token, what all p come to, and how many tokens the steps of
    sampling leave; of it what `width` cells have room for."""
    position, vocabulary = inspection.position, inspection.prediction.logits_shape[-1]
    left = " → ".join(f"{step.survivors:,}" for step in inspection.steps[1:])
    parts = (
        "" if position.expected is None else f"logit {position.expected.logit:.3f}",
        f"sum of all {vocabulary:,} p: {position.p_sum:.4f}",
        "" if sampling.greedy else f"left by T, top-k, top-p: {left}",
    )
    lines = [" · ".join(filter(None, parts[first:])) for first in range(len(parts))]
    return first_fitting(list(filter(None, lines)), width)


def describe_opened(inspection: Inspection, width: int) -> str:
    """The opened position: its token, the one expected after it, and its p and rank.

    Of long tokens as much as `width` cells have room for: the figures are told whole.
    """
    return shortened(lambda fit: _describe_expected(inspection, fit), width)


def _describe_expected(inspection: Inspection, fit: Fit) -> str:
    position, vocabulary = inspection.position, inspection.prediction.logits_shape[-1]
    token, expected = fit(piece(position.text)), position.expected
    if expected is None:
        return f"{token}: the last token, nothing is expected"
    p, rank = probability(expected.p).strip(), f"rank {position.expected_rank:,} of {vocabulary:,}"
    return f"{token} → {fit(piece(expected.text))}  p {p}  {rank}"


def token_losses(inspection: Inspection) -> tuple[tuple[str, ...], tuple[float | None, ...]]:
    """Each token with its loss: that of the position before it; the first has none."""
    positions = inspection.prediction.positions
    losses = (None, *(position.loss for position in positions[:-1]))
    return tuple(position.text for position in positions), losses
