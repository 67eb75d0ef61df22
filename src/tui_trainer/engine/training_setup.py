"""What the training cell makes an update with, beside the weights."""

from torch.optim import Optimizer

from tui_trainer.engine.models.dropout import Dropout
from tui_trainer.engine.optimizers.optim import make_optimizer, set_lr
from tui_trainer.engine.optimizers.step_memory import Stepping, fuses_on, how_it_steps
from tui_trainer.engine.weights import Weights
from tui_trainer.reports.actions import Action
from tui_trainer.settings.train import TUTORIAL_LR, check_lr


class TrainingSetup:
    """The optimizer with its learning rate, the mode, and dropout, as they are now.

    `stochastic` is for bf16 weights whose updates are rounded by chance.
    """

    def __init__(self, weights: Weights, dropout: Dropout, *, stochastic: bool) -> None:
        self._weights = weights
        self._stochastic = stochastic
        self.training = True
        """The mode of the training cell: train (dropout on) or eval."""
        self.dropout = dropout
        """Of the training cell alone: whoever else runs the model has the model's own."""
        self.optimizer_name = "AdamW"
        self.optimizer = self.make_optimizer("AdamW", TUTORIAL_LR, fused=self._fuses)
        self.optimizer_number = self._optimizers_made = 1

    @property
    def lr(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    def set_lr(self, lr: float) -> None:
        """Change the learning rate; the optimizer's state stays."""
        set_lr(self.optimizer, check_lr(lr))

    def set_optimizer(self, name: str) -> None:
        """A fresh optimizer at the same learning rate."""
        self._optimizers_made += 1
        fresh = self.make_optimizer(name, self.lr, fused=self._fuses)
        self.use_optimizer(fresh, name, self._optimizers_made)

    @property
    def stepping(self) -> Stepping:
        """How the training cell's optimizer goes over the weights."""
        kind = self._weights.device.type
        return how_it_steps(kind, fused=self._fuses, stochastic=self._stochastic)

    @property
    def _fuses(self) -> bool:
        return fuses_on(self._weights.device.type)

    def make_optimizer(
        self, name: str, lr: float, weight_decay: float | None = None, *, fused: bool = False
    ) -> Optimizer:
        """A fresh optimizer of the weights, made for their precision; nobody uses it yet."""
        return make_optimizer(
            name, self._weights, lr, weight_decay, fused=fused, stochastic=self._stochastic
        )

    def use_optimizer(self, optimizer: Optimizer, name: str, number: int) -> None:
        """An optimizer that was made before; `number` tells it from the others."""
        self.optimizer, self.optimizer_name, self.optimizer_number = optimizer, name, number

    def action(self, what: str, text: str = "") -> Action:
        """Something done with all this as it is now."""
        settings = self.lr, self.optimizer_name, self.optimizer_number, self.training
        return Action(what, text, *settings, self.dropout.p)

    def set_as_in(self, action: Action) -> None:
        """The learning rate, the mode and the dropout that `action` was done with."""
        self.set_lr(action.lr)
        self.training = action.training
        self.dropout.p = action.dropout
