"""A device that is none of those that torch knows, alone in its process: `other`.

It has memory of its own: an operation that takes tensors of the host with its own fails, as on any
GPU. It has no fp64. What it is asked for is computed on the CPU.

`python -m tests.engine.other_device FOLDER` does with the model of that folder what can be done
with one, there and on the CPU, and prints a line of JSON for each: what came of it, by name.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch._ops import OpOverload
from torch.utils._device import _device_constructors
from torch.utils._pytree import tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from tests.engine.notebook import weights_of
from tests.known import step_reports
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine import accelerator
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.models import devices
from tui_trainer.reports.progress import UNHEARD
from tui_trainer.settings import model
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUNED
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings

NAME = "other"
CPU, OTHER = torch.device("cpu"), torch.device("privateuseone", 0)
TUNED_SMALL = replace(TUNED, items=6, pack=128, compiled=False)
COPIES = "aten::copy_", "aten::_copy_from", "aten::_to_copy"


class Held(torch.Tensor):
    """A tensor of the device; `raw` has its numbers."""

    raw: torch.Tensor

    @staticmethod
    def of(raw: torch.Tensor) -> "Held":
        if raw.dtype == torch.float64:
            raise TypeError("The device has no fp64.")
        made: Held = torch.Tensor._make_wrapper_subclass(
            Held,
            raw.size(),
            strides=raw.stride(),
            storage_offset=raw.storage_offset(),
            dtype=raw.dtype,
            device=OTHER,
        )
        made.raw = raw
        return made

    def tolist(self) -> list[Any]:  # torch has none for what wraps a tensor
        return self.raw.tolist()

    def untyped_storage(self) -> torch.UntypedStorage:
        return self.raw.untyped_storage()


def run(op: OpOverload, args: Sequence[object], kwargs: Mapping[str, object]) -> object:
    """One operation, on the CPU; what comes of it is where it belongs."""
    mine: dict[int, Held] = {}
    of_the_host: list[torch.Tensor] = []

    def bare(value: object) -> object:
        if isinstance(value, Held):
            mine[id(value.raw)] = value
            return value.raw
        if isinstance(value, torch.Tensor) and value.dim():  # numbers alone may come along
            of_the_host.append(value)
        return value

    plain, named = tree_map(bare, (tuple(args), dict(kwargs)))
    if mine and of_the_host and op.name() not in COPIES:
        raise RuntimeError(f"{op.name()} takes tensors of two devices")
    to = named.get("device")
    if to is not None:
        named["device"] = CPU
    result = op(*plain, **named)
    if op.name() in COPIES[:2]:
        return args[0] if op.name() == COPIES[0] else args[1]
    if to is not None and torch.device(to).type == "cpu":
        return result

    def held(value: object) -> object:
        if not isinstance(value, torch.Tensor):
            return value
        same = mine.get(id(value))  # where it was changed in place
        return Held.of(value) if same is None else same

    return tree_map(held, result)


def dispatch(
    _: type,
    op: OpOverload,
    types: Sequence[type],
    args: Sequence[object] = (),
    kwargs: Mapping[str, object] | None = None,
) -> object:
    return run(op, args, kwargs or {})


# Not in the class: torch's own types of these two are others.
for name, hook in (
    ("__torch_function__", torch._C._disabled_torch_function_impl),
    ("__torch_dispatch__", classmethod(dispatch)),
):
    setattr(Held, name, hook)


class Module:
    """`torch.other`, as far as torch asks for it."""

    def device_count(self) -> int:
        return 1

    def is_available(self) -> bool:
        return True

    is_initialized = is_available

    def current_device(self) -> int:
        return 0

    def _is_in_bad_fork(self) -> bool:
        return False

    def manual_seed_all(self, seed: int) -> None:
        """It draws from the CPU's generator."""

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return []

    def get_rng_state(self, device: torch.device) -> torch.Tensor:
        return torch.get_rng_state()

    def set_rng_state(self, state: torch.Tensor, device: torch.device) -> None:
        torch.set_rng_state(state)


class Other(accelerator.Metal):
    """Like Metal it pins nothing, makes no copies beside its work, and has no fp64."""

    def name(self) -> str:
        return "Other"

    def has_bf16(self) -> bool:
        return False

    def memory(self) -> accelerator.DeviceMemory:
        return accelerator.DeviceMemory(2**34, 2**34)

    def allocated(self) -> int:
        return 0

    unused = peak = allocated

    def synchronize(self) -> None:
        """All was done."""

    reset_peak = empty_cache = synchronize


def make_torch_know_it() -> None:
    _setup_privateuseone_for_python_backend(NAME, backend_module=Module())
    library = torch.library.Library("_", "IMPL")
    library.fallback(lambda op, *args, **kwargs: run(op, args, kwargs), "PrivateUse1")
    vars(torch)["_of_the_other_device"] = library  # what it did is undone with it
    _device_constructors()  # knows torch.tensor as it was
    tensor = torch.tensor

    def on_any(
        values: object,
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ) -> torch.Tensor:
        made = tensor(values, dtype=dtype)
        return made if device is None else made.to(device)

    vars(torch)["tensor"] = on_any  # torch makes one in a way that does not come by here


def make_the_program_know_it() -> None:
    accelerator.KINDS[NAME] = Other
    vars(devices)["ACCELERATORS"] = (NAME,)
    vars(model)["DEVICES"] = (*model.DEVICES, NAME)


def work(engine: Engine, folder: str, device: str) -> dict[str, object]:
    """What can be done with a model, as numbers."""
    found: dict[str, object] = {}
    status = engine.load_model(ModelChoice(folder, device))
    found["placed"] = status.model.device, status.model.precision
    found["updates"] = [engine.update(NOTEBOOK_TEXT).loss for _ in range(3)]
    after = weights_of(engine.learner.model)
    engine.undo()
    engine.redo()
    again = zip(after, engine.learner.model.parameters(), strict=True)
    found["redone"] = all(bool((one == other).all()) for one, other in again)
    found["fork"] = [report.after.loss for report in engine.fork(NOTEBOOK_TEXT)]
    found["prediction"] = engine.predict(NOTEBOOK_TEXT).loss
    found["generated"] = [
        token.id for token in engine.generate(NOTEBOOK_TEXT, (), Sampling(greedy=True), 4)
    ]
    for name, settings in ("tutorial", TrainSettings(items=3)), ("tuned", TUNED_SMALL):
        engine.reload()
        found[name] = [step.loss for step in step_reports(engine.train(settings))]
    *_, last = engine.evaluate(EvaluationSettings(items=2, max_tokens=4))
    found["answers"] = [item.answer.text for item in last.items]
    return found


if __name__ == "__main__":
    make_torch_know_it()
    make_the_program_know_it()
    engine = Engine(UNHEARD)
    for device in NAME, "cpu":
        print(json.dumps(work(engine, sys.argv[1], device)), flush=True)
