"""The batches of a loop, laid out one step ahead, so that a GPU does not wait for the host."""

from collections.abc import Iterator, Sequence

from tui_trainer.engine.data.batching import MicroBatch
from tui_trainer.engine.data.packing import make_batch
from tui_trainer.engine.data.plan import Step
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.settings.train import TrainSettings


class BatchesAhead:
    """The batches of the next step, on the host; those of the one after follow with `lay_out`."""

    def __init__(
        self, steps: Iterator[Step], settings: TrainSettings, vocabulary: Vocabulary
    ) -> None:
        self._steps = steps
        self._settings = settings
        self._vocabulary = vocabulary
        self.next: Sequence[MicroBatch] = ()
        """A micro-batch for each forward pass of the step; none after the last step."""
        self.lay_out()

    def lay_out(self) -> None:
        """Put the batches of the step after in the place of `next`."""
        self.next = [
            make_batch(rows, self._settings, self._vocabulary) for rows in next(self._steps, ())
        ]
