"""Generation: the next token, one after another, and what the screen shows of it."""

from collections.abc import Callable, Iterator

from torch import Tensor

from tui_trainer.engine.generation.predict import forward, read_logits, read_position
from tui_trainer.engine.generation.sampling import choose, describe_steps
from tui_trainer.engine.learner import Learner
from tui_trainer.errors import InputError
from tui_trainer.reports.generation import GeneratedToken, Inspection
from tui_trainer.settings.sampling import Sampling

LAST = -1  # as an index: the last position, whatever its number


def next_token(
    learner: Learner, text: str, generated: tuple[int, ...], sampling: Sampling
) -> GeneratedToken:
    """The token that comes after `text` and the IDs `generated` after it."""
    check_context(learner, text, generated)
    input_ids = learner.input_ids(text, generated)
    return _choose(learner, input_ids, forward(learner, input_ids), len(generated), sampling)


def generate(
    learner: Learner,
    text: str,
    generated: tuple[int, ...],
    sampling: Callable[[], Sampling],
    limit: int,
) -> Iterator[GeneratedToken]:
    """One token for each `next`, at most `limit`: until one ends the text or the context is full.

    `sampling` is asked before each token, so that a change of settings holds from the next one
    on. Each token is a forward pass over the whole sequence: between two of them a loop may
    have changed the weights, and keys and values kept from before would be those of old weights.
    """
    context = learner.report.context
    for _ in range(limit):
        token = next_token(learner, text, generated, sampling())
        generated = (*generated, token.id)
        yield token
        if token.ends or token.index + 1 == context:
            return


def inspect(
    learner: Learner,
    text: str,
    generated: tuple[int, ...],
    index: int,
    sampling: Sampling,
    top: int,
) -> Inspection:
    """Predict at each position, and open the one at `index`, or the nearest that there is."""
    input_ids = learner.input_ids(text, generated)
    logits = forward(learner, input_ids)
    length = input_ids.shape[1]
    index = max(0, min(index, length - 1)) if index != LAST else length - 1
    return Inspection(
        prediction=read_logits(learner, text, input_ids, logits, 1),
        position=read_position(learner, input_ids, logits, index, top),
        steps=describe_steps(logits[0, index], sampling, learner.vocabulary, top),
        next_token=_choose(learner, input_ids, logits, len(generated), sampling),
        continuation=continuation(learner, text, generated),
    )


def _choose(
    learner: Learner, input_ids: Tensor, logits: Tensor, count: int, sampling: Sampling
) -> GeneratedToken:
    """The token after the last of `input_ids`, of which `count` were generated."""
    token_id, p, draw = choose(logits[0, -1], sampling, count)
    return GeneratedToken(
        index=input_ids.shape[1],
        id=token_id,
        text=learner.vocabulary.text_of(token_id),
        p=p,
        draw=draw,
        ends=token_id in learner.end_ids,
    )


def continuation(learner: Learner, text: str, generated: tuple[int, ...]) -> str:
    """The text of the IDs `generated`, decoded after those of `text`.

    Alone, a tokenizer in SentencePiece's manner would drop their first space.
    """
    decode, ids = learner.vocabulary.tokenizer.decode, learner.vocabulary.ids(text)
    return str(decode([*ids, *generated]))[len(decode(ids)) :]


def check_context(learner: Learner, text: str, generated: tuple[int, ...]) -> None:
    """Raise InputError where no token can be appended: the text is empty or fills the context."""
    length, context = learner.input_ids(text, generated).shape[1], learner.report.context
    if length == context:
        raise InputError(
            f"The text fills the {context:,} tokens that {learner.report.name} takes: shorten it "
            "or undo a token."
        )
