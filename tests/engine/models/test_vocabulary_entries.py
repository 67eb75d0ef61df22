"""The entries of a vocabulary: what each is and of which two it was made."""

from tests.models import byte_fallback_tokenizer
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.engine.models.vocabulary_entries import VocabularyEntries
from tui_trainer.reports.progress import Progress

SPLIT = "\ufffd"  # of a character


def test_every_entry_is_a_byte_or_two_earlier_ones_joined() -> None:
    engine = Engine(Progress(lambda event: None))
    size = engine.load_tokenizer("builtin").vocabulary
    entries = engine.vocabulary("builtin", 0, size + 100)
    assert [entry.id for entry in entries] == list(range(size))
    assert sum(not entry.made_of for entry in entries) == 256 + 1  # bytes, and <|endoftext|>
    seen: set[str] = set()
    for entry in entries:
        if entry.made_of and SPLIT not in entry.text + "".join(entry.made_of):
            assert "".join(entry.made_of) == entry.text
            assert seen.issuperset(entry.made_of)
        if SPLIT not in entry.text:
            assert entry.bytes == entry.text.encode()
        seen.add(entry.text)
    token = engine.tokenize("return", "builtin").tokens[0]
    assert entries[token.id].made_of == ("re", "turn")
    assert engine.vocabulary("builtin", size - 2, 5) == entries[-2:]


def test_a_space_is_among_the_bytes_of_a_sentencepiece_entry() -> None:
    tokenizer = byte_fallback_tokenizer()
    first = tokenizer.get_vocab()["\u2581"]
    entries = VocabularyEntries(Vocabulary(tokenizer, "llama")).read(first - 1, 2)
    assert entries[1].bytes == b" "
    assert entries[0].id == first - 1
