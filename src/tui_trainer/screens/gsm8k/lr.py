"""The learning rate of the run that goes, by keypress."""

from collections.abc import Callable

from tui_trainer.protocol.loops import SetTrainingLr
from tui_trainer.screens.gsm8k.run_on_show import RunOnShow
from tui_trainer.screens.learning_rate import LearningRate
from tui_trainer.screens.loop_panel import LoopPanel
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.pending import Asked


class RunLearningRate:
    """The highest learning rate of the run's schedule, from its next step on."""

    def __init__(
        self, screen: WorkScreen, loop: LoopPanel, run: RunOnShow, show: Callable[[], None]
    ) -> None:
        """`show` draws what the rate is, or was asked to become."""
        self._screen, self._loop, self._run, self._show = screen, loop, run, show
        self._asked = Asked[float]()
        whose = "Of this run, from its next step on"
        self.keys = LearningRate(screen, whose, asked=self._goes_on_from, ask=self._ask)

    @property
    def asked(self) -> float | None:
        """What it was asked to become and is not yet."""
        return self._asked.value if self._loop.is_live else None

    def _goes_on_from(self) -> float | None:
        if not self._loop.is_live:
            self._screen.notify(
                "No run is going: the settings have the learning rate.", markup=False
            )
            return None
        return self._run.settings.lr if self.asked is None else self.asked

    async def _ask(self, lr: float) -> None:
        with self._asked.to_be(lr):
            self._show()
            now = await self._screen.session.ask(SetTrainingLr(lr))
        if now is not None:
            self._run.change_lr(now)
        self._show()
