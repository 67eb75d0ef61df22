"""The memory that real tensors take, by the same count as that of shapes."""

from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from tui_trainer.engine.memory.live_bytes import LiveBytes


class CountedTensors(TorchDispatchMode):
    """Inside, `live` counts what every operation makes."""

    def __init__(self) -> None:
        super().__init__()
        self.live = LiveBytes()

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401  # as torch declares it
        _types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        made = func(*args, **(kwargs or {}))
        self.live.see(made)
        return made
