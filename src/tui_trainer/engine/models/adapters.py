"""Adapters that lie beside a model's weights: none is applied, and none is unpickled."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from transformers.integrations import peft
from transformers.models.auto import auto_factory


@contextmanager
def without_adapters() -> Iterator[None]:
    """Inside, transformers applies no adapter.

    Where peft is installed it looks for one beside each model that it loads, and takes a pickled
    one too. No argument keeps every version from it, so it is told that peft is not there.
    """
    with ExitStack() as entered:
        for module in auto_factory, peft:
            entered.enter_context(patch.object(module, "is_peft_available", lambda: False))
        yield
