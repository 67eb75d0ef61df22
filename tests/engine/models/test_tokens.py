"""Text to tokens and back to bytes, with byte-level and byte-fallback tokenizers."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.known import each, present, step_reports
from tests.models import (
    BYTE_FALLBACK,
    BYTE_LEVEL,
    END_OF_TEXT,
    NOTEBOOK_TEXT,
    byte_fallback_tokenizer,
    byte_level_tokenizer,
    put_in,
)
from tui_trainer.engine.data.examples import make_examples
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.models.token_bytes import byte_alphabet
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import Action
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

BYTES = Vocabulary(byte_level_tokenizer(), "byte level")
PIECES = Vocabulary(byte_fallback_tokenizer(), "byte fallback")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def joined(vocabulary: Vocabulary, text: str) -> bytes:
    return b"".join(token.bytes for token in vocabulary.tokenize(text).tokens)


@pytest.mark.parametrize("architecture", [*BYTE_LEVEL, *BYTE_FALLBACK])
def test_every_tokenizer_gives_ids_bytes_and_spans(
    engine: Engine, model_folder: Callable[[str], Path], architecture: str
) -> None:
    source = str(model_folder(architecture))
    assert engine.load_tokenizer(source).name == source
    tokenized = engine.tokenize(NOTEBOOK_TEXT, source)
    assert tokenized.shape == (1, len(tokenized.tokens))
    assert tokenized.input_ids == tuple(token.id for token in tokenized.tokens)
    assert b"".join(token.bytes for token in tokenized.tokens) == NOTEBOOK_TEXT.encode()
    for token in tokenized.tokens:
        assert token.bytes == NOTEBOOK_TEXT[token.start : token.end].encode()


@settings(deadline=None, max_examples=200)
@given(TEXTS)
@example(" ")
@example(" a ")
@example("\u2581a \u2581")
def test_bytes_of_all_tokens_are_the_bytes_of_the_text(text: str) -> None:
    assert joined(BYTES, text) == text.encode()
    assert joined(PIECES, text) == text.encode()


@settings(deadline=None, max_examples=200)
@given(TEXTS)
def test_spans_run_through_the_text_without_a_gap(text: str) -> None:
    for vocabulary in BYTES, PIECES:
        reached = 0
        for token in vocabulary.tokenize(text).tokens:
            assert token.start <= reached <= max(token.end, reached)
            reached = max(reached, token.end)
        assert reached == len(text)


@pytest.mark.parametrize("vocabulary", [BYTES, PIECES], ids=lambda vocabulary: vocabulary.name)
def test_a_split_emoji_is_explained_by_its_bytes(vocabulary: Vocabulary) -> None:
    tokens = vocabulary.tokenize("a😀").tokens
    parts = [token for token in tokens if token.bytes and token.start == 1]
    assert len(parts) == 4
    assert [token.text for token in parts] == ["\ufffd"] * 4
    assert [(token.start, token.end) for token in parts] == [(1, 2)] * 4
    assert b"".join(token.bytes for token in parts) == "😀".encode()


def test_a_newline_of_a_byte_fallback_tokenizer_is_one_byte() -> None:
    newline = PIECES.tokenize("a\nb").tokens[-2]
    assert (newline.text, newline.bytes, newline.start, newline.end) == ("\n", b"\n", 1, 2)
    assert PIECES.tokenizer.convert_ids_to_tokens(newline.id) == "<0x0A>"


def test_the_space_put_before_a_text_is_no_part_of_it() -> None:
    first, second = PIECES.tokenize("x y").tokens[:2]
    assert (first.bytes, first.start, first.end) == (b"", 0, 0)
    assert (second.bytes, second.start, second.end) == (b"x", 0, 1)
    spaced = PIECES.tokenize(" x").tokens
    assert [(token.bytes, token.start, token.end) for token in spaced] == [
        (b"", 0, 0),
        (b" ", 0, 1),
        (b"x", 1, 2),
    ]


def test_a_special_token_in_the_text_is_one_token_with_its_own_bytes() -> None:
    tokens = BYTES.tokenize(f"def{END_OF_TEXT}").tokens
    assert [(token.id, token.bytes) for token in tokens[1:]] == [(0, END_OF_TEXT.encode())]


def test_a_token_that_was_put_in_stands_for_no_bytes() -> None:
    tokenizer = byte_fallback_tokenizer()
    from tokenizers.processors import TemplateProcessing  # noqa: PLC0415

    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    first = Vocabulary(tokenizer, "bos").tokenize("abc").tokens[0]
    assert (first.id, first.text, first.bytes, first.start, first.end) == (1, "<s>", b"", 0, 0)


def test_the_alphabet_has_a_character_for_every_byte() -> None:
    assert sorted(byte_alphabet().values()) == list(range(256))


def test_a_batch_is_padded_on_the_side_asked_for() -> None:
    texts = ("def hello", "def")
    long, short = (BYTES.ids(text) for text in texts)
    gap = len(long) - len(short)
    right = BYTES.batch(texts, "right")
    left = BYTES.batch(texts, "left")
    assert right.shape == left.shape == (2, len(long))
    assert right.input_ids == (tuple(long), (*short, *[0] * gap))
    assert left.input_ids == (tuple(long), (*[0] * gap, *short))
    assert right.attention_mask[1] == (*[1] * len(short), *[0] * gap)
    assert left.attention_mask[1] == (*[0] * gap, *[1] * len(short))


def test_an_end_of_text_is_not_masked_though_it_is_the_padding() -> None:
    batch = BYTES.batch((f"def{END_OF_TEXT}", "def hello() hello()"), "right")
    assert batch.pad_id == BYTES.ids(END_OF_TEXT)[0]
    assert sum(batch.attention_mask[0]) == 2


def test_an_empty_text_and_an_empty_batch_have_no_tokens() -> None:
    assert BYTES.tokenize("").shape == (1, 0)
    assert BYTES.batch((), "left").shape == (0, 0)
    assert BYTES.batch(("", "def"), "left").attention_mask[0] == (0,)


def test_half_a_surrogate_pair_is_named_by_its_place() -> None:
    for ask in BYTES.ids, BYTES.tokenize, lambda text: BYTES.batch((text,), "left"):
        with pytest.raises(InputError, match=r"^Character 3 of the text is half of a surrogate"):
            ask("ab\ud83d")


@pytest.fixture
def qwen3_folder(model_folder: Callable[[str], Path], tmp_path: Path) -> Path:
    return shutil.copytree(model_folder("Qwen3"), tmp_path / "model")


def loaded(engine: Engine, folder: Path) -> Vocabulary:
    engine.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    return engine.learner.vocabulary


def test_an_end_of_text_that_a_tokenizer_appends_is_no_part_of_a_text(
    engine: Engine, qwen3_folder: Path, tmp_path: Path
) -> None:
    plain = loaded(engine, qwen3_folder)
    problems = load_problems("builtin", limit=2)
    kinds = [TrainSettings(end_of_text=ends, answer_only=ends) for ends in (False, True)]
    items = [make_examples(plain, problems, settings, None) for settings in kinds]
    loss, answer = engine.predict(NOTEBOOK_TEXT).loss, engine.continuation("def", (1,))
    other = shutil.copytree(qwen3_folder, tmp_path / "appends")
    appends = loaded(engine, put_in(other, after=True))
    assert appends.ids("def") == plain.ids("def")
    assert [make_examples(appends, problems, settings, None) for settings in kinds] == items
    assert all(item.ids[-1] == 0 and 0 not in item.ids[:-1] for item in items[1])
    assert engine.predict(NOTEBOOK_TEXT).loss == loss
    assert engine.continuation("def", (1,)) == answer
    # The Tokens screen shows what the tokenizer gives.
    assert appends.tokenize("def").input_ids == (*plain.ids("def"), 0)
    (note,) = present(engine.status()).model.notes
    assert note.startswith("The tokenizer of appends puts <|endoftext|> after every text: it is le")


def test_a_beginning_that_is_typed_is_not_doubled(engine: Engine, qwen3_folder: Path) -> None:
    vocabulary = loaded(engine, put_in(qwen3_folder, before=True))
    assert vocabulary.ids("def") == vocabulary.ids(f"{END_OF_TEXT}def")
    assert vocabulary.ids("def").count(0) == 1
    loss = engine.predict("def x").loss
    assert engine.update(f"{END_OF_TEXT}def x").loss == pytest.approx(loss)
    assert [action.text for action in each(Action, engine.actions())] == ["def x"]
    assert present(engine.status()).model.notes == ()


def test_ids_that_the_model_has_no_row_for_are_told_by_token(
    engine: Engine, qwen3_folder: Path
) -> None:
    tokenizer = byte_level_tokenizer()
    tokenizer.add_special_tokens({"pad_token": "[PAD]"})
    tokenizer.save_pretrained(qwen3_folder)
    vocabulary = loaded(engine, qwen3_folder)
    (note,) = present(engine.status()).model.notes
    assert note.startswith("The tokenizer of model has 401 tokens and the model's embedding 400 ro")
    for ask in engine.predict, engine.update:
        with pytest.raises(
            InputError, match=r"^The text has \[PAD\] \(ID 400\), and the embedding"
        ):
            ask("def [PAD]")
    assert vocabulary.pad_id == 0
    (step,) = step_reports(engine.train(TrainSettings(items=4, batch=4)))
    assert math.isfinite(step.loss)
    assert engine.tokenize("a [PAD]", str(qwen3_folder)).input_ids[-1] == 400
