"""The entries of a vocabulary by their IDs: what each is, and of which two it was made."""

import json

from transformers import PreTrainedTokenizerBase

from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.reports.tokens import VocabularyEntry

Pieces = tuple[str, str]


class VocabularyEntries:
    """Byte-pair encoding (Sennrich et al. 2016) begins with single bytes or characters and joins,
    over and over, the pair that is met most: each later entry is two earlier ones."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._tokenizer = vocabulary.tokenizer
        self._made_of = merges(vocabulary.tokenizer)

    def read(self, first: int, count: int) -> tuple[VocabularyEntry, ...]:
        """`count` of them from ID `first` on, as far as there are any."""
        ids = range(first, min(first + count, len(self._vocabulary)))
        return tuple(map(self._entry, ids))

    def _entry(self, token_id: int) -> VocabularyEntry:
        vocabulary = self._vocabulary
        pair = self._made_of.get(str(self._tokenizer.convert_ids_to_tokens(token_id)), ())
        made_of = self._tokenizer.convert_tokens_to_ids(list(pair))
        assert isinstance(made_of, list)  # an int of one piece alone
        return VocabularyEntry(
            token_id,
            vocabulary.text_of(token_id),
            vocabulary.bytes_of(token_id),
            tuple(map(vocabulary.text_of, made_of)),
        )


def merges(tokenizer: PreTrainedTokenizerBase) -> dict[str, Pieces]:
    """The two pieces that each piece was joined of; empty where the tokenizer joins none.

    Some 0.5 s for 150,000 of them, which the tokenizer gives as JSON alone.
    """
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    pairs = [pair.split(" ") if isinstance(pair, str) else pair for pair in model.get("merges", ())]
    made_of: dict[str, Pieces] = {}
    for left, right in pairs:
        made_of.setdefault(left + right, (left, right))
    return made_of
