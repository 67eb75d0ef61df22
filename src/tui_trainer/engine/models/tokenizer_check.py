"""Whether files can be a tokenizer's, asked before and after a library reads them."""

import re
from collections.abc import Iterator
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from tui_trainer.engine.models.config_check import LARGEST_SIZE
from tui_trainer.engine.models.model_files import read_object
from tui_trainer.errors import InputError

TOKENIZER = "tokenizer.json"
# Where a token's ID could stand that is too large. The text of a token can look so too.
LARGE_ID = re.compile(rb":\s*\d{8,}")


def check_tokenizer_file(folder: Path, model: str) -> None:
    """Raise InputError where tokenizer.json has an ID past reason.

    The library goes through all numbers up to the largest ID, which takes 30 s for a billion.
    """
    path = folder / TOKENIZER
    # Looking for such a number first takes 10 ms for the 11 MB of Qwen3's; parsing takes 150.
    if not path.is_file() or not LARGE_ID.search(path.read_bytes()):
        return
    for token_id in _ids(read_object(path)):
        if isinstance(token_id, int) and token_id > LARGEST_SIZE:
            raise InputError(
                f"{TOKENIZER} of {model} has a token with the ID {_number(token_id)}, and "
                f"{LARGEST_SIZE:,} is the most that is taken: copy or download the file again."
            )


def _ids(tokenizer: dict[str, object]) -> Iterator[object]:
    match tokenizer.get("model"):
        case {"vocab": dict(vocabulary)}:
            yield from vocabulary.values()
    match tokenizer.get("added_tokens"):
        case list(added):
            yield from (token.get("id") for token in added if isinstance(token, dict))


def _number(value: int) -> str:
    return f"{value:,}" if value < 10**18 else "of many digits"


def check_limits(tokenizer: PreTrainedTokenizerBase, model: str) -> None:
    """Raise InputError where the tokenizer's longest text is no number: each text is held to it."""
    longest: object = tokenizer.model_max_length
    if isinstance(longest, bool) or not isinstance(longest, int | float):
        raise InputError(
            f"tokenizer_config.json of {model} has {longest!r:.40} as its model_max_length, which "
            "is no number: mend that line, or copy the file again."
        )
