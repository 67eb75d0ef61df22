"""All that an update changes, to be compared bit for bit."""

import torch

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import present
from tui_trainer.engine.engine import Engine


class Bits:
    """A copy of it, in plain torch."""

    def __init__(self, engine: Engine) -> None:
        learner = engine.learner
        self.weights = weights_of(learner.model)
        self.state = [
            {name: value.clone() for name, value in learner.setup.optimizer.state[p].items()}
            for p in learner.model.parameters()
            if p in learner.setup.optimizer.state
        ]
        self.rng = torch.get_rng_state()
        status = present(engine.status())
        self.plain = (status.updates, status.lr, status.optimizer, status.training)

    def assert_equal(self, other: "Bits") -> None:
        assert_same_bits(self.weights, other.weights)
        assert len(self.state) == len(other.state)
        for mine, its in zip(self.state, other.state, strict=True):
            assert mine.keys() == its.keys()
            assert_same_bits(mine.values(), its.values())
        assert torch.equal(self.rng, other.rng)
        assert self.plain == other.plain
