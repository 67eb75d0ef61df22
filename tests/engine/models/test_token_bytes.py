"""The bytes of tokens where the tokenizer changes the text first: none twice, none lost."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from tokenizers import normalizers as n
from tokenizers.normalizers import Normalizer
from transformers import PreTrainedTokenizerFast

from tests.models import CORPUS, END_OF_TEXT, byte_level_tokenizer
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.reports.tokens import Tokenized
from tui_trainer.words.reading import describe_reading


def byte_level(normalizer: Normalizer | None, *, prefix: bool = False) -> Vocabulary:
    tokenizer = byte_level_tokenizer()
    if normalizer is not None:
        tokenizer.backend_tokenizer.normalizer = normalizer
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    return Vocabulary(tokenizer, "bytes")


def unigram(normalizer: Normalizer) -> Vocabulary:
    """As T5 has it."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=120, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator([*CORPUS, "1⁄2 fi ABC é"], trainer)
    return Vocabulary(PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>"), "u")


def word_piece() -> Vocabulary:
    """As BERT has it."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = n.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=200, special_tokens=["[UNK]"], show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return Vocabulary(PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]"), "w")


COLLAPSED = n.Sequence([n.NFKC(), n.Replace(Regex(" {2,}"), " ")])
STRIPPED = n.Sequence([n.NFD(), n.StripAccents(), n.Strip()])
BYTES = {
    "NFC": byte_level(n.NFC()),
    "NFKC": byte_level(n.NFKC()),
    "lower case": byte_level(n.Lowercase()),
    "no accents": byte_level(n.Sequence([n.NFD(), n.StripAccents()])),
    "a space before": byte_level(None, prefix=True),
    "both": byte_level(n.NFKC(), prefix=True),
}
CHARACTERS = {"T5": unigram(COLLAPSED), "stripped": unigram(STRIPPED), "BERT": word_piece()}
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=20)
EXAMPLES = "½ ﬁ ABC", "e\u0301é", " a  b ", "\u00a0x", f"ﬁ{END_OF_TEXT}ﬁ", "İ", "ＡＢ　c", "😀½"


def joined(tokenized: Tokenized) -> bytes:
    return b"".join(token.bytes for token in tokenized.tokens)


def check_bytes(text: str) -> None:
    for vocabulary in BYTES.values():
        tokenized = vocabulary.tokenize(text)
        read = text if tokenized.read_as is None else tokenized.read_as
        assert joined(tokenized) == read.encode()
        assert tokenized.dropped == ""


def check_characters(text: str) -> None:
    for vocabulary in CHARACTERS.values():
        tokenized = vocabulary.tokenize(text)
        accounted = joined(tokenized) + tokenized.dropped.encode()
        assert sorted(accounted) == sorted(text.encode())


@pytest.mark.parametrize("text", EXAMPLES)
def test_no_byte_is_lost_or_doubled(text: str) -> None:
    check_bytes(text)
    check_characters(text)


@settings(deadline=None, max_examples=100)
@given(TEXTS)
@example("\u0301a")
@example("\U0001da3b")  # of which a normalizer that strips accents leaves nothing
def test_so_it_is_with_any_text(text: str) -> None:
    check_bytes(text)
    check_characters(text)


@pytest.mark.parametrize(
    ("vocabulary", "text", "said"),
    [
        (BYTES["NFKC"], "½", "read as 1⁄2"),
        (BYTES["NFC"], "½", ""),
        (BYTES["a space before"], "a b", ""),
        (CHARACTERS["BERT"], "A a", "read as a a · 1 character in no token: ␣"),
        (CHARACTERS["T5"], "a  b", "read as a b · 1 character in no token: ␣"),
        (CHARACTERS["stripped"], "é", "read as e"),
        (BYTES["no accents"], "\u0301", "read as nothing"),
    ],
)
def test_what_the_tokenizer_changed_is_said(vocabulary: Vocabulary, text: str, said: str) -> None:
    assert describe_reading(vocabulary.tokenize(text)) == said


def test_a_character_that_became_several_tokens_is_the_first_ones() -> None:
    tokens = CHARACTERS["T5"].tokenize("½").tokens
    assert [(token.bytes, token.start, token.end) for token in tokens[-3:]] == [
        ("½".encode(), 0, 1),
        (b"", 0, 1),
        (b"", 0, 1),
    ]
