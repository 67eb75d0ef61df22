"""Python's garbage collector beside torch: what it need not look at."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def uncollected() -> Iterator[None]:
    """Around the first import of torch and transformers: a fifth of it would go to the collector.

    They make a million objects that stay.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@cache
def pass_over_what_was_imported() -> None:
    """Have the collector pass over every object that there is now, for good; once a process.

    A collection looks at every object that may be part of a cycle: the modules of torch and
    transformers are some 400,000, of which none is ever garbage, and looking at them stops a loop,
    and the screen, for 180 ms. What is made later is collected as ever.
    """
    gc.freeze()
