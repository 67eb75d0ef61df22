"""Dropout of the training cell: as the model has it, or with a probability that the user sets."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property

import torch.nn.functional as F
from torch import Tensor, nn

from tui_trainer.engine.models.layers import blocks_of

NAME = re.compile("dropout|pdrop")
"""In the name of a module's attribute that is a probability, such as `attention_dropout`."""
Place = tuple[nn.Module, str]
"""A module, and the attribute that has its dropout probability."""


def places_of(model: nn.Module) -> Iterator[Place]:
    """Where a model has a dropout probability: nn.Dropout modules, and attributes of others."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            yield module, "p"
        for name, value in vars(module).items():
            if NAME.search(name) and isinstance(value, int | float) and not isinstance(value, bool):
                yield module, name


def largest_dropout(model: nn.Module) -> float:
    """The largest dropout probability that train mode turns on; 0 where there is none."""
    return max((float(getattr(*place)) for place in places_of(model)), default=0.0)


class Dropout:
    """What train mode drops in one model. Outside of `in_use` the model is as it was loaded.

    `p` is the probability everywhere, None where it is the model's own. A model that drops nothing
    but attention weights, as Qwen3 and Llama, gets residual dropout beside it: a hook drops a share
    of what attention and MLP of each block give, before it is added to the residual stream.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._places = tuple(places_of(model))
        self.own = largest_dropout(model)
        self.p: float | None = None

    @property
    def largest(self) -> float:
        """The largest probability of the training cell in train mode."""
        return self.own if self.p is None else self.p

    @cached_property
    def hooked(self) -> tuple[str, ...]:
        """The names of what gets a hook in each block: none where the model has its own places."""
        if any(isinstance(module, nn.Dropout) for module, _ in self._places):
            return ()
        if not all(name.startswith(("attention", "attn")) for _, name in self._places):
            return ()
        children = (child for block in blocks_of(self._model) for child in block.named_children())
        return tuple(dict.fromkeys(name for name, child in children if adds_to_residual(child)))

    @cached_property
    def words(self) -> str:
        """What train mode drops a share of, in a sentence."""
        kind = type(self._model).__name__
        paths = {module: path for path, module in self._model.named_modules()}
        own = sorted({_name_of(place, paths) for place in self._places})
        if not self.hooked:
            return (
                f"Train mode drops a share of what passes {kind}'s own dropout: {', '.join(own)}."
            )
        attention = f"the attention weights ({', '.join(own)}) and, " if own else ""
        return (
            f"{kind} has no dropout modules: train mode drops a share of {attention}by a hook, of "
            f"what each block adds to the residual stream ({', '.join(self.hooked)})."
        )

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Around a forward pass of the training cell; elsewhere the model has its own dropout."""
        if self.p is None:
            yield
            return
        before = [getattr(*place) for place in self._places]
        with ExitStack() as hooks:
            for hooked in self._hooked_modules():
                hooks.callback(hooked.register_forward_hook(dropping(self.p)).remove)
            try:
                self._write([self.p] * len(before))
                yield
            finally:
                self._write(before)

    def _write(self, values: list[float]) -> None:
        for (module, name), value in zip(self._places, values, strict=True):
            setattr(module, name, value)

    def _hooked_modules(self) -> Iterator[nn.Module]:
        if self.p and self.hooked:
            for block in blocks_of(self._model):
                yield from (getattr(block, name) for name in self.hooked if hasattr(block, name))


def adds_to_residual(child: nn.Module) -> bool:
    """Whether a part of a block is no norm, whose output goes on inside the block."""
    is_norm = "norm" in type(child).__name__.lower()
    return not is_norm and any(True for _ in child.parameters())


def dropping(p: float) -> Callable[[nn.Module, object, object], object]:
    """A forward hook that drops a share `p` of a module's output, where the module trains."""

    def drop(module: nn.Module, _inputs: object, output: object) -> object:
        if isinstance(output, tuple):
            return (drop(module, (), output[0]), *output[1:])
        assert isinstance(output, Tensor)
        return F.dropout(output, p, training=module.training)

    return drop


def _name_of(place: Place, paths: Mapping[nn.Module, str]) -> str:
    """`attn_dropout` for a module of that name, or for an attribute of one."""
    module, attribute = place
    return paths[module].rpartition(".")[2] if attribute == "p" else attribute
