"""A data set from the Hub through `datasets`, end to end."""

import io
import threading
from concurrent.futures import Future

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.hub.server import GATED, NOT_FOUND, PRIVATE, FakeHub, Refusal
from tests.known import step_reports
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import CancelledError, InputError
from tui_trainer.reports.loop import SampleReport, ValidationReport
from tui_trainer.reports.problem import Problem
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.train import TrainSettings

REPO = "someone/course"
SOURCE = f"{REPO}:gsm8k"
TRAIN = "gsm8k/train-00000-of-00001.parquet"
TEST = "gsm8k/test-00000-of-00001.parquet"
CARD = b"""---
configs:
- config_name: gsm8k
  data_files:
  - split: train
    path: gsm8k/train-*
  - split: test
    path: gsm8k/test-*
- config_name: other
  data_files:
  - split: train
    path: gsm8k/train-*
---
"""


def parquet(**columns: list[object]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


@pytest.fixture
def course(hub: FakeHub) -> FakeHub:
    train = parquet(question=["1 + 1?", "2 + 2?", "3 + 3?"], answer=["#### 2", "#### 4", "#### 6"])
    test = parquet(question=["4 + 4?"], answer=["#### 8"])
    hub.add_dataset(REPO, {"README.md": CARD, TRAIN: train, TEST: test})
    return hub


def test_items_come_in_the_order_of_the_data_set(course: FakeHub) -> None:
    assert load_problems(SOURCE, limit=2) == [
        Problem("1 + 1?", "#### 2"),
        Problem("2 + 2?", "#### 4"),
    ]
    assert load_problems(SOURCE, split="test") == [Problem("4 + 4?", "#### 8")]


def test_a_reasoning_column_and_a_number_make_an_answer(hub: FakeHub) -> None:
    data = parquet(question=["1 + 1?"], reasoning=["One and one."], answer=[2])
    hub.add_dataset(REPO, {"README.md": CARD, TRAIN: data, TEST: data})
    assert load_problems(SOURCE) == [Problem("1 + 1?", "One and one.\n#### 2")]


def test_the_loop_trains_on_them(course: FakeHub, qwen3: Engine) -> None:
    reports = qwen3.train(TrainSettings(problems=SOURCE, items=2))
    assert [step.item.text for step in step_reports(reports)] == [
        "Question: 1 + 1?\nAnswer: #### 2",
        "Question: 2 + 2?\nAnswer: #### 4",
    ]


def test_the_loop_is_measured_on_items_of_the_split_test(course: FakeHub, qwen3: Engine) -> None:
    settings = TrainSettings(
        problems=SOURCE, items=2, lr=1e-3, validation_items=5, validate_every=1, sample_every=2
    )
    reports = list(qwen3.train(settings))
    texts = [report.item.text for report in reports if isinstance(report, StepReport)]
    validations = [report for report in reports if isinstance(report, ValidationReport)]
    samples = [report for report in reports if isinstance(report, SampleReport)]
    assert texts == [
        "Question: 1 + 1?\nAnswer: #### 2",
        "Question: 2 + 2?\nAnswer: #### 4",
    ]
    assert [(measured.step, measured.items) for measured in validations] == [(0, 1), (1, 1), (2, 1)]
    for told in samples:
        assert [(item.question, item.expected) for item in told.items] == [("4 + 4?", "#### 8")]
    # By hand: the one item of the split, with the weights as they are after the last step.
    loss = qwen3.predict("Question: 4 + 4?\nAnswer: #### 8").loss
    assert validations[-1].loss == pytest.approx(loss, rel=1e-5)
    assert validations[-1].loss < validations[0].loss
    assert f"GET /datasets/{REPO}/resolve/" in "".join(course.requests)


def test_a_split_that_only_repeats_what_is_trained_on_is_refused(
    hub: FakeHub, qwen3: Engine
) -> None:
    data = parquet(question=["1 + 1?"], answer=["#### 2"])
    hub.add_dataset(REPO, {"README.md": CARD, TRAIN: data, TEST: data})
    with pytest.raises(InputError, match="no item beside the 1 that are trained on"):
        list(qwen3.train(TrainSettings(problems=SOURCE, items=1, validation_items=1)))


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (NOT_FOUND, f"The Hub has no {SOURCE} that you may see: check the name, or log in"),
        pytest.param(  # the same sentence
            PRIVATE,
            f"The Hub has no {SOURCE} that you may see: check the name, or log in",
            marks=pytest.mark.long,
        ),
        (GATED, f"{SOURCE} is open only to those its authors let in: log in"),
    ],
)
def test_a_refusal_is_one_sentence_and_the_engine_works_on(
    hub: FakeHub, qwen3: Engine, refusal: Refusal, sentence: str
) -> None:
    hub.refuse("datasets", REPO, refusal)
    with pytest.raises(InputError) as refused:
        qwen3.train(TrainSettings(problems=SOURCE))
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)
    assert next(step_reports(qwen3.train(TrainSettings(items=1)))).step == 1


def test_a_configuration_that_is_not_there_names_those_that_are(course: FakeHub) -> None:
    with pytest.raises(InputError, match=r"gsm8k.*other"):
        load_problems(f"{REPO}:nothing")
    with pytest.raises(InputError, match=r"gsm8k.*other"):
        load_problems(REPO)


def test_columns_that_are_not_there_are_told_with_those_that_are(hub: FakeHub) -> None:
    data = parquet(text=["a"])
    hub.add_dataset(REPO, {"README.md": CARD, TRAIN: data, TEST: data})
    with pytest.raises(InputError, match="its columns are: text"):
        load_problems(SOURCE)


def test_a_split_that_is_not_there_is_named(course: FakeHub) -> None:
    with pytest.raises(InputError, match="has no split validation"):
        load_problems(SOURCE, split="validation")


def test_a_download_that_breaks_off_can_be_tried_again(course: FakeHub) -> None:
    course.break_off = TRAIN
    with pytest.raises(InputError) as refused:
        load_problems(SOURCE)
    assert str(refused.value).startswith(f"The download of {SOURCE} broke off")
    course.break_off = None
    assert len(load_problems(SOURCE)) == 3


def test_a_cancel_ends_it(course: FakeHub) -> None:
    course.hold = TRAIN
    progress = Progress(lambda _: None)
    loaded: Future[list[Problem]] = Future()

    def load() -> None:
        try:
            loaded.set_result(load_problems(SOURCE, progress=progress))
        except CancelledError as error:
            loaded.set_exception(error)

    threading.Thread(target=load, daemon=True).start()
    assert course.holding.wait(20)
    progress.cancelled.set()
    with pytest.raises(CancelledError):
        loaded.result(timeout=10)
