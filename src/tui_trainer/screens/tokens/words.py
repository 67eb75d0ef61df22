"""What the Tokens screen says of a text and of a token, in sentences."""

from collections.abc import Sequence

from tui_trainer.reports.tokens import Token, Tokenized
from tui_trainer.screens.tokens.spans import Part, part_of
from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.widgets.cell_text import piece
from tui_trainer.words.numbers import counted

REPLACEMENT = "\ufffd"
BYTES_SHOWN = 10
PIECES_PRINTED = 200
SUMMARIZED, ENDS_PRINTED = 1000, 3
"""torch prints the ends alone of a tensor with more numbers, so many at each."""


def tokenizer_name(source: str, limit: int = 24) -> str:
    """The last part of a path or a Hub id."""
    return visible_source(source.rstrip("/").rsplit("/", 1)[-1] or source, limit)


def hex_bytes(data: bytes, limit: int | None = None) -> str:
    """`f0 9f`; more than `limit` bytes end with an ellipsis."""
    if not data:
        return "none"
    if limit is not None and len(data) > limit:
        return f"{data[:limit].hex(' ')} …"
    return data.hex(" ")


def describe_text(text: str) -> str:
    """How long the text is, in characters and in bytes."""
    size = len(text.encode(errors="replace"))
    return f"{counted(len(text), 'character')} · {counted(size, 'byte')}"


def describe_piece(tokenized: Tokenized, index: int) -> str:
    """The ID decoded alone; a part of a character says of which."""
    token = tokenized.tokens[index]
    part = part_of(tokenized, index)
    if part is None:
        return piece(token.text)
    return f"{piece(token.text)}  {part.number}/{part.parts} of {piece(part.character)}"


def describe_token(tokenized: Tokenized, index: int) -> str:
    """The ID of a token, the ID decoded alone, and its bytes."""
    token = tokenized.tokens[index]
    shown = visible(piece(token.text), limit=24)
    return f"ID {token.id} · {shown} · bytes {hex_bytes(token.bytes, BYTES_SHOWN)}"


def explain_token(tokenized: Tokenized, index: int) -> str:
    """Where a token stands in the text, and what is to be learned from it."""
    token = tokenized.tokens[index]
    part = part_of(tokenized, index)
    meant = explain_part(token, part) if part else explain_signs(token)
    return " · ".join(filter(None, (f"text[{token.start}:{token.end}]", meant)))


def as_python(tokenized: Tokenized) -> str:
    """The calls whose answers are on show, and those answers as Python prints them."""
    tokens = tokenized.tokens
    more = ", ..." if len(tokens) > PIECES_PRINTED else ""
    pieces = visible(", ".join(repr(token.text) for token in tokens[:PIECES_PRINTED]))
    return (
        '>>> ids = tokenizer(text, return_tensors="pt").input_ids\n'
        f">>> ids.shape\ntorch.Size([1, {len(tokens)}])\n"
        f">>> ids\n{printed(tokenized.input_ids)}\n"
        f">>> [tokenizer.decode(id) for id in ids[0]]\n[{pieces}{more}]"
    )


def printed(ids: Sequence[int]) -> str:
    """As torch prints a batch of one: numbers in columns, and of a long one both ends."""
    if not ids:
        return "tensor([], size=(1, 0))"
    is_long = len(ids) > SUMMARIZED
    shown = [*ids[:ENDS_PRINTED], *ids[-ENDS_PRINTED:]] if is_long else ids
    width = max((len(str(token_id)) for token_id in shown), default=0)
    cells = [f"{token_id:>{width}}" for token_id in shown]
    if is_long:
        cells.insert(ENDS_PRINTED, " ...")
    return f"tensor([[{', '.join(cells)}]])"


def explain_part(token: Token, part: Part) -> str:
    """Why a token decoded alone is no character of the text."""
    encoded = part.character.encode(errors="surrogatepass")  # half of a pair has no UTF-8
    whole = f"{piece(part.character)} ({hex_bytes(encoded)})"
    if REPLACEMENT not in token.text:
        return f"part {part.number} of {part.parts} of {whole}"
    return (
        f"part {part.number} of {part.parts} of {whole}: "
        f"{hex_bytes(token.bytes, 4)} alone decodes to {REPLACEMENT}, no character"
    )


def explain_signs(token: Token) -> str:
    """What the signs in a piece stand for."""
    if token.start == token.end:
        return "no character of the text: the tokenizer adds this token itself"
    signs = {" ": "␣ is a space", "\n": "⏎ a newline", "\t": "⇥ a tab"}
    edges = token.text if token.text.isspace() else token.text[:1] + token.text[-1:]
    meant = [says for sign, says in signs.items() if sign in (edges if sign == " " else token.text)]
    return f"{', '.join(meant)}: part of the token" if meant else ""
