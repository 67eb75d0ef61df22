"""No ID and no position without a row of the model is sent: on a GPU it would end the process."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from tests.architectures import tiny_learner
from tests.known import step_reports
from tests.models import VOCABULARY
from tui_trainer.engine import accelerator
from tui_trainer.engine.accelerator import Host
from tui_trainer.engine.cell.update import update
from tui_trainer.engine.data.batching import pad
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.packing import pack
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.generation.batch_generation import GreedyGeneration
from tui_trainer.engine.generation.generate import next_token
from tui_trainer.engine.learner import Learner
from tui_trainer.errors import InputError
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings

CONTEXT = 12


@pytest.fixture(scope="module")
def gpt2() -> Learner:
    return tiny_learner(
        "gpt2", sizes=dict.fromkeys(("n_positions", "max_position_embeddings"), CONTEXT)
    )


@contextmanager
def nothing_sent() -> Iterator[None]:
    class Closed(Host):
        def send(self, tensor: torch.Tensor) -> torch.Tensor:
            raise AssertionError(f"{tensor} was sent")

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(accelerator.KINDS, "cpu", Closed)
        yield


def item(*ids: int) -> Example:
    return Example(0, "", ids, 1, 1, False)


@pytest.mark.parametrize("token", [VOCABULARY, -1])
def test_an_id_without_a_row_is_refused_before_it_is_sent(gpt2: Learner, token: int) -> None:
    row = item(5, token, 6)
    said = f"has the token ID {token}, and the embedding of gpt2 has {gpt2.range.rows} rows"
    with nothing_sent():
        for batch in pad([row, item(7)], "left", 0), pack([(row,)], 0, CONTEXT):
            with pytest.raises(InputError, match=said):
                gpt2.send(batch)
        with pytest.raises(InputError, match=said):
            next_token(gpt2, "a", (token,), Sampling())
        with pytest.raises(InputError, match=said):
            GreedyGeneration(gpt2, [[5, 6], [7, token]], 3)


def test_a_position_past_the_last_is_refused_before_it_is_sent(gpt2: Learner) -> None:
    said = "has the position 12, counted from 0, and gpt2 has 12 positions: shorten"
    ids = tuple(range(CONTEXT + 1))
    with nothing_sent():
        for batch in pad([item(*ids)], "right", 0), pack([(item(*ids),)], 0, None):
            with pytest.raises(InputError, match=said):
                gpt2.send(batch)
        with pytest.raises(InputError, match=said):
            gpt2.send_ids(ids)
        with pytest.raises(InputError, match="gpt2 takes 12: shorten it"):
            update(gpt2, "a text of many more tokens than that, as one can see")


def test_an_answer_whose_token_has_no_row_ends_in_a_sentence() -> None:
    """The output layer may have more rows than the embedding."""
    learner = tiny_learner("llama")
    head = torch.nn.Linear(32, learner.range.rows + 8)
    with torch.no_grad():
        head.weight.zero_()
        head.bias.zero_()[-1] = 9.0
    learner.model.set_output_embeddings(head)
    generation = GreedyGeneration(learner, [[5, 6, 7], [8, 9]], 4)
    with pytest.raises(InputError, match="leave that token out, or enlarge the model"):
        while not generation.is_done:
            generation.step()


@pytest.mark.parametrize("item_attention", [False, True])
def test_full_items_in_rows_longer_than_the_context_are_trained_on(
    engine: Engine, model_folder: Callable[[str], Path], item_attention: bool
) -> None:
    """The separator after them, and what fills a row up, had positions past GPT-2's last."""
    engine.load_model(ModelChoice(str(model_folder("GPT2")), "cpu", "fp32"))
    context = engine.learner.report.context
    assert context is not None
    settings = TrainSettings(
        items=6, pack=3 * context, batch=2, answer_only=False, item_attention=item_attention
    )
    steps = list(step_reports(engine.train(settings)))
    assert sum(step.truncated for step in steps) > 2
    assert all(math.isfinite(step.loss) for step in steps)
