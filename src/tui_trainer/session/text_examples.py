"""Texts worth tokenizing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """A text and what it shows."""

    title: str
    text: str


NOTEBOOK_TEXT = "def hello():\n\treturn"
EXAMPLES = (
    Example("the notebook's string", NOTEBOOK_TEXT),
    Example("numbers", "3.14159 + 2024 = 2027.14159\n1000000 is 10 ** 6\n#### 24"),
    Example("emoji", "I ❤️ tokens 🚀👩‍🚀😀"),
    Example("languages", "Hello, world\nGrüße, Welt\nПривет, мир\n你好，世界\n안녕, 세상"),
    Example("whitespace", "a b  c   d    e\n    four spaces\n\ta tab\ntrailing  "),
    Example("a special token", "Question: 6 * 7?\nAnswer: 42<|endoftext|>Question:"),
    Example(
        "the notebook's batch (press b)",
        "def hello():\\n\\treturn\ndef hello(name):\\n\\treturn name",
    ),
    Example("a batch (press b)", "One.\nTwo words.\n\nThis line is longer than the others."),
)


def next_example(text: str, own: str | None) -> str:
    """The example after `text`; the user's `own` text comes round after the last one."""
    texts = [example.text for example in EXAMPLES] + ([] if own is None else [own])
    return texts[(texts.index(text) + 1) % len(texts)] if text in texts else texts[0]


def describe_example(text: str) -> str:
    """Which example it is; nothing where it is none."""
    for number, example in enumerate(EXAMPLES, 1):
        if example.text == text:
            return f"example {number} of {len(EXAMPLES)}: {example.title}"
    return ""
