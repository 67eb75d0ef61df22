"""Untrusted text to what a terminal may show. The only place that decides it.

A token, an item, a file name or an error can carry any character. Control characters become
their pictures, characters that reorder or hide their neighbours become code points in brackets.
"""

import unicodedata

NEWLINE, TAB, SPACE, DELETE = "⏎", "⇥", "␣", "␡"
MARK_HOLDER = "◌"
ESCAPED_CATEGORIES = "Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"
# Invisible though their category says letter, mark or symbol: fillers, variation selectors.
INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\u2800") | frozenset(
    chr(point) for point in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
)


def visible(text: str, *, newline: str = NEWLINE, tab: str = TAB, limit: int | None = None) -> str:
    """`text` with every character that a terminal would obey, reorder or hide made visible.

    `newline` and `tab` say how these two show: pass "\\n" to keep lines apart. Text of more
    than `limit` characters is cut to it, an ellipsis last.
    """
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(_shown(character, newline, tab) for character in text)
    # A combining mark at the start would sit on whatever stands before the text.
    starts_with_mark = shown != "" and unicodedata.category(shown[0]).startswith("M")
    return MARK_HOLDER + shown if starts_with_mark else shown


def visible_token(text: str) -> str:
    """A token's text: as `visible`, and a leading or trailing space, or only spaces, as `␣`."""
    inner = text.strip(" ")
    if not inner:
        return SPACE * len(text)
    lead = len(text) - len(text.lstrip(" "))
    trail = len(text) - len(text.rstrip(" "))
    return SPACE * lead + visible(inner) + SPACE * trail


def _shown(character: str, newline: str, tab: str) -> str:
    if character == "\n":
        return newline
    if character == "\t":
        return tab
    point = ord(character)
    if point < 0x20:
        return chr(0x2400 + point)
    if point == 0x7F:
        return DELETE
    category = unicodedata.category(character)
    other_space = category == "Zs" and character != " "  # looks like a space and is none
    if category in ESCAPED_CATEGORIES or character in INVISIBLE or other_space:
        return f"⟨{point:04X}⟩"
    return character
