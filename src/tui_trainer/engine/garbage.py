"""Python's garbage collector beside torch: what it need not look at."""

import gc
from functools import cache


@cache
def pass_over_what_was_imported() -> None:
    """Have the collector pass over every object that there is now, for good; once a process.

    A collection looks at every object that may be part of a cycle: the modules of torch and
    transformers are some 400,000, of which none is ever garbage, and looking at them stops a loop,
    and the screen, for 180 ms. What is made later is collected as ever.
    """
    gc.freeze()
