"""An engine whose device does nothing more for this process: what needs none is still answered."""

from typing import TYPE_CHECKING, NoReturn, cast

from tui_trainer.errors import InputError

if TYPE_CHECKING:
    from tui_trainer.protocol.answers import Answers

MUST_RESTART = (
    "After an error the device does nothing more for this process: the engine must restart, and "
    "with it the program."
)
ENGINE_ENDED = "The engine has ended: R starts a new one."
REFUSALS = MUST_RESTART, ENGINE_ENDED
NEEDS_NO_DEVICE = frozenset(
    (
        *("load_tokenizer", "tokenize", "batch", "item", "cross_entropy"),
        *("status", "stopped_run", "memory_estimate"),
        *("export_name", "export", "recovers_from"),
    )
)
"""What an engine answers from the host's memory alone."""


class WithoutDevice:
    """Stands in an engine's place: nothing is sent to the device any more."""

    def __init__(self, engine: "Answers") -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name) if name in NEEDS_NO_DEVICE else refuse


def refuse(*_: object, **__: object) -> NoReturn:
    raise InputError(MUST_RESTART)


def left_after(error: BaseException, engine: "Answers") -> "Answers":
    """What can still be asked after `error`: the engine, or what it answers without its device."""
    if isinstance(engine, WithoutDevice) or engine.recovers_from(error):
        return engine
    return cast("Answers", WithoutDevice(engine))
