"""Python text with lines that come and go.

A template reads as the script will. A line that only some scripts need ends with its condition,
as in `import math  #: cosine` or `... #: batched and not packed`; `$name` stands for a literal.
"""

from collections.abc import Collection
from string import Template

MARK = "#: "


class Code(str):
    """A value that is put in as it is; every other value becomes a literal."""

    __slots__ = ()


def render(template: str, facts: Collection[str] = (), **values: object) -> str:
    """The lines of `template` whose conditions hold among `facts`, with the `values` in them.

    Text from outside becomes a literal in ASCII: whatever it holds, it cannot leave its quotes.
    """
    lines = (line.partition(MARK) for line in template.strip("\n").split("\n"))
    kept = [code.rstrip() for code, _, condition in lines if holds(condition, facts)]
    return Template("\n".join(kept)).substitute({n: literal(v) for n, v in values.items()})


def holds(condition: str, facts: Collection[str]) -> bool:
    """Whether all of a condition's terms, such as `batched` or `not packed`, do."""
    terms = condition.split(" and ") if condition else []
    return all((term.split()[-1] in facts) is not term.startswith("not ") for term in terms)


def literal(value: object) -> str:
    return str(value) if isinstance(value, Code) else ascii(value)


def text_literal(text: str) -> Code:
    """A text as a literal, a line of it on each line."""
    lines = [ascii(line) for line in text.splitlines(keepends=True)]
    if len(lines) < 2:
        return Code(ascii(text))
    return Code("\n".join(["(", *(f"    {line}" for line in lines), ")"]))
