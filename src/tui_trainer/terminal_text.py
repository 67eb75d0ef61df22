"""Untrusted text to what a terminal may show. The only place that decides it.

A token, an item, a file name or an error can carry any character. Control characters become
their pictures, characters that reorder or hide their neighbours become code points in brackets,
and so does what terminals draw in different numbers of cells: one that counts more cells than we
do would move the rest of a table's row.
"""

import unicodedata

NEWLINE, TAB, SPACE, DELETE = "⏎", "⇥", "␣", "␡"
MARK_HOLDER = "◌"
# The last two are marks that enclose a letter (keycaps) and that take a cell beside it: glibc, and
# so tmux, counts 1 for the latter, Rich 0.
ESCAPED_CATEGORIES = "Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Me", "Mc"
# Invisible though their category says letter, mark or symbol: fillers, variation selectors.
INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\u2800") | frozenset(
    chr(point) for point in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
)
JOINED = (
    *range(0x1F1E6, 0x1F200),  # two of them are a flag of 2 cells, or of 4
    *range(0x1F3FB, 0x1F400),  # skin tones: none after an emoji, or 2
    *range(0x1100, 0x1200),  # Hangul letters, which some draw as one syllable
    *range(0xA960, 0xA980),
    *range(0xD7B0, 0xD800),
)
WIDE_SINCE_UNICODE_16 = (
    *range(0x2630, 0x2638),
    *range(0x268A, 0x2690),
    *range(0x4DC0, 0x4E00),
    *range(0x1D300, 0x1D377),
)
CIRCLED_NUMBERS = range(0x3248, 0x3250)  # Unicode leaves their width to the terminal
OF_NO_AGREED_WIDTH = frozenset(map(chr, (*JOINED, *WIDE_SINCE_UNICODE_16, *CIRCLED_NUMBERS)))
ESCAPED = INVISIBLE | OF_NO_AGREED_WIDTH


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
    return "\n".join(map(_held, shown.split("\n")))


def _held(line: str) -> str:
    """A combining mark at the start would sit on whatever stands before the line."""
    starts_with_mark = line != "" and unicodedata.category(line[0]).startswith("M")
    return MARK_HOLDER + line if starts_with_mark else line


def visible_source(source: str, limit: int) -> str:
    """A path, a Hub id or a model's name; of a long one the end stays, which tells train from test.

    It has at most `limit` characters before they are made visible.
    """
    return visible(source if len(source) <= limit else "…" + source[1 - limit :])


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
    if category in ESCAPED_CATEGORIES or character in ESCAPED or other_space:
        return f"⟨{point:04X}⟩"
    return character
