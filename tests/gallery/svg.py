"""A picture as SVG with what is repeated in each taken out: a third of what Textual writes.

Fonts of the web, which a picture in a page is not let load; a clip of each line, where nothing is
drawn outside of it; the name of this one picture in every class; a ground in as many pieces as the
text on it; and a free cell as six characters.
"""

import re

FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
LINE_CLIPS = re.compile(r'<clipPath id="[\w-]+-line-\d+">.*?</clipPath>\s*', re.DOTALL)
CLIPPED = re.compile(r' clip-path="url\(#[\w-]+-line-\d+\)"')
LINE_ENDS = re.compile(r"<text [^>]*>\n</text>")
CRISP = re.compile(r' shape-rendering="crispEdges"')
NAME = re.compile(r"terminal-\d+-")
GROUND = re.compile(
    r'<rect fill="(#\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="24.65"/>'
)
GROUNDS = re.compile(rf"(?:{re.sub(r'[()]', '', GROUND.pattern)})+")


def slim(svg: str) -> str:
    """The same picture in fewer characters, the same ones for the same screen."""
    for repeated in (FONTS, LINE_CLIPS, CLIPPED, LINE_ENDS, CRISP):
        svg = repeated.sub("", svg)
    svg = GROUNDS.sub(lambda found: joined(found[0]), svg)
    svg = NAME.sub("t-", svg).replace("&#160;", " ")
    svg = svg.replace("<svg ", '<svg xml:space="preserve" ', 1)
    svg = svg.replace("</style>", "rect { shape-rendering: crispEdges }\n    </style>", 1)
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


def joined(grounds: str) -> str:
    """Pieces of one colour beside each other in a line as one."""
    whole: list[tuple[str, str, float, float]] = []
    for fill, x, y, width in GROUND.findall(grounds):
        left, right = float(x), float(x) + float(width)
        if whole and whole[-1][:2] == (fill, y) and abs(whole[-1][3] - left) < 0.1:
            left = whole.pop()[2]
        whole.append((fill, y, left, right))
    return "".join(
        f'<rect fill="{fill}" x="{left:g}" y="{y}" width="{right - left:.1f}" height="24.65"/>'
        for fill, y, left, right in whole
    )
