"""A model from the Hub, end to end: what arrives, what is said where it does not, what lives on."""

import runpy
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.hub.server import GATED, NOT_FOUND, PRIVATE, FakeHub, Refusal
from tests.known import present
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import CancelledError, InputError
from tui_trainer.reports.models import LearnerStatus, LoadProgress
from tui_trainer.reports.progress import Progress
from tui_trainer.settings.model import ModelChoice

REPO = "someone/tiny-qwen"


class Listener:
    """An engine and what its loads told."""

    def __init__(self) -> None:
        self.told: list[LoadProgress] = []
        self.progress = Progress(self.told.append)
        self.engine = Engine(self.progress)

    def load(self, source: str = REPO) -> LearnerStatus:
        return self.engine.load_model(ModelChoice(source, "cpu", "fp32"))


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def folder(model_folder: Callable[[str], Path]) -> Path:
    return model_folder("Qwen3")


@pytest.fixture
def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def assert_works(listener: Listener, hub: FakeHub, folder: Path) -> None:
    """The engine that could not load one model loads another and trains it."""
    hub.break_off = hub.hold = None
    hub.add_model("someone/good", folder)
    listener.progress.cancelled.clear()
    assert listener.load("someone/good").model.name == "someone/good"
    assert listener.engine.update(NOTEBOOK_TEXT).update == 1


def test_a_model_loads_and_its_bytes_are_counted(
    hub: FakeHub, listener: Listener, folder: Path
) -> None:
    hub.add_model(REPO, folder)
    status = listener.load()
    assert (status.model.name, status.model.architecture) == (REPO, "Qwen3ForCausalLM")
    counted = [told.done_bytes for told in listener.told if told.done_bytes is not None]
    assert counted == sorted(counted)
    assert listener.told[0] == LoadProgress(f"Downloading {REPO}")
    assert listener.told[-1] == LoadProgress(f"Loading {REPO}")
    assert present(listener.engine.update(NOTEBOOK_TEXT).moved) > 0


def test_progress_shows_how_far_a_large_file_is(
    hub: FakeHub, listener: Listener, folder: Path
) -> None:
    repository = hub.add_model(REPO, folder)
    hub.hold = "model.safetensors"
    others = sum(len(data) for name, data in repository.files.items() if name != hub.hold)
    total = others + len(repository.files[hub.hold])
    halfway = threading.Event()

    def hear(told: LoadProgress) -> None:
        if told.done_bytes == others and told.total_bytes == total:
            halfway.set()
            hub.go_on.set()

    engine = Engine(Progress(hear))
    engine.load_model(ModelChoice(REPO, "cpu", "fp32"))
    assert halfway.is_set()


def test_a_tokenizer_alone_fetches_no_weights(
    hub: FakeHub, listener: Listener, folder: Path
) -> None:
    hub.add_model(REPO, folder)
    assert listener.engine.load_tokenizer(REPO).vocabulary == 400
    assert not [request for request in hub.requests if "safetensors" in request]


def test_what_is_in_the_cache_is_not_fetched_again(
    hub: FakeHub, listener: Listener, folder: Path
) -> None:
    hub.add_model(REPO, folder)
    listener.load()
    hub.requests.clear()
    Listener().load()
    assert not [request for request in hub.requests if request.startswith("GET /someone")]


def test_a_cached_model_loads_without_a_network(
    hub: FakeHub,
    listener: Listener,
    folder: Path,
    closed_port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub.add_model(REPO, folder)
    listener.load()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed_port}")
    assert Listener().load().model.name == REPO
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert Listener().load().model.name == REPO
    assert REPO in [option.source for option in listener.engine.models()]


def test_without_a_network_a_new_model_says_so(
    hub: FakeHub,
    listener: Listener,
    folder: Path,
    closed_port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed_port}")
        with pytest.raises(InputError) as refused:
            listener.load()
    assert str(refused.value) == (
        f"The Hub cannot be reached for {REPO}: check the network, or use a local copy."
    )
    assert_works(listener, hub, folder)


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (NOT_FOUND, f"The Hub has no {REPO}: check the spelling."),
        (
            PRIVATE,
            f"The Hub has no {REPO} for people it does not know: check the name, or log in with "
            "`hf auth login`, or ask its authors for access.",
        ),
        (
            GATED,
            f"{REPO} is open only to those its authors let in: log in with `hf auth login`, or "
            "ask its authors for access.",
        ),
        (
            Refusal(503, "", "Service Unavailable"),
            f"The Hub failed with status 503 on {REPO}: try again later.",
        ),
    ],
)
def test_a_refusal_is_one_sentence(
    hub: FakeHub, listener: Listener, folder: Path, refusal: Refusal, sentence: str
) -> None:
    hub.refuse("models", REPO, refusal)
    with pytest.raises(InputError) as refused:
        listener.load()
    assert str(refused.value) == sentence
    assert_works(listener, hub, folder)


def test_a_download_that_breaks_off_goes_on_at_the_next_try(
    hub: FakeHub, listener: Listener, folder: Path
) -> None:
    hub.add_model(REPO, folder)
    hub.break_off = "model.safetensors"
    with pytest.raises(InputError) as refused:
        listener.load()
    assert str(refused.value) == (
        f"The download of {REPO} broke off: try again, and it goes on where it stopped."
    )
    assert listener.engine.status() is None
    hub.break_off = None
    assert listener.load().model.name == REPO


def test_a_cancel_ends_a_download_that_stands_still(
    hub: FakeHub, listener: Listener, folder: Path
) -> None:
    hub.add_model(REPO, folder)
    hub.hold = "model.safetensors"
    loaded: Future[LearnerStatus] = Future()

    def load() -> None:
        try:
            loaded.set_result(listener.load())
        except CancelledError as error:
            loaded.set_exception(error)

    threading.Thread(target=load, daemon=True).start()
    assert hub.holding.wait(20)
    listener.progress.cancelled.set()
    with pytest.raises(CancelledError):
        loaded.result(timeout=10)
    assert listener.engine.status() is None
    assert_works(listener, hub, folder)


def test_a_hub_model_with_pickled_weights_only_is_refused(
    hub: FakeHub, listener: Listener, folder: Path
) -> None:
    files = hub.add_model(REPO, folder).files
    files["pytorch_model.bin"] = files.pop("model.safetensors")
    with pytest.raises(InputError, match=r"no \.safetensors file|pickled weights only"):
        listener.load()
    assert not [request for request in hub.requests if request.endswith(".bin")]


@pytest.mark.parametrize("name", ["-x", "no such model", "a..b/c", "owner/"])
def test_a_name_the_hub_cannot_have_is_one_sentence(
    hub: FakeHub, listener: Listener, name: str
) -> None:
    with pytest.raises(InputError) as refused:
        listener.load(name)
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_export_loads_the_very_commit_again(
    hub: FakeHub,
    listener: Listener,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    commit = hub.add_model(REPO, folder).commit
    listener.load()
    losses = [listener.engine.update(NOTEBOOK_TEXT).loss for _ in range(2)]
    script = tmp_path / "a.py"
    listener.engine.export(str(script))
    assert f"MODEL = {REPO!r}" in script.read_text()
    assert script.read_text().count(f"from_pretrained(MODEL, revision={commit!r}") == 2
    capsys.readouterr()
    runpy.run_path(str(script))
    assert [float(line) for line in capsys.readouterr().out.split()] == losses
