"""Whether a screen still looks like its picture, on any machine."""

import html
import re


def comparable(text: str) -> str:
    """What of a screen is the same on every machine: no number, unit or point of a curve.

    Of a line as long as a number beside it is short there is a piece; a word that is cut beside a
    number is left out, and so are the numbers, which another scale of an axis has in other rows.
    """
    text = re.sub("([─━])[─━╸]*", r"\1", text)
    text = re.sub("[\u2800-\u28ff▀-▟·█░◆]", " ", text)
    text = re.sub(r"[-\d.,:]*\d[-\d.,:]*(?:e[-+]?\d+)?(?:%|[kKMBT]\b)?", "0", text)
    text = re.sub(r"0 [kMG]B", "0 B", text)
    text = re.sub(r"\S*…|[│┤0]", " ", text)
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.splitlines())))


def text_of_svg(svg: str) -> str:
    """The text of a picture, line by line, from the elements that Textual draws it with."""
    lines: dict[float, list[tuple[float, str]]] = {}
    element = r'<text[^>]* x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>'
    for x, y, text in re.findall(element, svg):
        lines.setdefault(float(y), []).append((float(x), html.unescape(text)))
    return "\n".join("".join(t for _, t in sorted(lines[y])) for y in sorted(lines))
