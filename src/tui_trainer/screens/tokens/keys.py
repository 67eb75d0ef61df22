"""Every key of Tokens, by what it does; those of the footer with their place there."""

from tui_trainer.widgets.keys import TEXT, key

BATCH, COMPARE = "A batch", "Two tokenizers"
KEYS = (
    key("e", "example", "example", "The next example", TEXT, main=2),
    key("b", "batch", "batch", "A batch: each line is an item", BATCH, main=3),
    key(
        "n",
        "escapes",
        "lines",
        "\\n and \\t in a line: a newline and a tab, or as they are typed",
        BATCH,
        main=6,
    ),
    key(
        "s",
        "side",
        "padding side",
        "Pad on the left or the right",
        BATCH,
        main=5,
        id="padding-side",
    ),
    key("v", "rows", "row", "The batch as the model gets it", BATCH, main=8),
    key("c", "compare", "compare", "Compare two tokenizers", COMPARE, main=4),
    key(
        "t",
        "pick",
        "second tokenizer",
        "Another second tokenizer",
        COMPARE,
        main=7,
        id="second-tokenizer",
    ),
)
