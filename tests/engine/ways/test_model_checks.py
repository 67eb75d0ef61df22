"""No way of running a model is believed: each gives what the items give alone, or is not taken."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
import transformers
from packaging.version import Version

from tests.architectures import ARCHITECTURES, tiny_learner, tiny_model
from tests.known import the
from tui_trainer.engine.data.examples import Example, make_examples
from tui_trainer.engine.data.packing import fill_rows, make_batch
from tui_trainer.engine.generation.batch_generation import NO_BATCHES, GreedyGeneration
from tui_trainer.engine.generation.evaluate import evaluate
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.held_out import UnseenProblem
from tui_trainer.engine.loop.item_losses import losses_by_item
from tui_trainer.engine.loop.loss_pass import NO_CHUNKS, make_loss_pass
from tui_trainer.engine.loop.row_attention import NO_ITEMS, NO_PACKING, NO_PADDING
from tui_trainer.engine.loop.validation import answer_samples, validate
from tui_trainer.engine.ways.model_checks import check_causal
from tui_trainer.errors import InputError
from tui_trainer.reports.loop import ValidationReport
from tui_trainer.reports.problem import Problem, format_prompt
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.train import TrainSettings

PROBLEMS = [
    Problem("A box holds 3 pens. How many do 4 boxes hold?", "4*3 = 12\n#### 12"),
    Problem("2+2?", "4\n#### 4"),
    Problem("Nia sold clips to 48 friends, and half as many in May.", "48/2 = 24\n#### 72"),
    Problem("7-9?", "-2\n#### -2"),
]
TOKENS = 6
WAYS = {
    "padded right": TrainSettings(batch=4),
    "padded left": TrainSettings(batch=4, padding="left"),
    "packed": TrainSettings(batch=2, pack=128),
    "within items": TrainSettings(batch=2, pack=128, item_attention=True),
    "chunked": TrainSettings(batch=4, chunked_loss=True),
    "all": TrainSettings(batch=1, pack=250, item_attention=True, chunked_loss=True),
}


def examples_of(learner: Learner) -> list[Example]:
    return make_examples(learner.vocabulary, PROBLEMS, TrainSettings(), learner.report.context)


def losses_alone(learner: Learner, examples: Sequence[Example]) -> list[list[float]]:
    """Of each item, as the notebook has them."""
    found = []
    with torch.no_grad(), learner.autocast():
        for example in examples:
            ids = torch.tensor([example.ids])
            logits = learner.model(input_ids=ids, use_cache=False).logits[0, :-1].float()
            found.append(F.cross_entropy(logits, ids[0, 1:], reduction="none").tolist())
    return found


def losses_in(
    learner: Learner, examples: Sequence[Example], settings: TrainSettings
) -> tuple[list[list[float]], float, tuple[str, ...]]:
    """Of each item, of the whole step, and what is said of it."""
    loss_pass = make_loss_pass(learner, examples, settings)
    rows = list(fill_rows(examples, settings.pack)) if settings.pack else [(e,) for e in examples]
    batch = make_batch(rows, settings, learner.vocabulary)
    with torch.no_grad(), learner.autocast(), loss_pass.in_use():
        loss, losses = loss_pass(batch, batch.counted)
    by_item = {id(example): losses for example, losses in losses_by_item(batch, losses)}
    return [by_item[id(example)] for example in examples], loss.item(), loss_pass.notes


def assert_alone_in_every_way(learner: Learner) -> dict[str, tuple[str, ...]]:
    """What is said of each way; its losses are those of the items alone whatever it is."""
    examples = examples_of(learner)
    alone = losses_alone(learner, examples)
    every = [loss for losses in alone for loss in losses]
    said = {}
    for way, settings in WAYS.items():
        losses, loss, said[way] = losses_in(learner, examples, settings)
        for found, expected in zip(losses, alone, strict=True):
            assert found == pytest.approx(expected, rel=1e-3, abs=1e-4), way
        assert loss == pytest.approx(sum(every) / len(every), rel=1e-4), way
    *_, last = validate(learner, examples, TrainSettings(), 0)
    loss = the(ValidationReport, last).loss
    assert loss == pytest.approx(sum(every) / len(every), rel=1e-4)
    return said


def greedy_alone(learner: Learner, prompt: str) -> str:
    """The most likely tokens, one prompt at a time and without a cache."""
    ids = learner.vocabulary.ids(prompt)
    start = len(ids)
    with torch.no_grad():
        while len(ids) < start + TOKENS:
            logits = learner.model(input_ids=torch.tensor([ids]), use_cache=False).logits
            ids.append(int(logits[0, -1].argmax()))
            if ids[-1] in learner.end_ids:
                ids.pop()
                break
    return str(learner.vocabulary.tokenizer.decode(ids[start:], skip_special_tokens=True))


def assert_answers_alone(learner: Learner) -> tuple[str, ...]:
    """What is said of the evaluation; its answers are those of a loop written out."""
    settings = EvaluationSettings(items=len(PROBLEMS), batch=3, max_tokens=TOKENS)
    *_, report = evaluate(learner, PROBLEMS, [], settings)
    found = {item.question: item.answer.text for item in report.items}
    expected = {p.question: greedy_alone(learner, format_prompt(p)) for p in PROBLEMS}
    assert found == expected
    return report.notes


PADDED = NO_PADDING.format("right"), NO_PADDING.format("left")
# One of each kind, with all that is said of it in training, and in an evaluation
KINDS = {
    "llama": (set(), ()),
    "mixtral": (set(), ()),  # experts
    "gpt2": (set(), ()),  # learned positions
    "gemma2": ({NO_ITEMS, NO_CHUNKS}, ()),  # soft-capped scores and logits
    "bert": ({NO_PACKING, NO_CHUNKS}, ()),  # a decoder, since its config says so
    "bloom": ({NO_PACKING}, ()),  # alibi, made from the attention mask
    "opt": ({NO_PACKING}, ()),  # no mask from positions; attention within items does without
    "mamba": ({NO_PACKING}, (NO_BATCHES,)),  # a state in the place of a cache
    "jamba": ({NO_PACKING}, (NO_BATCHES,)),  # both of them
    "roberta": ({NO_PACKING, *PADDED, NO_CHUNKS}, (NO_BATCHES,)),  # positions from the token IDs
    "bart": ({NO_PACKING, PADDED[1]}, (NO_BATCHES,)),  # positions from the length of the cache
    "llama4_text": ({NO_ITEMS, NO_CHUNKS}, ()),  # rows longer than its chunks of 64 tokens
    "jetmoe": ({NO_ITEMS}, ()),  # raises with attention of another's
}
if Version(transformers.__version__) < Version("5.23"):
    KINDS["llama4_text"] = ({NO_PACKING, NO_CHUNKS}, ())  # its chunks did not begin with each item


@pytest.mark.parametrize("kind", KINDS)
def test_losses_and_answers_are_those_of_the_items_alone(kind: str) -> None:
    learner = tiny_learner(kind)
    check_causal(learner.model, kind)
    said = assert_alone_in_every_way(learner)
    answers = assert_answers_alone(learner)
    assert ({note for notes in said.values() for note in notes}, answers) == KINDS[kind]


@pytest.mark.parametrize("precision", ["mixed", "bf16"])
@pytest.mark.parametrize("kind", ["llama", "falcon_h1", "bart"])
def test_what_is_found_is_found_in_every_precision(kind: str, precision: str) -> None:
    def found(learner: Learner) -> list[bool]:
        checks = learner.checks
        ways = (checks.packs, checks.attends_within_items, checks.answers_in_batches)
        return [checks.pads("right", 99), checks.pads("left", 99), *(way(99) for way in ways)]

    assert found(tiny_learner(kind, precision)) == found(tiny_learner(kind))


@pytest.mark.parametrize(
    ("kind", "span", "tokens"),
    [
        ("mistral", "sliding_window", 8),
        pytest.param("gemma3_text", "sliding_window", 8, marks=pytest.mark.long),
        pytest.param("gpt_neo", "window_size", 8, marks=pytest.mark.long),
        ("llama4_text", "attention_chunk_size", 16),
    ],
)
def test_texts_longer_than_a_window_or_a_chunk_are_looked_at_too(
    kind: str, span: str, tokens: int
) -> None:
    learner = tiny_learner(kind, sizes={span: tokens})
    assert_alone_in_every_way(learner)
    assert_answers_alone(learner)


@pytest.mark.parametrize("kind", ["gpt2", "reformer"])
def test_looking_draws_no_random_number_and_changes_no_weight(kind: str) -> None:
    """GPT-2 has dropout, which is off; Reformer draws at random whatever its mode."""
    learner = tiny_learner(kind, sizes={"resid_pdrop": 0.5} if kind == "gpt2" else {})
    learner.model.train()
    before, version = torch.get_rng_state(), learner.weights.version
    check_causal(learner.model, kind)
    make_loss_pass(learner, examples_of(learner), WAYS["all"])
    learner.checks.answers_in_batches(60)
    assert torch.equal(torch.get_rng_state(), before)
    assert learner.weights.version == version
    assert all(parameter.grad is None for parameter in learner.model.parameters())


def test_each_way_is_looked_at_once() -> None:
    learner = tiny_learner("llama")
    for settings in WAYS.values():
        make_loss_pass(learner, examples_of(learner), settings)
    passes = []
    hook = learner.model.register_forward_pre_hook(lambda *_: passes.append(1))
    for settings in WAYS.values():
        make_loss_pass(learner, examples_of(learner), settings)
    hook.remove()
    assert not passes


def test_the_texts_are_read_alone_once_for_all_ways() -> None:
    """A large model on a CPU takes a second for each."""
    learner = tiny_learner("llama")
    alone = []
    learner.model.register_forward_pre_hook(
        lambda _, __, inputs: alone.append(set(inputs) == {"input_ids", "use_cache"}),
        with_kwargs=True,
    )
    assert learner.checks.pads("right", longest=64)
    read = sum(alone)
    assert learner.checks.packs(longest=64)
    assert learner.checks.attends_within_items(longest=64)
    assert sum(alone) == read == 3


def test_weights_trained_between_two_looks_are_no_reason_against_a_way() -> None:
    """A loop looks at packing after an evaluation has looked at batches, say."""
    learner = tiny_learner("qwen3")
    assert learner.checks.pads("right", longest=64)
    with torch.no_grad():
        for parameter in learner.model.parameters():
            parameter.mul_(1.1)
    assert learner.checks.packs(longest=64)
    assert learner.checks.answers_in_batches(longest=64)
    assert learner.checks.attends_within_items(longest=64)


def test_rows_of_one_item_need_no_looking() -> None:
    learner = tiny_learner("llama")
    passes = []
    hook = learner.model.register_forward_pre_hook(lambda *_: passes.append(1))
    make_loss_pass(learner, examples_of(learner), TrainSettings())
    hook.remove()
    assert not passes


def test_logits_that_are_not_numbers_are_refused_and_not_scored() -> None:
    learner = tiny_learner("llama")
    with torch.no_grad():
        learner.model.model.norm.weight[0] = torch.nan
    settings = EvaluationSettings(items=4, max_tokens=TOKENS)
    sampled = [UnseenProblem(n, problem) for n, problem in enumerate(PROBLEMS[:2])]
    for work in (
        evaluate(learner, PROBLEMS, [], settings),
        answer_samples(learner, sampled, 0),
        (make_loss_pass(learner, examples_of(learner), WAYS["packed"]) for _ in range(1)),
    ):
        with pytest.raises(InputError, match="The logits are not numbers"):
            list(work)


@pytest.mark.parametrize("together", [True, False])
def test_logits_that_become_nan_meanwhile_are_refused(together: bool) -> None:
    learner = tiny_learner("llama" if together else "mamba")
    generation = GreedyGeneration(learner, [[5, 6, 7], [8, 9]], TOKENS)
    generation.step()
    with torch.no_grad():
        learner.model.get_output_embeddings().weight[3] = torch.nan
    with pytest.raises(InputError, match="The logits are not numbers"):
        generation.step()


def look_for_pictures(*_: object) -> None:
    raise KeyError("pictures")


def test_a_model_that_cannot_read_a_text_by_itself_is_refused_in_a_sentence() -> None:
    model = tiny_model("llama")
    model.model.register_forward_pre_hook(look_for_pictures)
    with pytest.raises(InputError, match=r"x cannot read a text by itself \('pictures'\): choose"):
        check_causal(model, "x")


def test_weights_that_are_nan_are_no_reason_to_call_a_model_not_causal() -> None:
    model = tiny_model("llama")
    with torch.no_grad():
        model.model.norm.weight[0] = torch.nan
    check_causal(model, "x")


@pytest.mark.parametrize(
    ("kind", "context"),
    [("xlnet", None), ("mpt", 256), ("roberta", 254), ("prophetnet", 254), ("bloom", None)],
)
def test_a_text_as_long_as_the_context_is_read(kind: str, context: int | None) -> None:
    learner = tiny_learner(kind)
    assert learner.report.context == context
    with torch.no_grad():
        learner.model(input_ids=torch.full((1, context or 300), 7), use_cache=False)


NOT_CAUSAL = "xlnet", "xlm"


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_on_every_architecture_losses_and_answers_are_those_of_the_items_alone(kind: str) -> None:
    learner = tiny_learner(kind)
    if kind in NOT_CAUSAL:
        with pytest.raises(InputError, match="not a decoder-only language model"):
            check_causal(learner.model, kind)
        return
    check_causal(learner.model, kind)
    assert_alone_in_every_way(learner)
    assert_answers_alone(learner)


@pytest.mark.parametrize("kind", ["bert", "roformer", "xlnet"])
def test_a_model_that_sees_the_next_token_is_refused(kind: str) -> None:
    model = tiny_model(kind) if kind == "xlnet" else tiny_model(kind, sizes={"is_decoder": False})
    with pytest.raises(InputError, match="x is not a decoder-only language model"):
        check_causal(model, "x")


@pytest.mark.long  # the compiler takes its time
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["llama"])
def test_with_compiled_blocks_losses_are_those_of_the_items_alone(kind: str) -> None:
    learner = tiny_learner(kind)
    examples = examples_of(learner)
    settings = replace(WAYS["all"], compiled=True)
    losses, _, notes = losses_in(learner, examples, settings)
    for found, expected in zip(losses, losses_alone(learner, examples), strict=True):
        assert found == pytest.approx(expected, rel=1e-3, abs=1e-4)
    assert all("\n" not in note for note in notes)


@pytest.mark.long
@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_every_architecture_reads_a_text_as_long_as_its_context(kind: str) -> None:
    learner = tiny_learner(kind)
    with torch.no_grad():
        learner.model(input_ids=torch.full((1, learner.report.context or 300), 7), use_cache=False)
