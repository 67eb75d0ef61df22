"""Text to tokens: IDs, pieces and bytes; batches with padding and an attention mask."""

from copy import copy

from transformers import PreTrainedTokenizerBase

from tui_trainer.engine.models.token_bytes import TokenBytes
from tui_trainer.errors import InputError
from tui_trainer.reports.tokens import Batch, Tokenized


class Vocabulary:
    """A tokenizer, with what each of its tokens stands for.

    Needs a fast tokenizer (one with a `tokenizer.json` or that converts to it), which knows
    the characters each token covers. Raises InputError otherwise.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, name: str) -> None:
        if not tokenizer.is_fast:
            raise InputError(
                f"{name} has no fast tokenizer: save one with a tokenizer.json and load that."
            )
        self.tokenizer = tokenizer
        self.name = name
        self.rows: int | None = None
        """How many IDs the model's embedding has a row for; None where there is no model."""
        self.context: int | None = None
        """How many positions the model has; None where it sets no limit, or there is none."""
        self._prefix, self._suffix = _put_in(tokenizer)
        self._texts: dict[int, str] = {}
        self._bytes = TokenBytes(tokenizer)

    def __len__(self) -> int:
        return len(self.tokenizer)

    def fitted(self, rows: int, context: int | None) -> "Vocabulary":
        """The same tokenizer for a model with so many rows of the embedding and positions."""
        vocabulary = copy(self)  # made anew it would read the whole tokenizer.json again
        vocabulary.rows, vocabulary.context = rows, context
        return vocabulary

    @property
    def appended(self) -> int:
        """How many tokens the tokenizer puts after a text, such as an end of text."""
        return len(self._suffix)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of the tokenizer beside its model, in a sentence each."""
        notes = []
        if self._suffix:
            put = "".join(map(self.text_of, self._suffix))
            notes.append(
                f"The tokenizer of {self.name} puts {put} after every text: it is left out of "
                "prompts and items, and an item ends with the end of text where end_of_text asks "
                "for it."
            )
        if self.rows is not None and len(self) > self.rows:
            notes.append(
                f"The tokenizer of {self.name} has {len(self):,} tokens and the model's embedding "
                f"{self.rows:,} rows: a text with one of those past it, such as "
                f"{self.text_of(len(self) - 1)}, cannot be used."
            )
        return tuple(notes)

    def ids(self, text: str) -> list[int]:
        """The token IDs of `text` for the model, as `tokenizer(text).input_ids` gives them.

        Without what the tokenizer puts after a text: a prompt would end with the end of text.
        InputError where the model has no row for one of them.
        """
        check_encodable(text)
        ids: list[int] = self.tokenizer(self.undoubled(text)).input_ids
        return self._checked(ids[: len(ids) - self.appended])

    def undoubled(self, text: str) -> str:
        """`text` without the token on top that the tokenizer puts there too."""
        first = self.text_of(self._prefix[0]) if self._prefix else ""
        return text.removeprefix(first)

    def _checked(self, ids: list[int]) -> list[int]:
        largest = max(ids, default=0)
        if self.rows is not None and largest >= self.rows:
            raise InputError(
                f"The text has {self.text_of(largest)} (ID {largest:,}), and the embedding of "
                f"{self.name} has {self.rows:,} rows: leave it out of the text, or enlarge the "
                "model with resize_token_embeddings."
            )
        return ids

    def ids_from(self, text: str, character: int) -> tuple[list[int], int]:
        """What `ids` gives, and which of them is the first to reach past `character`.

        A token that covers characters on both sides counts as past it.
        """
        check_encodable(text)
        encoded = self.tokenizer(text, return_offsets_mapping=True)
        ids: list[int] = self._checked(encoded.input_ids[: len(encoded.input_ids) - self.appended])
        ends = (end for _, end in encoded.offset_mapping)
        return ids, next((n for n, end in enumerate(ends) if end > character), len(ids))

    def text_of(self, token_id: int) -> str:
        """One ID decoded alone; a token that holds a part of a character gives U+FFFD."""
        if token_id not in self._texts:
            self._texts[token_id] = str(self.tokenizer.decode([token_id]))
        return self._texts[token_id]

    def bytes_of(self, token_id: int) -> bytes:
        """What one ID stands for in a text."""
        return self._bytes.of_entry(token_id)

    def tokenize(self, text: str) -> Tokenized:
        """Every token of `text` with its bytes and the characters it covers.

        The bytes of all tokens, joined, are those of the text, or of `read_as` where the tokenizer
        changes the text first and its tokens are bytes; `dropped` is in no token.
        """
        check_encodable(text)
        encoded = self.tokenizer(text, return_offsets_mapping=True)
        ids: list[int] = encoded.input_ids
        return self._bytes.tokenized(
            text, ids, encoded.offset_mapping, [self.text_of(token_id) for token_id in ids]
        )

    def batch(self, texts: tuple[str, ...], padding_side: str) -> Batch:
        """Pad several texts to the longest; mask 1 for a token of the text, 0 for padding.

        The mask follows from the lengths, not from the pad ID: where a model's pad is its
        end-of-text token, a real end of text stays visible.
        """
        for text in texts:
            check_encodable(text)
        rows: list[list[int]] = [self.tokenizer(text).input_ids for text in texts]
        width = max((len(row) for row in rows), default=0)
        pad_id = self.pad_id
        left = padding_side == "left"

        def pad(row: list[int], filler: int) -> tuple[int, ...]:
            padding = [filler] * (width - len(row))
            return tuple(padding + row if left else row + padding)

        return Batch(
            input_ids=tuple(pad(row, pad_id) for row in rows),
            attention_mask=tuple(pad([1] * len(row), 0) for row in rows),
            pad_id=pad_id,
            pad_text=self.text_of(pad_id),
            padding_side=padding_side,
        )

    @property
    def end_of_text(self) -> int:
        """The ID of the tokenizer's end-of-text token; InputError where it has none."""
        if self.tokenizer.eos_token_id is None:
            raise InputError(
                f"The tokenizer of {self.name} has no end-of-text token: train without packing "
                "and without end_of_text."
            )
        return self._checked([int(self.tokenizer.eos_token_id)])[0]

    @property
    def pad_id(self) -> int:
        """The padding ID: the tokenizer's own, else its end of text, else 0.

        One that the model has a row for: `[PAD]` is often added without enlarging the model.
        """
        for token_id in (self.tokenizer.pad_token_id, self.tokenizer.eos_token_id):
            if token_id is not None and (self.rows is None or token_id < self.rows):
                return int(token_id)
        return 0


def _put_in(tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], list[int]]:
    """The IDs that the tokenizer puts before a text and after it."""
    whole: list[int] = tokenizer("a").input_ids
    plain: list[int] = tokenizer("a", add_special_tokens=False).input_ids
    for start in range(len(whole) - len(plain) + 1):
        if plain and whole[start : start + len(plain)] == plain:
            return whole[:start], whole[start + len(plain) :]
    return [], []


def check_encodable(text: str) -> None:
    """Raise InputError where `text` holds half of a UTF-16 pair, which no tokenizer takes."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"Character {error.start + 1} of the text is half of a surrogate pair and has no "
            "UTF-8 bytes: delete it."
        ) from None
